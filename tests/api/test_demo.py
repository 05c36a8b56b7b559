"""The demo data: two learners who can sign in, two finished courses that are worth reading, seeded once."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import msgspec
import pytest

from api.demo import COURSES, seed_all
from lyo_rt.accounts.demo import LEARNERS, PASSWORD
from lyo_rt.clock import SystemClock
from lyo_rt.courses.demo import DemoCourse, course_id, read_course
from lyo_rt.database.pool import Database
from lyo_rt.language_models.drafts import read_draft
from lyo_rt.language_models.tasks import AssessmentDraft, CourseBrief, CoursePlan, QuestionDraft, WriteAssessment

pytestmark = pytest.mark.anyio

SLUGS = ("photosynthesis_basics", "machine_learning_intro")
OWNED = list(zip([email for email, _ in LEARNERS], SLUGS, strict=True))
TABLES = ("users", "courses", "modules", "lessons", "items")


@pytest.fixture(params=SLUGS)
def course(request: pytest.FixtureRequest) -> DemoCourse:
    """Each of the courses."""
    return read_course(request.param)


@pytest.fixture
async def seeded(database: Database) -> Database:
    """A database with the demo data."""
    await seed_all(database, SystemClock())
    return database


async def signed_in(client: httpx.AsyncClient, email: str) -> dict[str, str]:
    """The headers of a demo learner."""
    answer = await client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def counts(database: Database) -> dict[str, int]:
    """How many rows there are."""
    return {table: await database.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608


# -- what clients see -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("email", "slug"), OWNED)
async def test_each_learner_owns_a_finished_course(
    seeded: Database, client: httpx.AsyncClient, email: str, slug: str
) -> None:
    answer = await client.get("/v1/courses?scope=own", headers=await signed_in(client, email))
    assert [(course["slug"], course["status"], course["is_published"]) for course in answer.json()["items"]] == [
        (slug, "completed", True)
    ]


@pytest.mark.parametrize("slug", SLUGS)
async def test_everybody_reads_a_course_by_its_slug(seeded: Database, client: httpx.AsyncClient, slug: str) -> None:
    for email, _ in LEARNERS:
        answer = await client.get(f"/v1/courses/{slug}", headers=await signed_in(client, email))
        assert answer.status_code == 200
        body = answer.json()
        assert body["id"] == str(course_id(slug))
        assert not body["is_ai_generated"]
        assert [module["order"] for module in body["modules"]] == [1, 2, 3, 4]
        assert sum(module["estimated_minutes"] for module in body["modules"]) == body["estimated_minutes"]
        assert sum(lesson["estimated_minutes"] for lesson in body["lessons"]) == body["estimated_minutes"]
        lessons = [id for module in body["modules"] for id in module["lessons"]]
        assert lessons == [lesson["id"] for lesson in body["lessons"]]


async def test_lessons_have_text_terms_exercise_and_sources(seeded: Database, client: httpx.AsyncClient) -> None:
    body = (await client.get(f"/v1/courses/{SLUGS[0]}", headers=await signed_in(client, LEARNERS[0][0]))).json()
    types = {lesson["id"]: [item["type"] for item in items_of(body, lesson)] for lesson in body["lessons"]}
    for lesson in body["lessons"]:
        expected = ["quiz"] if lesson["kind"] == "assessment" else ["text", "key_terms", "exercise", "link", "link"]
        assert types[lesson["id"]] == expected
    for module in body["modules"]:
        kinds = [lesson["kind"] for lesson in body["lessons"] if lesson["id"] in module["lessons"]]
        assert kinds == ["lesson"] * len(module["planned"]) + ["assessment"]
    assert {item["source"] for item in body["items"] if item["type"] != "link"} == {"authored"}


async def test_the_answers_of_a_quiz_are_not_sent(seeded: Database, client: httpx.AsyncClient) -> None:
    body = (await client.get(f"/v1/courses/{SLUGS[0]}", headers=await signed_in(client, LEARNERS[0][0]))).json()
    quizzes = [item for item in body["items"] if item["type"] == "quiz"]
    assert len(quizzes) == 4
    for quiz in quizzes:
        assert set(quiz["detail"]) == {"questions"}
        assert all(set(question) == {"id", "question", "options"} for question in quiz["detail"]["questions"])
    keys = await seeded.fetchval("SELECT count(*) FROM items WHERE type = 'quiz' AND detail ? 'key'")
    assert keys == 8


def items_of(body: dict[str, Any], lesson: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a lesson, in order."""
    known = {item["id"]: item for item in body["items"]}
    return [known[id] for id in lesson["items"]]


# -- seeding --------------------------------------------------------------------------------------------------------


async def test_seeding_again_changes_nothing(seeded: Database) -> None:
    before = await counts(seeded)
    await seed_all(seeded, SystemClock())
    assert await counts(seeded) == before
    assert (before["users"], before["courses"], before["modules"]) == (2, 2, 8)


async def test_several_instances_seed_at_once(database: Database) -> None:
    async with anyio.create_task_group() as instances:
        for _ in range(4):
            instances.start_soon(seed_all, database, SystemClock())
    seeded_at_once = await counts(database)
    assert (seeded_at_once["users"], seeded_at_once["courses"], seeded_at_once["modules"]) == (2, 2, 8)
    assert seeded_at_once["lessons"] == sum(
        len(module.lessons) + 1 for slug in SLUGS for module in read_course(slug).modules
    )


async def test_what_a_learner_changed_stays(seeded: Database) -> None:
    await seeded.execute("UPDATE courses SET title = 'My own title' WHERE slug = $1", SLUGS[0])
    await seed_all(seeded, SystemClock())
    assert await seeded.fetchval("SELECT title FROM courses WHERE slug = $1", SLUGS[0]) == "My own title"


