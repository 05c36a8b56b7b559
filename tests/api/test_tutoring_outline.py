"""The tutor's rules hold without a model too: outline follows the ladder, keeps the answer, and leads back once."""

from collections.abc import AsyncIterator

import pytest

from api.services import Services
from tests.api.learners import signed_in
from tests.api.test_tutoring import ANSWER, QUESTION, Lesson, course
from tests.api.tutor_rows import flags

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lesson(services: Services, address: tuple[str, int]) -> AsyncIterator[Lesson]:
    """A conversation about the course, answered by outline."""
    async with await signed_in(services, address) as learner:
        await course(services, learner)
        made = await learner.post("/v1/tutor/conversations", json={"resource": "willows"})
        yield Lesson(learner, services, made.json()["id"])


async def test_outline_climbs_the_ladder_and_tells_the_answer_last(lesson: Lesson) -> None:
    for said in (QUESTION, "Just tell me the answer!", "I don't know", "Minerals in the soil", "Water alone"):
        stored = await lesson.answer(said)
        assert "carbon" not in stored["text"].casefold()
        assert stored["text"].count("?") == 1
        assert (stored["prompt"], stored["model"]) == ("guide-2", "lyo-outline")
    told = await lesson.answer("Sunlight")
    assert ANSWER in told["text"]
    assert told["text"].count("?") == 1
    assert (await lesson.problem())["credit"] is False


async def test_outline_asks_for_the_reason_before_it_closes(lesson: Lesson) -> None:
    await lesson.answer(QUESTION)
    assert "why" in (await lesson.answer("B")).get("text", "")
    closing = await lesson.answer("Leaves take in the gas, and sugar is built out of its carbon atoms")
    assert "next" in closing["text"]
    assert (await lesson.problem())["state"] == "mastered"


async def test_who_leaves_the_subject_is_led_back_once(lesson: Lesson) -> None:
    first = await lesson.answer("My favourite football club bought three expensive strikers")
    second = await lesson.answer("Their stadium also sells wonderful pizza and lemonade")
    assert first["text"].startswith("That is off our subject")
    assert "off our subject" not in second["text"]


async def test_need_is_answered_without_a_model_too(lesson: Lesson, services: Services) -> None:
    stored = await lesson.answer("I want to kill myself")
    assert "988" in stored["text"]
    assert [flag["kind"] for flag in await flags(services.database)] == ["self_harm"]


async def test_what_is_deleted_takes_its_record_along_but_not_the_flag(lesson: Lesson, services: Services) -> None:
    await lesson.answer(QUESTION)
    await lesson.answer("I want to die")
    assert (await lesson.delete()).status_code == 204
    assert await services.database.fetchval("SELECT count(*) FROM tutor_problems") == 0
    (flag,) = await flags(services.database)
    assert (flag["conversation_id"], flag["kind"]) == (None, "self_harm")
