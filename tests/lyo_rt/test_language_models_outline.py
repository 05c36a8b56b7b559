"""The outline provider: builds only from what it is given, on any loop, the same every time."""

import re
from importlib.resources import files
from typing import get_args
from urllib.parse import urlsplit

import msgspec
import pytest

from lyo_rt.language_models.guidance import Guidance, Problem, Step
from lyo_rt.language_models.outline import Outline
from lyo_rt.language_models.outline.guiding import guiding_turn, turn_back
from lyo_rt.language_models.outline.tutoring import LANGUAGES, language_spoken, tutoring_for
from lyo_rt.language_models.tasks import (
    AssessmentDraft,
    CourseBrief,
    CoursePlan,
    LessonDraft,
    PlanCourse,
    Turn,
    TutorTask,
    WriteAssessment,
    WriteLesson,
)
from lyo_rt.tutoring.language import language_of

LEAVES = """Photosynthesis is the process by which green plants turn light into chemical energy. It takes place in the
chloroplasts, small bodies inside the cells of leaves.

The pigment chlorophyll absorbs red and blue light and reflects green light. This is why leaves look green. In the
light reactions, water is split and oxygen is set free. The energy is stored in two molecules, ATP and NADPH.

In the Calvin cycle the plant uses ATP and NADPH to build sugar from carbon dioxide. The enzyme rubisco binds carbon
dioxide to a sugar with five carbon atoms. The cycle does not need light itself.

C4 plants such as maize collect carbon dioxide in special cells before the Calvin cycle begins. They lose less water on
hot days. Cacti open their pores only at night and store carbon dioxide as an acid until morning."""


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Course(msgspec.Struct):
    """A course written to the end."""

    plan: CoursePlan
    lessons: list[list[LessonDraft]]
    assessments: list[AssessmentDraft]


async def written(brief: CourseBrief, *, questions: int = 4) -> Course:
    outline = Outline()
    plan, _ = await outline.write(PlanCourse(brief=brief))
    course = Course(msgspec.json.decode(msgspec.json.encode(plan), type=CoursePlan), [], [])
    for m, module in enumerate(plan.modules):
        lessons = []
        for n in range(len(module.lessons)):
            lesson, _ = await outline.write(WriteLesson(brief=brief, plan=plan, module=m, lesson=n))
            lessons.append(msgspec.json.decode(msgspec.json.encode(lesson), type=LessonDraft))
        course.lessons.append(lessons)
        task = WriteAssessment(brief=brief, plan=plan, module=m, lessons=tuple(lessons), questions=questions)
        assessment, _ = await outline.write(task)
        course.assessments.append(msgspec.json.decode(msgspec.json.encode(assessment), type=AssessmentDraft))
    return course


async def said(task: TutorTask) -> tuple[str, int]:
    """The tutor's turn, and in how many pieces it came."""
    pieces: list[str] = []

    class Sink:
        async def text(self, piece: str) -> None:
            assert piece
            pieces.append(piece)

        async def restart(self) -> None:
            raise AssertionError

    await Outline().stream(task, Sink())
    return "".join(pieces), len(pieces)