async def test_a_course_that_is_gone_comes_back_as_it_was(seeded: Database) -> None:
    before = await counts(seeded)
    await seeded.execute("DELETE FROM courses WHERE slug = $1", SLUGS[1])
    await seed_all(seeded, SystemClock())
    assert await counts(seeded) == before
    assert await seeded.fetchval("SELECT id FROM courses WHERE slug = $1", SLUGS[1]) == course_id(SLUGS[1])


async def test_a_slug_that_is_taken_is_left_alone(database: Database) -> None:
    await database.execute(
        "WITH u AS (INSERT INTO users (email, email_key, password_hash, full_name) VALUES ('a', 'a', 'x', 'A') "
        "RETURNING id) INSERT INTO courses (user_id, slug, title) SELECT id, $1, 'Mine' FROM u",
        SLUGS[0],
    )
    await seed_all(database, SystemClock())
    assert await database.fetchval("SELECT title FROM courses WHERE slug = $1", SLUGS[0]) == "Mine"
    assert await database.fetchval("SELECT count(*) FROM courses") == 2


async def test_when_all_is_there_one_query_says_so(seeded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute", "transaction"):
        monkeypatch.setattr(seeded, name, recording(asked, name, getattr(seeded, name)))
    await seed_all(seeded, SystemClock())
    assert asked == ["fetch"]


def recording(asked: list[str], name: str, method: Any) -> Any:
    """The method, noted each time it is called."""

    def call(*arguments: Any, **named: Any) -> Any:
        asked.append(name)
        return method(*arguments, **named)

    return call


# -- the content (SPEC §5) ------------------------------------------------------------------------------------------


def test_every_course_has_an_owner_and_a_file() -> None:
    assert list(COURSES.items()) == [(slug, email) for email, slug in OWNED]
    assert [read_course(slug).slug for slug in COURSES] == list(COURSES)


def test_four_modules_of_two_or_three_lessons(course: DemoCourse) -> None:
    assert len(course.modules) == 4
    assert all(len(module.lessons) in {2, 3} for module in course.modules)
    titles = [lesson.title for module in course.modules for lesson in module.lessons]
    assert len(set(titles)) == len(titles)


def test_lessons_are_of_the_right_length_and_complete(course: DemoCourse) -> None:
    for module in course.modules:
        for lesson in module.lessons:
            assert 150 <= len(lesson.text.split()) <= 300, lesson.title
            assert re.match(r"\s*## ", lesson.text), lesson.title
            assert 3 <= len(lesson.key_terms) <= 7, lesson.title
            assert lesson.exercise.minutes < lesson.minutes, lesson.title
            assert "Check" in lesson.exercise.instructions, lesson.title
            assert 1 <= len(lesson.links) <= 2, lesson.title


def test_key_terms_occur_in_their_lesson_and_not_in_their_own_definition(course: DemoCourse) -> None:
    for module in course.modules:
        for lesson in module.lessons:
            words = re.sub(r"[*_-]", " ", f"{lesson.title} {lesson.text}").casefold()
            for term in lesson.key_terms:
                name = term.term.casefold().replace("-", " ")
                assert name in words, (lesson.title, term.term)
                assert not re.search(rf"\b{re.escape(name)}\b", term.definition.casefold()), (lesson.title, term.term)


def test_links_lead_to_well_known_open_sources(course: DemoCourse) -> None:
    hosts = {"en.wikipedia.org": "Wikipedia", "openstax.org": "OpenStax", "ocw.mit.edu": "MIT OpenCourseWare"}
    links = [link for module in course.modules for lesson in module.lessons for link in lesson.links]
    assert all(hosts[link.url.split("/")[2]] == link.source for link in links)
    assert len({link.url for link in links}) == len(links)


def questions(course: DemoCourse) -> Iterator[QuestionDraft]:
    """All questions of a course."""
    for module in course.modules:
        yield from module.assessment.questions


def test_questions_keep_the_rules_that_models_must_keep(course: DemoCourse) -> None:
    for module in course.modules:
        task = WriteAssessment(
            brief=CourseBrief(topic=course.title),
            plan=CoursePlan(course.title, course.description, course.objectives, [], []),
            module=0,
            lessons=tuple(module.lessons),
            questions=len(module.assessment.questions),
        )
        verdict = read_draft(task, encoded(module.assessment))
        assert verdict.faults == []
        assert verdict.draft is not None
        assert len(verdict.draft.questions) == len(module.assessment.questions)
        assert 3 <= len(module.assessment.questions) <= 4


def encoded(assessment: AssessmentDraft) -> str:
    """The assessment as a model would send it."""
    return msgspec.json.encode(assessment).decode()


def test_options_are_four_and_of_similar_length(course: DemoCourse) -> None:
    for question in questions(course):
        lengths = sorted(len(option) for option in question.options)
        assert len(lengths) == 4
        assert lengths[-1] <= 1.25 * lengths[0] or lengths[-1] <= 5, question.question
        assert len(question.explanation.split()) >= 10, question.question


def test_the_right_option_has_no_favourite_place_and_is_not_the_longest_by_habit(course: DemoCourse) -> None:
    every = list(questions(course))
    places = Counter(question.answer for question in every)
    assert set(places.values()) == {len(every) // 4}
    for module in course.modules:
        assert sorted(question.answer for question in module.assessment.questions) == [0, 1, 2, 3]
    longest = sum(question.options[question.answer] == max(question.options, key=len) for question in every)
    assert longest <= len(every) // 2
