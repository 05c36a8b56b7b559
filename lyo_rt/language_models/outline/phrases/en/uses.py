"""English: code, quizzes, recommendations."""

from lyo_rt.language_models.outline.phrases.shape import Advice, CodePhrases, QuizPhrases

CODE = CodePhrases(
    opening="This is {language}, {lines} lines.",
    defines="It defines {names}.",
    defines_nothing="It defines nothing of its own: its lines run from top to bottom.",
    no_meaning="This was put together without a language model: it shows how the code is built, not what it means.",
    no_answer="Your question therefore stays open.",
    unread=(
        "{lines} lines. They are in a language that is not read here, or that cannot be told, so nothing is said about "
        "them. Name the language, or ask again when a language model is there."
    ),
    imports="Takes in what is written elsewhere: {code}.",
    definition="Here `{name}` is defined.",
    inside="In it stand {names}.",
    loose="Runs outside of any definition.",
    comment="A comment says: “{text}”",
    flow={
        "loop": "Something is repeated (line {lines}).",
        "branch": "The way divides on a condition (line {lines}).",
        "error": "Errors are raised or dealt with (line {lines}).",
        "leave": "A value is given back, or the block is left early (line {lines}).",
    },
    terms={
        "definition": ("definition", "Gives a piece of code a name, so that it can be used in other places by it."),
        "loop": ("loop", "Runs the same lines again, for each of several values or as long as a condition holds."),
        "branch": ("branch", "Lines that run only if a condition holds."),
        "error": ("exception", "The way code says that it cannot go on, and the way other code deals with that."),
        "leave": ("return", "Ends a function; the value behind it goes to where the function was called."),
        "import": ("import", "Makes names from another file or library usable in this one."),
    },
    ask_definition="What does `{name}` need, and what does it give back? Work it out for one example of your own.",
    ask_flow={
        "loop": "How often does the loop in line {line} run, and what makes it stop?",
        "branch": "Which values lead into the branch in line {line}, and which lead past it?",
        "error": "What would have to happen for line {line} to matter?",
    },
    ask_trace="Go through the lines with a pencil: which name has which value after each of them?",
    ask_language="Which programming language is this, and by what do you recognise it?",
)

QUIZ = QuizPhrases(
    true="True",
    false="False",
    name="Which expression of the text belongs in the gap? “{sentence}”",
    output="What does this program show?",
    output_explanation="The text shows this output: {output}",
)

ADVICE = Advice(
    shares=(
        "It takes up “{term}”, which you have studied or asked about.",
        "It goes on with “{term}”, a subject of yours.",
        "You have worked on “{term}”, and this course is about it too.",
    ),
    level="It is at your level, and nothing you have studied is close to it.",
    language="It is in your language, and nothing you have studied is close to it.",
)