BRIEFS = [
    CourseBrief(topic="Photosynthesis"),
    CourseBrief(topic="Music", weeks=1, interests=("chess", "running", "baking"), style="auditory"),
    CourseBrief(topic="{braces} [and](brackets)", weeks=16, level="advanced", locale="pt-BR"),
    CourseBrief(topic="Statik", locale="de", objectives=tuple(f"Ziel {n} erreichen" for n in range(10))),
    CourseBrief(topic="Botánica", locale="es-MX", level="intermediate", style="visual"),
    CourseBrief(topic="Optique", locale="fr", objectives=("expliquer la lentille",), weeks=6),
    CourseBrief(topic="Leaves", source_text=LEAVES, weeks=2),
    CourseBrief(topic="Short", source_text="One sentence stands here all alone."),
    CourseBrief(topic="Long", source_text="\n\n".join(f"# Part {n}\n{LEAVES}" for n in range(12))),
    CourseBrief(
        topic="光合作用", locale="zh", source_text="植物利用光。水被分解。氧气被释放。糖被制造。叶子是绿色的。"
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize("brief", BRIEFS, ids=[brief.topic for brief in BRIEFS])
async def test_every_brief_becomes_a_whole_valid_course(brief: CourseBrief) -> None:
    course = await written(brief)
    titles = [module.title for module in course.plan.modules]
    assert 4 <= len(titles) <= 12
    assert len(set(titles)) == len(titles)
    for assessment in course.assessments:
        assert 1 <= len(assessment.questions) <= 4
        for question in assessment.questions:
            assert question.answer < len(question.options) == len(set(question.options)) == 4
    links = [link for lessons in course.lessons for lesson in lessons for link in lesson.links]
    assert all(urlsplit(link.url).scheme == "https" and not re.search(r"\s", link.url) for link in links)


@pytest.mark.anyio
@pytest.mark.parametrize("weeks", [1, 4, 9, 16])
async def test_minutes_add_up_to_three_hours_a_week(weeks: int) -> None:
    course = await written(CourseBrief(topic="Optics", weeks=weeks))
    assert sum(lesson.minutes for module in course.plan.modules for lesson in module.lessons) == weeks * 180


@pytest.mark.anyio
async def test_objectives_and_interests_shape_the_course() -> None:
    brief = CourseBrief(topic="Optics", weeks=4, interests=("sailing",), objectives=("explain how a lens works",))
    course = await written(brief)
    plan = msgspec.json.encode(course.plan).decode()
    assert "sailing" in plan
    assert course.plan.objectives == ["explain how a lens works"]
    assert any(
        "explain how a lens works" in lesson.title for module in course.plan.modules for lesson in module.lessons
    )


@pytest.mark.anyio
async def test_no_two_lessons_share_a_paragraph_of_their_own() -> None:
    course = await written(CourseBrief(topic="Optics", weeks=8))
    openings = [lesson.text.split("\n\n")[0] for lessons in course.lessons for lesson in lessons]
    texts = [lesson.text for lessons in course.lessons for lesson in lessons]
    questions = [line for text in texts for line in re.findall(r"^\d\. .*$", text, re.MULTILINE)]
    assert len(set(openings)) == len(openings)
    assert len(set(questions)) == len(questions)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("locale", "heading"),
    [
        ("en", "Guiding questions"),
        ("de-AT", "Leitfragen"),
        ("es", "Preguntas guía"),
        ("fr-CA", "Questions directrices"),
    ],
)
async def test_the_frame_speaks_the_learners_language(locale: str, heading: str) -> None:
    course = await written(CourseBrief(topic="Optik", locale=locale))
    assert all(f"## {heading}" in lesson.text for lessons in course.lessons for lesson in lessons)
    assert f"https://{locale[:2]}.wikipedia.org/" in course.lessons[0][0].links[0].url


@pytest.mark.anyio
async def test_a_given_text_is_taught_in_its_own_words() -> None:
    course = await written(CourseBrief(topic="Leaves", source_text=LEAVES))
    passages = " ".join(lesson.text for lessons in course.lessons for lesson in lessons)
    evened = " ".join(LEAVES.split())
    assert all(f"{sentence}." in passages for sentence in evened.rstrip(".").split(". "))
    cloze = [q for quiz in course.assessments[:4] for q in quiz.questions if "____" in q.question]
    assert len(cloze) >= 4
    for question in cloze:
        sentence = re.search(r"“(.*)”", question.question)
        assert sentence is not None
        assert sentence[1].replace("____", question.options[question.answer]) in evened
        assert not any(
            sentence[1].replace("____", wrong) in evened for wrong in wrong_options(question.options, question.answer)
        )


def wrong_options(options: list[str], answer: int) -> list[str]:
    return [option for n, option in enumerate(options) if n != answer]


@pytest.mark.anyio
async def test_the_right_option_has_no_favourite_place() -> None:
    courses = [await written(brief, questions=8) for brief in BRIEFS[:7]]
    places = [question.answer for c in courses for quiz in c.assessments for question in quiz.questions]
    assert all(0.15 < places.count(place) / len(places) < 0.35 for place in range(4))


@pytest.mark.anyio
async def test_another_authors_plan_can_be_continued() -> None:
    """The outline takes over in the middle of a course that a hosted model has planned."""
    brief = CourseBrief(topic="Leaves", source_text=LEAVES)
    ours = (await written(brief)).plan
    module = msgspec.structs.replace(ours.modules[0], title="Plants of hot places")
    lesson = msgspec.structs.replace(module.lessons[0], title="Maize and cacti", focus="How cacti store carbon dioxide")
    foreign = msgspec.structs.replace(
        ours, title="All about leaves", modules=[msgspec.structs.replace(module, lessons=[lesson])] * 5
    )
    draft, _ = await Outline().write(WriteLesson(brief=brief, plan=foreign, module=1, lesson=0))
    assert "Cacti open their pores only at night" in draft.text


@pytest.mark.anyio
async def test_the_same_task_gets_the_same_answer_and_says_who_wrote_it() -> None:
    task = PlanCourse(brief=BRIEFS[1])
    first, written_by = await Outline().write(task)
    second, _ = await Outline().write(task)
    assert first == second
    assert (written_by.provider, written_by.model, written_by.degraded) == ("outline", "lyo-outline", True)


@pytest.mark.anyio
async def test_the_tutor_quotes_the_sentence_nearest_to_the_question() -> None:
    turns = (Turn("user", "Which enzyme binds the carbon dioxide?"),)
    text, pieces = await said(TutorTask(turns=turns, resource_title="Leaves", resource_text=LEAVES))
    assert "The enzyme rubisco binds carbon dioxide to a sugar with five carbon atoms." in text
    assert text.endswith("?")
    assert pieces > 10


@pytest.mark.anyio
@pytest.mark.parametrize(
    "resource_text", ["", LEAVES, "Is this a question? So is this?"], ids=["none", "text", "asking"]
)
@pytest.mark.parametrize("locale", sorted(LANGUAGES))
async def test_each_turn_asks_exactly_one_question_and_none_twice(locale: str, resource_text: str) -> None:
    turns: list[Turn] = []
    for message in ("What is light?", "I don't know", "Weiß nicht", "No sé", "It is split by water", "", "Why?"):
        turns.append(Turn("user", message))
        text, _ = await said(TutorTask(turns=tuple(turns), resource_text=resource_text, locale=locale))
        assert len(re.findall("[?？؟]", text)) == 1
        assert text[-1] in "?？؟"
        assert text not in [turn.text for turn in turns]
        turns.append(Turn("assistant", text))


def test_every_language_is_a_file_that_says_all_of_it_in_that_language() -> None:
    found = {
        file.name[:-5] for file in files("lyo_rt.language_models.outline.tutoring").iterdir() if "toml" in file.name
    }
    assert found == LANGUAGES
    for language in LANGUAGES:
        spoken = tutoring_for(language)
        assert (spoken.language, set(spoken.steps)) == (language, set(get_args(Step)))
        plain = re.sub(r"{\w+}", "", " ".join(spoken.all()))
        assert language_of([plain]) == language
    assert language_spoken("pt-BR") == "pt"
    assert language_spoken("it") is None
    assert tutoring_for("it").language == "en"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_step_and_the_way_back_ask_one_question_beside_the_quoted_one(language: str) -> None:
    problem = Problem("p", "Exercise\nWhat is 6 times 7?", "42", solution="Why? Seven sixes.")
    for step in get_args(Step):
        for subject in ("on", "left", "away"):
            guidance = Guidance(problem=problem, step=step, subject=subject)
            task = TutorTask(turns=(Turn("user", "hi"),), resource_title="Sums", locale=language, guidance=guidance)
            for turn in filter(None, (guiding_turn(task), turn_back(task))):
                assert len(re.findall("[?？؟]", turn)) == 1
                assert turn[-1] in "?？؟"
                assert ("42" in turn) is (step == "reveal" and turn == guiding_turn(task))


def test_who_stays_away_is_told_once_more_and_led_to_another_place() -> None:
    guidance = Guidance(problem=Problem("p", "What is 6 times 7?", "42"), subject="left")
    task = TutorTask(turns=(Turn("user", "Pizza!"),), resource_title="Sums", guidance=guidance)
    first = turn_back(task)
    assert first is not None
    assert first.startswith("That is off our subject")
    assert "6 times 7" in first
    again = msgspec.structs.replace(
        task,
        turns=(*task.turns, Turn("assistant", first), Turn("user", "Pasta!")),
        guidance=msgspec.structs.replace(guidance, subject="away"),
    )
    second = turn_back(again)
    assert second is not None
    assert second.startswith("That is not something I can help with here. We were at “Sums”.")
    assert turn_back(msgspec.structs.replace(task, guidance=Guidance())) is None
