"""English: the last four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

MASTERING: dict[StageName, Stage] = {
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
                    ("the difference between your way and the printed one, even if both results agree"),
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
                    "Nobody makes random mistakes. Behind most of them stands a thought that is right elsewhere. Who "
                    "knows the thought avoids the mistake."
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
            explanation=("The first difference shows where the thinking parted; that is the spot worth learning from."),
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
                    ("Where in {interest} does somebody decide something with the help of {topic}?"),
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
                opening=("A tool is mastered by those who know when to leave it in the box. Where does {topic} end?"),
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
                    "Much about {topic} has been copied so often that nobody asks any more where it came from. You "
                    "will ask, once, to the end."
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
            question=("A page makes a striking claim and names a study. What shows best whether it is sound?"),
            options=(
                "Looking up the study and reading what it really examined",
                "Counting how many other pages repeat the very same claim",
                "Checking whether the page is well designed and easy to read",
                "Asking whether the claim agrees with what you had expected",
            ),
            explanation=("Only the origin shows what was found; repetition, design and expectation prove nothing."),
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
                    ("What does the map from the first module look like if you draw it again now?"),
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
            explanation=("Recall with pauses strengthens memory; reading again only makes the text look familiar."),
        ),
    ),
}
