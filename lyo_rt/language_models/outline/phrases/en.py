"""English."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Phrases, Reading, Stage, Structure, Tutoring

PHRASES = Phrases(
    language="en",
    title="{topic}: a guided study plan",
    description=(
        "A study plan for “{topic}” in {modules} modules. It was put together without a language model: it asks, "
        "points to open sources and sets exercises, and leaves the facts to those sources."
    ),
    prerequisite="The basic terms of {topic}",
    everyday=("everyday life", "a neighbouring subject"),
    guiding_questions="Guiding questions",
    look_for="What to look for",
    how_to_work="How to work",
    where_to_look="Where to look",
    assessment_title="Check: {module}",
    search_title="{source}: search for “{query}”",
    definition=(
        "Yours to define: find “{term}” in one of the sources and put its meaning into one sentence.",
        "Collect two definitions of “{term}” and note what both have in common.",
        "Write down what “{term}” covers, and one thing it does not cover.",
        "Explain “{term}” with an example of your own once you have read about it.",
    ),
    levels={
        "beginner": "Start with an encyclopaedia article; one good source is enough for this lesson.",
        "intermediate": "Use two sources of different kinds and note where they differ.",
        "advanced": "Go to a primary source or a review article, and check what its claims rest on.",
    },
    styles={
        "visual": "Keep a page for sketches: each answer gets a small drawing, arrow diagram or table.",
        "auditory": "Say each answer aloud, or record it, before you write anything down.",
        "kinesthetic": "Work standing up or with cards you can move; act an idea through where you can.",
        "hands_on": "Try something out first, however small, and read afterwards why it went as it did.",
        "reading_writing": "Write each answer in full sentences, and copy the best line of each source with its place.",
    },
    stages={
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
                        "Which of these parts surprised you, because you would not have put it there?",
                    ),
                    look_for=(
                        "the first paragraph of an encyclopaedia article: what does it name before all else?",
                        "the table of contents of a textbook: its chapters are a map somebody has already drawn",
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
                question="You open a long article on a subject that is new to you. What helps most at the start?",
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
                        "Every field has words that open doors and words that only sound grand. You will tell them "
                        "apart by how often the sources cannot do without them."
                    ),
                    questions=(
                        "Which terms appear in every source on {topic} that you open?",
                        "Which everyday word means something narrower here than it does in the street?",
                        "Which term could you drop without losing anything?",
                    ),
                    look_for=(
                        "words in bold or with an article of their own",
                        "the sentence in which a term is first introduced; it is usually the definition",
                    ),
                    exercise="Ten cards",
                    instructions=(
                        "Make a card for each of ten terms: the word on the front; on the back your own sentence and an "
                        "example. Leave a card empty on the back rather than copying what you do not understand."
                    ),
                ),
                Guide(
                    title="How the terms hang together",
                    focus="Order the terms: which is the wider one, which is a part, which is the opposite.",
                    opening=(
                        "Fifteen words on cards are a heap. They become knowledge when you can say how one leads to "
                        "the next."
                    ),
                    questions=(
                        "Which two terms of {topic} are most often confused, and what tells them apart?",
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
                explanation="The cases at the edge show what a definition really says; length and order show nothing.",
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
                        "Which idea would you have to take away for {topic} to make no sense any more?",
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
                        "One example understood to the last step is worth more than ten skimmed. Choose one that fits "
                        "on a page."
                    ),
                    questions=(
                        "What is given at the beginning of the example, and what is sought?",
                        "At which step would you have done something else, and what would have happened?",
                        "Which step uses a rule, and which one a decision?",
                    ),
                    look_for=(
                        "worked examples in open textbooks and lecture notes",
                        "the step the author passes over with “obviously”; that one deserves your time",
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
                explanation="Familiarity feels like understanding; only explaining without the source shows the gaps.",
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
                    look_for=("author, year and purpose of each source", "a task with a solution you can check against"),
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
                    look_for=("pieces of work by others, and what makes them convincing", "mistakes they warn of"),
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
                explanation="It names something that can be seen; time spent and comfort say little about ability.",
            ),
        ),
        "practice": Stage(
            title="Trying it out",
            summary="From the first attempt of your own to the mistakes that are worth knowing.",
            objective="Solve a simple task from {topic} on your own and check the result",
            lessons=(
                Guide(
                    title="A first attempt of your own",
                    focus="Do a small task from beginning to end without a model to copy.",
                    opening=(
                        "Sooner or later reading about {topic} has to become doing. Choose a task so small that it "
                        "almost seems too easy; it will still teach you something."
                    ),
                    questions=(
                        "Which task on {topic} can be finished in twenty minutes?",
                        "How will you know that the result is right, before you look at a solution?",
                        "What did you have to guess along the way?",
                    ),
                    look_for=(
                        "exercise collections that come with solutions",
                        "the difference between your way and the printed one, even if both results agree",
                    ),
                    exercise="Twenty minutes",
                    instructions=(
                        "Set a timer to twenty minutes and work on one task from {topic}. Write down every decision. "
                        "Only then compare with a solution, and mark in colour where the two part."
                    ),
                ),
                Guide(
                    title="Mistakes worth knowing",
                    focus="Find typical mistakes, and what makes each of them tempting.",
                    opening=(
                        "Nobody makes random mistakes. Behind most of them stands a thought that is right elsewhere. "
                        "Who knows the thought avoids the mistake."
                    ),
                    questions=(
                        "Which mistake do sources on {topic} warn of again and again?",
                        "In which situation would the thought behind it be right?",
                        "By which sign can you catch it in your own work?",
                    ),
                    look_for=(
                        "sections called “common mistakes”, “pitfalls” or “misconceptions”",
                        "questions that beginners ask in forums, and the patient answers to them",
                    ),
                    exercise="A mistake on purpose",
                    instructions=(
                        "Write a short solution to a task from {topic} with one typical mistake hidden in it. Put it "
                        "aside for a day, then find it and write the correction as if for a friend."
                    ),
                ),
            ),
            check=Check(
                question="Your result differs from the printed solution. What do you do first?",
                options=(
                    "Go through both step by step and look for the first difference",
                    "Copy the printed solution neatly and go on to the next task",
                    "Assume that the solution contains a misprint and go on",
                    "Start the task again from the beginning in the same way",
                ),
                explanation="The first difference shows where the thinking parted; that is the spot worth learning from.",
            ),
        ),
        "connections": Stage(
            title="Connections",
            summary="What the subject has to do with things you care about.",
            objective="Name two connections between {topic} and other fields, with examples",
            lessons=(
                Guide(
                    title="{topic} and {interest}",
                    focus="Look for a place where the subject really occurs in {interest}.",
                    opening=(
                        "You like {interest}, or at least you live with it. Somewhere in it {topic} is at work, openly "
                        "or under another name. Find the spot."
                    ),
                    questions=(
                        "Where in {interest} does somebody decide something with the help of {topic}?",
                        "What would be done differently there without it?",
                        "Which terms from your cards can you use to describe it?",
                    ),
                    look_for=(
                        "pages that name both words in one sentence",
                        "an example with enough detail for you to retell it",
                    ),
                    exercise="A page for enthusiasts",
                    instructions=(
                        "Write half a page for somebody who loves {interest} and has never heard of {topic}: one "
                        "example, two terms, one open question."
                    ),
                ),
                Guide(
                    title="Borrowing from {interest}",
                    focus="Use {interest} as a comparison, and find out where the comparison breaks.",
                    opening=(
                        "Comparisons are bridges: they carry until they break. One from {interest} to {topic} shows you "
                        "both the similarity and its limit."
                    ),
                    questions=(
                        "What in {interest} behaves like a central part of {topic}?",
                        "What corresponds to what, piece by piece?",
                        "At which point does the comparison mislead?",
                    ),
                    look_for=(
                        "comparisons teachers use, and the warnings that come with them",
                        "properties that exist on one side only",
                    ),
                    exercise="Two columns",
                    instructions=(
                        "Make a table with {interest} on the left and {topic} on the right. Fill in five pairs that "
                        "correspond, and a sixth line with the point at which the comparison fails."
                    ),
                ),
            ),
            check=Check(
                question="What makes a comparison useful for learning?",
                options=(
                    "You can say which parts correspond and where it stops holding",
                    "It is funny enough to be remembered without any further effort",
                    "It replaces the technical terms so that they are not needed",
                    "It comes from a field about which you know nothing as yet",
                ),
                explanation="A comparison teaches through its parts and its limit; taken whole it misleads.",
            ),
        ),
        "limits": Stage(
            title="Limits and open questions",
            summary="What the subject cannot do, what is disputed, and how reliable the sources are.",
            objective="Judge how reliable a statement about {topic} is",
            lessons=(
                Guide(
                    title="What {topic} cannot do",
                    focus="Find the conditions under which the ideas of the subject hold no longer.",
                    opening=(
                        "A tool is mastered by those who know when to leave it in the box. Where does {topic} end?"
                    ),
                    questions=(
                        "Which conditions are tacitly assumed in most explanations?",
                        "Which example does not fit, and how do the sources deal with it?",
                        "On what do the experts disagree?",
                    ),
                    look_for=(
                        "sections called “criticism”, “limitations” or “open problems”",
                        "small words: usually, approximately, under the assumption that",
                    ),
                    exercise="The counter-example",
                    instructions=(
                        "Take one rule from {topic} and look for a case in which it fails. Describe in five sentences "
                        "what is different in that case."
                    ),
                ),
                Guide(
                    title="Weighing the sources",
                    focus="Check one claim by going back to where it comes from.",
                    opening=(
                        "Much about {topic} has been copied so often that nobody asks any more where it came from. "
                        "You will ask, once, to the end."
                    ),
                    questions=(
                        "Who says it, when, and on the strength of what?",
                        "Does the source named really say that?",
                        "Who would gain if it were believed?",
                    ),
                    look_for=(
                        "footnotes and references: follow one all the way",
                        "the date: has the matter been looked at again since?",
                    ),
                    exercise="One claim, three stations",
                    instructions=(
                        "Choose a claim about {topic} with a number or a superlative in it. Trace it through three "
                        "sources backwards, and note at each station how the wording changed."
                    ),
                ),
            ),
            check=Check(
                question="A page makes a striking claim and names a study. What shows best whether it is sound?",
                options=(
                    "Looking up the study and reading what it really examined",
                    "Counting how many other pages repeat the very same claim",
                    "Checking whether the page is well designed and easy to read",
                    "Asking whether the claim agrees with what you had expected",
                ),
                explanation="Only the origin shows what was found; repetition, design and expectation prove nothing.",
            ),
        ),
        "review": Stage(
            title="Review and outlook",
            summary="Recalling without notes, passing on what you have learnt, planning the next step.",
            objective="Present {topic} from memory and say what you want to learn next",
            lessons=(
                Guide(
                    title="From memory",
                    focus="Recall without notes, then close the gaps on purpose.",
                    opening=(
                        "Put everything away. What is still there now is yours; the gaps are the best guide to what to "
                        "read again."
                    ),
                    questions=(
                        "Which terms of {topic} can you explain without looking?",
                        "What does the map from the first module look like if you draw it again now?",
                        "Which of your five questions can you answer?",
                    ),
                    look_for=(
                        "what is missing on the new map compared with the old one",
                        "passages you thought you knew and still could not retell",
                    ),
                    exercise="The blank sheet",
                    instructions=(
                        "Fill a blank sheet about {topic} in ten minutes, without notes. Add in another colour what was "
                        "missing. Do it again in three days, with the colour only."
                    ),
                ),
                Guide(
                    title="Passing it on",
                    focus="Teach a part of the subject, and plan how to go on.",
                    opening=(
                        "Whoever teaches learns twice: once while preparing, and once more at the first question from "
                        "the audience."
                    ),
                    questions=(
                        "Which part of {topic} is worth five minutes of a friend's time?",
                        "Which question will they ask, and what will you say?",
                        "What is the next thing you want to be able to do?",
                    ),
                    look_for=(
                        "a course or a book that begins where this plan ends",
                        "people who work on {topic}: clubs, forums, lectures",
                    ),
                    exercise="Five minutes",
                    instructions=(
                        "Explain one part of {topic} to somebody in five minutes. Note the first question they ask. "
                        "Write down your next objective with a date."
                    ),
                ),
            ),
            check=Check(
                question="What makes most of what you have learnt stay?",
                options=(
                    "Recalling it without notes, several times with days in between",
                    "Reading all the notes again in one long evening at the end",
                    "Copying the notes neatly into a second, better notebook",
                    "Going on at once to a new subject so as to keep the pace",
                ),
                explanation="Recall with pauses strengthens memory; reading again only makes the text look familiar.",
            ),
        ),
    },
    reading=Reading(
        description=(
            "A course through the text you gave, in {modules} modules. It was put together without a language model: "
            "passages, terms and questions are the text's own."
        ),
        module_summary="This part is about {terms}.",
        objective="Say in your own words what the text says about {term}",
        focus="The passage that begins: “{sentence}”",
        summary="You read the passage on {terms} and can retell its main points.",
        passage="The passage",
        main_points="Main points",
        questions_heading="Questions to read with",
        questions=(
            "What does the passage say about “{term}”, in your own words?",
            "How do “{term}” and “{other}” belong together here?",
            "Which sentence would you miss most if it were left out?",
            "What does the author take for granted about “{term}”?",
            "Where would you ask for an example or a proof?",
        ),
        definition="In the text: “{sentence}”",
        exercise=("Retell it", "Ask back", "One sentence each", "Draw it"),
        instructions=(
            "Cover the passage and write down what it says about “{term}” in four sentences. Uncover it and add what "
            "you left out.",
            "Write three questions that the passage answers, one of them about “{term}”. Answer them tomorrow without "
            "looking.",
            "Reduce each paragraph to one sentence of at most fifteen words. “{term}” must appear in one of them.",
            "Draw how “{term}” and “{other}” are related according to the passage, and label each arrow with a verb "
            "from the text.",
        ),
        cloze="Which expression is missing? “{sentence}”",
        cloze_explanation="The text says: “{sentence}”",
        which_term="Which term is explained like this: “{definition}”",
    ),
    structure=Structure(
        focus="What is the lesson “{title}” about?",
        exercise="Which exercise belongs to the lesson “{title}”?",
        objective="Which objective belongs to the module “{title}”?",
        explanation="So it stands in the plan of this module.",
    ),
    tutoring=Tutoring(
        that="that",
        stuck_words=("don't know", "dont know", "don’t know", "no idea", "not sure", "stuck", "don't understand",
                     "don’t understand", "help"),
        asks=(
            "You are asking about “{term}”. The text has a sentence that comes close: “{sentence}” Which part of it "
            "bears on your question?",
            "Good that you ask. Look at this line: “{sentence}” What does it tell you about “{term}”, in your own words?",
            "Let us stay with “{term}” for a moment. The text says: “{sentence}” What would change if that were not so?",
        ),
        stuck=(
            "That is a good place to slow down. Read only this sentence: “{sentence}” Which word in it would you have "
            "to explain to somebody else first?",
            "Then we take a smaller step. Here is one line of the text: “{sentence}” What is the one thing in it that "
            "you are sure of?",
            "No harm done; this is where learning happens. “{sentence}” What example of that have you seen yourself?",
        ),
        says=(
            "You bring in “{term}”. Hold it against this line: “{sentence}” What in your thought agrees with it, and "
            "what does not yet?",
            "There is something in what you say about “{term}”. The text puts it like this: “{sentence}” How would "
            "you give the reason for it?",
            "Let us test that. The text says: “{sentence}” In which case would your statement about “{term}” no longer "
            "hold?",
        ),
        asks_freely=(
            "You are asking about “{term}”. What do you already know about it that you could start from?",
            "Let us narrow it down. If you had to explain “{term}” with one example, which one would you take?",
            "Suppose “{term}” worked quite differently. What would you notice first?",
        ),
        stuck_freely=(
            "Then let us make the step smaller. Which single word in the problem would you like to be clear about first?",
            "That is fine. What was the last point at which you still felt sure?",
            "Take the simplest case you can think of. What happens in it?",
        ),
        says_freely=(
            "You bring in “{term}”. What makes you think so?",
            "Let us test what you say about “{term}”. Can you think of a case in which it would not be true?",
            "Put that together with what you said before. What follows from it for “{term}”?",
        ),
    ),
)  # fmt: skip
