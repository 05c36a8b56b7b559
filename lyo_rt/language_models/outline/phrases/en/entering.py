"""English: the first four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

ENTERING: dict[StageName, Stage] = {
    "orientation": Stage(
        title="Getting your bearings",
        summary="What the subject is about, where it is met, and what you already bring along.",
        objective="Describe in a few sentences what {topic} deals with",
        lessons=(
            Guide(
                title="A first map of {topic}",
                focus="Get an overview: the parts of the subject and how they hang together.",
                opening=(
                    "Before you read a single line: what comes to mind when you hear “{topic}”? Whatever it is, it "
                    "is the place where new knowledge will attach. This lesson turns it into a first map."
                ),
                questions=(
                    "Which question does {topic} try to answer, and for whom?",
                    "Into which three to five parts do overviews usually divide it?",
                    ("Which of these parts surprised you, because you would not have put it there?"),
                ),
                look_for=(
                    ("the first paragraph of an encyclopaedia article: what does it name before all else?"),
                    ("the table of contents of a textbook: its chapters are a map somebody has already drawn"),
                ),
                exercise="Draw the map",
                instructions=(
                    "Take a sheet and put {topic} in the middle. Around it go the parts you found, joined by lines; "
                    "write on each line why the two belong together. Mark what you cannot explain yet."
                ),
            ),
            Guide(
                title="Where {topic} is met",
                focus="Find places where the subject matters, and collect your own questions.",
                opening=(
                    "A subject is easier to enter through a door you use anyway. Look for the places where {topic} "
                    "turns up unasked: at work, in the news, in what you like doing."
                ),
                questions=(
                    "Where did you last come across {topic} without calling it that?",
                    "Who uses it every day, and what would they be unable to do without it?",
                    "What would you like to be able to do at the end of this course?",
                ),
                look_for=(
                    "examples that come with a place, a person or a number: they can be checked",
                    "words that keep coming back; they belong in the next module",
                ),
                exercise="Five questions",
                instructions=(
                    "Write down five questions of your own about {topic}, from the simplest to the one you hardly "
                    "dare to ask. Keep the sheet: the last module returns to it."
                ),
            ),
        ),
        check=Check(
            question=("You open a long article on a subject that is new to you. What helps most at the start?"),
            options=(
                "Reading the introduction and headings to see how it is divided",
                "Reading every sentence slowly from the first to the last one",
                "Learning the figures by heart before going on to the text",
                "Skipping to the end to see which opinion the author holds",
            ),
            explanation="An overview gives later details a place; without it they are forgotten one by one.",
        ),
    ),
    "vocabulary": Stage(
        title="The words of the subject",
        summary="The terms you need in order to read on, and how they differ from everyday words.",
        objective="Use the central terms of {topic} correctly in sentences of your own",
        lessons=(
            Guide(
                title="Collecting the terms of {topic}",
                focus="Find ten to fifteen terms and say each one in your own words.",
                opening=(
                    "Every field has words that open doors and words that only sound grand. You will tell them apart "
                    "by how often the sources cannot do without them."
                ),
                questions=(
                    "Which terms appear in every source on {topic} that you open?",
                    ("Which everyday word means something narrower here than it does in the street?"),
                    "Which term could you drop without losing anything?",
                ),
                look_for=(
                    "words in bold or with an article of their own",
                    ("the sentence in which a term is first introduced; it is usually the definition"),
                ),
                exercise="Ten cards",
                instructions=(
                    "Make a card for each of ten terms: the word on the front; on the back your own sentence and an "
                    "example. Leave a card empty on the back rather than copying what you do not understand."
                ),
            ),
            Guide(
                title="How the terms hang together",
                focus=("Order the terms: which is the wider one, which is a part, which is the opposite."),
                opening=(
                    "Fifteen words on cards are a heap. They become knowledge when you can say how one leads to the "
                    "next."
                ),
                questions=(
                    ("Which two terms of {topic} are most often confused, and what tells them apart?"),
                    "Which term contains others as its kinds or its parts?",
                    "Which one needs another before it can be explained at all?",
                ),
                look_for=(
                    "phrases such as “a kind of”, “in contrast to”, “consists of”",
                    "places where two sources use one word differently",
                ),
                exercise="Sort and join",
                instructions=(
                    "Lay out your cards for {topic} so that related ones lie side by side. Write between each pair "
                    "the word that joins them: causes, contains, contradicts, needs. Take a photo of the result."
                ),
            ),
        ),
        check=Check(
            question="Two sources define the same term differently. What is the most useful next step?",
            options=(
                "Compare which cases each definition covers and which it leaves out",
                "Keep the longer definition, because it must contain the shorter one",
                "Keep the definition that you happened to come across first",
                "Avoid the term from now on and describe it with other words",
            ),
            explanation=("The cases at the edge show what a definition really says; length and order show nothing."),
        ),
    ),
    "workings": Stage(
        title="How it works",
        summary="The ideas that carry the subject, followed step by step through one example.",
        objective="Explain how the main idea of {topic} works, step by step",
        lessons=(
            Guide(
                title="The idea behind {topic}",
                focus="Find the principle that most of the rest can be derived from.",
                opening=(
                    "Behind many details there are usually two or three ideas that do the work. Hunt for them: an "
                    "idea is central if other things fall apart without it."
                ),
                questions=(
                    ("Which idea would you have to take away for {topic} to make no sense any more?"),
                    "Which observation or problem did people want to explain with it?",
                    "What exactly follows from what: where does a source say “because”?",
                ),
                look_for=(
                    "words of reason: because, therefore, so that, it follows",
                    "a diagram or formula that comes back in several sources",
                ),
                exercise="Explain it to a child",
                instructions=(
                    "Explain the central idea of {topic} in six sentences to somebody of ten. No technical term may "
                    "appear without an example. Where you get stuck you have found what to read next."
                ),
            ),
            Guide(
                title="One example from beginning to end",
                focus="Follow a single worked example and give the reason for every step.",
                opening=(
                    "One example understood to the last step is worth more than ten skimmed. Choose one that fits on "
                    "a page."
                ),
                questions=(
                    "What is given at the beginning of the example, and what is sought?",
                    ("At which step would you have done something else, and what would have happened?"),
                    "Which step uses a rule, and which one a decision?",
                ),
                look_for=(
                    "worked examples in open textbooks and lecture notes",
                    ("the step the author passes over with “obviously”; that one deserves your time"),
                ),
                exercise="Cover and continue",
                instructions=(
                    "Cover the example from {topic} after its first step. Write the next step yourself, uncover, "
                    "compare, and note beside each step the reason for it."
                ),
            ),
        ),
        check=Check(
            question="How do you best find out whether you have understood an explanation?",
            options=(
                "Close the source and explain each step with a reason of your own",
                "Read the explanation again until every word seems familiar",
                "Mark the sentences that sound as if they were important",
                "Look for a second source that says the same thing again",
            ),
            explanation=("Familiarity feels like understanding; only explaining without the source shows the gaps."),
        ),
    ),
    "goals": Stage(
        title="Towards your objectives",
        summary="Each objective you named gets its own work, with evidence that it has been reached.",
        objective="Show by a piece of work of your own how far each objective has been reached",
        lessons=(
            Guide(
                title="Taking apart: {objective}",
                focus="Break the objective “{objective}” into steps you can tick off.",
                opening=(
                    "You set yourself the objective “{objective}”. Large aims are reached by small steps whose end "
                    "one can see; this lesson finds them."
                ),
                questions=(
                    "What would somebody watching you see once you can do this?",
                    "What has to come first, because everything else leans on it?",
                    "Which part of it can you do today?",
                ),
                look_for=(
                    "course pages that state a similar objective, and what they practise for it",
                    "exam questions or tasks on {topic} that test exactly this",
                ),
                exercise="A ladder of five rungs",
                instructions=(
                    "Write five steps from what you can do now up to “{objective}”. Each begins with a verb whose "
                    "result can be seen. Do the first one today."
                ),
            ),
            Guide(
                title="Gathering material: {objective}",
                focus="Find and judge the sources that carry you towards “{objective}”.",
                opening=(
                    "For “{objective}” you do not need everything there is on {topic}, but the right three pages. "
                    "Choosing them is half of the work."
                ),
                questions=(
                    "Which question must a source answer so that it helps with this objective?",
                    "What does it assume that you do not know yet?",
                    "How would you notice that it is out of date or one-sided?",
                ),
                look_for=(
                    "author, year and purpose of each source",
                    "a task with a solution you can check against",
                ),
                exercise="Three pages",
                instructions=(
                    "Choose three pages from open sources for “{objective}”. Give each one sentence: what it "
                    "contributes, and what is missing in it."
                ),
            ),
            Guide(
                title="Showing it: {objective}",
                focus="Make something that proves the objective “{objective}” has been reached.",
                opening=(
                    "An objective is reached when somebody else can see it. Decide what you will show for "
                    "“{objective}”: a text, a calculation, a drawing, a thing that works."
                ),
                questions=(
                    "By which three signs will you judge your own piece of work?",
                    "Whom could you show it to, and what would you ask them?",
                    "What will you leave out so that it gets finished?",
                ),
                look_for=(
                    "pieces of work by others, and what makes them convincing",
                    "mistakes they warn of",
                ),
                exercise="The piece of work",
                instructions=(
                    "Finish a small first version for “{objective}” in one sitting. Judge it by your three signs, "
                    "then improve the one that needs it most."
                ),
            ),
        ),
        check=Check(
            question="Which of these objectives can be checked best?",
            options=(
                "I can solve three new tasks without help and explain each step",
                "I know the subject much better than I knew it last month",
                "I have spent at least ten hours with the whole material",
                "I feel comfortable whenever the subject comes up in talk",
            ),
            explanation=("It names something that can be seen; time spent and comfort say little about ability."),
        ),
    ),
}
