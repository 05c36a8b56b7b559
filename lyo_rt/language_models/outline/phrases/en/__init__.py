"""English."""

from lyo_rt.language_models.outline.phrases.en.entering import ENTERING
from lyo_rt.language_models.outline.phrases.en.mastering import MASTERING
from lyo_rt.language_models.outline.phrases.en.uses import ADVICE, CODE, QUIZ
from lyo_rt.language_models.outline.phrases.shape import Phrases, Reading, Structure

PHRASES = Phrases(
    language="en",
    title="{topic}: a guided study plan",
    description=(
        "A study plan for “{topic}” in {modules} modules. It was put together without a language model: it asks, "
        "points to open sources and sets exercises, and leaves the facts to those sources."
    ),
    prerequisite="The basic terms of {topic}",
    everyday=(
        "everyday life",
        "a neighbouring subject",
    ),
    guiding_questions="Guiding questions",
    look_for="What to look for",
    how_to_work="How to work",
    where_to_look="Where to look",
    assessment_title="Check: {module}",
    search_title="{source}: search for “{query}”",
    definition=(
        ("Yours to define: find “{term}” in one of the sources and put its meaning into one sentence."),
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
        "reading_writing": (
            "Write each answer in full sentences, and copy the best line of each source with its place."
        ),
    },
    stages={**ENTERING, **MASTERING},
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
        quoting=(
            "The text says: “{sentence}” Why is that so, going by the text?",
            "Take this line: “{sentence}” What would be different if it were not true?",
        ),
        definition="In the text: “{sentence}”",
        exercise=(
            "Retell it",
            "Ask back",
            "One sentence each",
            "Draw it",
        ),
        instructions=(
            (
                "Cover the passage and write down what it says about “{term}” in four sentences. Uncover it and add "
                "what you left out."
            ),
            (
                "Write three questions that the passage answers, one of them about “{term}”. Answer them tomorrow "
                "without looking."
            ),
            ("Reduce each paragraph to one sentence of at most fifteen words. “{term}” must appear in one of them."),
            (
                "Draw how “{term}” and “{other}” are related according to the passage, and label each arrow with a "
                "verb from the text."
            ),
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
    code=CODE,
    quiz=QUIZ,
    advice=ADVICE,
)
