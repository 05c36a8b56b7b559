"""Adaptive difficulty through the public door: questions that suit the learner come first, misleading ones never."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.demo import seed_all
from api.services import Services
from lyo_rt.settings import Settings
from tests.api.learners import signed_in
from tests.api.quizzing import made, right, submitted
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio

COURSE = "photosynthesis_basics"


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    """A provider that writes sound questions."""
    async with OpenAI.running() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    """Only that provider."""
    return Settings(
        lyo_data_dir=settings.lyo_data_dir,
        ai_providers=("openai",),
        openai_api_key="loopback-key",  # type: ignore[arg-type]
        openai_base_url=f"{provider.address}/v1",
    )


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in learner, on a server with the demo courses."""
    await seed_all(services.database, services.clock)
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def other(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """Another one, who was there before and has left ten questions about the course."""
    async with await signed_in(services, address, "Other") as client:
        yield client


def texts(quiz: dict[str, Any]) -> set[str]:
    return {question["question"] for question in quiz["questions"]}


async def rated(services: Services, difficulty: float) -> None:
    """Every question has been found to be this difficult."""
    await services.database.execute("UPDATE question_ratings SET difficulty = $1, answers = 40", difficulty)


async def test_questions_that_suit_are_reused_and_only_the_rest_is_written(
    learner: httpx.AsyncClient, other: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    left = await made(other, resourceId=COURSE, questionCount=4)
    await rated(services, -0.5)
    quiz = await made(learner, resourceId=COURSE, questionCount=6, adaptive=True, graded=True)
    assert (quiz["adaptive"], quiz["reused_questions"], quiz["total_questions"]) == (True, 4, 6)
    assert texts(left) < texts(quiz)
    assert provider.asked["quiz multiple_choice"] == 2
    assert [question["expected_success"] for question in quiz["questions"][:4]] == [0.717] * 4
    second = await made(learner, resourceId=COURSE, questionCount=2, adaptive=True)
    assert not texts(second) & texts(quiz)
    plain = await made(other, resourceId=COURSE, questionCount=2)
    assert plain["reused_questions"] == 0


async def test_a_whole_quiz_of_known_questions_asks_no_model(
    learner: httpx.AsyncClient, other: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    left = await made(other, resourceId=COURSE, questionCount=5)
    await rated(services, -0.5)
    quiz = await made(learner, resourceId=COURSE, questionCount=3, adaptive=True)
    assert (quiz["reused_questions"], quiz["ai_model_used"]) == (3, "gpt-4o")
    assert texts(quiz) < texts(left)
    assert provider.asked["quiz multiple_choice"] == 1


async def test_what_is_too_easy_too_hard_or_retired_is_not_given(
    learner: httpx.AsyncClient, other: httpx.AsyncClient, services: Services
) -> None:
    left = await made(other, resourceId=COURSE, questionCount=6)
    database, ids = services.database, "SELECT question_id FROM quiz_questions WHERE position"
    await rated(services, -0.5)
    await database.execute(f"UPDATE question_ratings SET difficulty = 4 WHERE question_id IN ({ids} = 1)")  # noqa: S608
    await database.execute(f"UPDATE question_ratings SET difficulty = -4 WHERE question_id IN ({ids} = 2)")  # noqa: S608
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    await database.execute(
        f"UPDATE question_ratings SET retired_at = $1 WHERE question_id IN ({ids} = 3)",  # noqa: S608
        moment,
    )
    quiz = await made(learner, resourceId=COURSE, questionCount=3, adaptive=True)
    suited = {question["question"] for question in left["questions"][3:]}
    assert (quiz["reused_questions"], texts(quiz)) == (3, suited)


async def test_what_others_pasted_or_keep_private_is_never_given(
    learner: httpx.AsyncClient, other: httpx.AsyncClient, services: Services
) -> None:
    content = "The tides follow the moon, and spring tides come with the new moon and with the full moon."
    await made(other, content=content, questionCount=3)
    await made(other, topic="Tides", questionCount=3)
    await rated(services, -0.5)
    for asked in ({"content": content}, {"topic": "Tides"}):
        quiz = await made(learner, **asked, questionCount=2, adaptive=True)
        assert quiz["reused_questions"] == 0


async def test_the_difficulty_follows_the_learners_first_graded_answers(
    learner: httpx.AsyncClient, services: Services
) -> None:
    first = await made(learner, topic="Capitals", questionCount=10, graded=True)
    assert (first["difficulty"], first["expected_success"]) == ("intermediate", 0.625)
    answers = {question["id"]: "A" for question in first["questions"]}
    result = await submitted(learner, first, answers)
    assert [one["rated"] for one in result["answers"]] == [True] * 10
    assert result["expected_success"] == 0.625
    shown = (await learner.get(f"/v1/quizzes/{first['quiz_id']}")).json()
    await services.database.execute("UPDATE abilities SET value = 3")
    able = await made(learner, topic="Capitals", questionCount=3)
    assert able["difficulty"] == "advanced"
    assert able["expected_success"] > first["expected_success"]
    await services.database.execute("UPDATE abilities SET value = -2")
    assert (await made(learner, topic="capitals ", questionCount=3))["difficulty"] == "beginner"
    asked = await made(learner, topic="Capitals", questionCount=3, difficulty="advanced")
    assert asked["difficulty"] == "advanced"
    adapted = await made(learner, topic="Capitals", questionCount=3, difficulty="advanced", adaptive=True)
    assert adapted["difficulty"] == "beginner"
    assert (await made(learner, topic="Rivers", questionCount=1))["difficulty"] == "intermediate"
    assert len(right(shown)) == 10
