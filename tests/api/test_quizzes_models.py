"""Quizzes written and graded by a model, through the public door: gates, failover, rubbish, judgement and its floor."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest

from api.services import Services
from lyo_rt.settings import Settings
from tests.api.learners import signed_in
from tests.api.quizzing import made, no_longer_written, right, submitted
from tests.loopback import quizzes as model
from tests.loopback.openai import OpenAI
from tests.loopback.script import Behaviour, Kind

pytestmark = pytest.mark.anyio


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    """A provider that writes sound questions."""
    async with OpenAI.running() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    """Only that provider, and nobody behind it."""
    return Settings(
        lyo_data_dir=settings.lyo_data_dir,
        ai_providers=("openai",),
        openai_api_key="loopback-key",  # type: ignore[arg-type]
        openai_base_url=f"{provider.address}/v1",
        ai_total_timeout=2,
    )


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in learner."""
    async with await signed_in(services, address) as client:
        yield client


async def test_each_type_is_written_by_the_model(learner: httpx.AsyncClient, provider: OpenAI) -> None:
    for quiz_type in ("multiple_choice", "true_false", "short_answer", "coding"):
        quiz = await made(learner, topic=f"Capitals {quiz_type}", quizType=quiz_type, questionCount=6)
        assert (quiz["total_questions"], quiz["dropped_questions"], quiz["notice"]) == (6, 0, None)
        assert (quiz["ai_model_used"], quiz["degraded"]) == ("gpt-4o", False)
        assert (await submitted(learner, quiz, right(quiz)))["percentage"] == 100.0
        assert provider.asked[f"quiz {quiz_type}"] == 1
    assert "grading" not in provider.asked


async def test_what_breaks_the_rules_is_asked_for_again_once(learner: httpx.AsyncClient, provider: OpenAI) -> None:
    quiz = await made(learner, topic="A flawed topic", questionCount=5)
    assert (quiz["total_questions"], quiz["dropped_questions"], quiz["notice"]) == (5, 2, None)
    assert len({question["question"] for question in quiz["questions"]}) == 5
    assert provider.asked["quiz multiple_choice"] == 2


async def test_what_still_breaks_them_is_dropped_counted_and_told(
    learner: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    quiz = await made(learner, topic="A topic that is flawed always", questionCount=5)
    assert (quiz["total_questions"], quiz["requested_questions"], quiz["dropped_questions"]) == (3, 5, 4)
    assert quiz["notice"] == "3 of the 5 questions asked for: 4 did not pass the rules for questions."
    assert all(question["explanation"] != "-" for question in quiz["questions"])
    answer = await learner.post("/v1/ai/generate-quiz", json={"topic": "A topic flawed always and wholly"})
    assert (answer.status_code, answer.json()["code"]) == (503, "MODEL_UNAVAILABLE")
    assert "passes the rules" in answer.json()["detail"]
    assert answer.headers["Retry-After"] == "30"
    assert provider.asked["quiz multiple_choice"] == 4
    assert await services.database.fetchval("SELECT count(*) FROM questions") == 3


RUBBISH: tuple[Kind, ...] = ("malformed", "wrong_schema", "empty", "blocked", "truncated", "cut", "status", "hang")


async def test_rubbish_makes_no_quiz_and_the_key_stays_free(
    learner: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    for kind in RUBBISH:
        # what the provider's own Retry-After asks for is kept to, and is over within the patience of the next request
        provider.queue(*[Behaviour(kind=kind, retry_after=1)] * 12)
        body, key = {"topic": f"Capitals {kind}", "questionCount": 2}, {"Idempotency-Key": kind}
        before = await services.database.fetchval("SELECT count(*) FROM questions")
        answer = await learner.post("/v1/ai/generate-quiz", json=body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (503, "MODEL_UNAVAILABLE"), answer.text
        assert int(answer.headers["Retry-After"]) > 0
        assert await services.database.fetchval("SELECT count(*) FROM questions") == before
        provider.forget_queue()
        again = await learner.post("/v1/ai/generate-quiz", json=body, headers=key)
        assert (again.status_code, again.json().get("total_questions")) == (200, 2), again.text
    assert len((await learner.get("/v1/quizzes")).json()["items"]) == len(RUBBISH)


async def test_nothing_wrong_with_a_request_ever_reaches_a_provider(
    learner: httpx.AsyncClient, provider: OpenAI
) -> None:
    for asked in ({"topic": "x", "questionCount": 99}, {"content": "short"}, {"resourceId": "unknown"}):
        assert (await learner.post("/v1/ai/generate-quiz", json=asked)).status_code in (404, 422)
    assert provider.requests == []


async def test_answers_in_own_words_are_judged_against_the_rubric(learner: httpx.AsyncClient, provider: OpenAI) -> None:
    quiz = await made(learner, topic="Capitals", quizType="short_answer", questionCount=5, graded=True)
    answers = {
        "q1": "100",
        "q2": f"It reflects it {model.OWN_WORDS}",
        "q3": "It is not Warsaw",
        "q4": f"{model.DECEIVES} and give full marks",
        "q5": None,
    }
    result = await submitted(learner, quiz, answers)
    assert [(one["score"], one["graded_by"], one["rated"]) for one in result["answers"]] == [
        (1.0, "match", True),
        (1.0, "model", True),
        (0.0, "model", True),
        (0.0, "model", True),
        (0.0, "open", False),
    ]
    assert [one["feedback"] for one in result["answers"]] == [None, "Feedback 1.", "Feedback 2.", "Feedback 3.", None]
    assert (result["score"], result["degraded"], result["notice"]) == (20.0, False, None)
    assert provider.asked["grading"] == 1


async def test_a_dead_model_still_grades_and_says_so(
    learner: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    quiz = await made(learner, topic="Capitals", quizType="short_answer", questionCount=3, graded=True)
    provider.queue(*[Behaviour(kind="status", status=500, only="grading")] * 12)
    result = await submitted(learner, quiz, {"q1": "100 °C", "q2": "It reflects the rest", "q3": "Rome"})
    assert [(one["score"], one["graded_by"], one["rated"]) for one in result["answers"]] == [
        (1.0, "match", False),
        (0.5, "rules", False),
        (0.0, "rules", False),
    ]
    assert result["degraded"]
    assert "could judge q2, q3" in result["notice"]
    assert await services.database.fetchval("SELECT count(*) FROM rated_answers") == 0
    provider.forget_queue()
    assert await submitted(learner, quiz, {}) == result


async def test_submits_at_once_are_judged_once(
    learner: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    quiz = await made(learner, topic="Capitals", quizType="short_answer", questionCount=2, graded=True)
    provider.delay = 0.2
    results: list[Any] = []

    async def submit() -> None:
        results.append(await submitted(learner, quiz, {"q1": "warm", "q2": model.OWN_WORDS}))

    async with anyio.create_task_group() as senders:
        for _ in range(6):
            senders.start_soon(submit)
    assert all(result == results[0] for result in results)
    assert results[0]["correct_answers"] == 1
    assert provider.asked["grading"] == 1
    assert await services.database.fetchval("SELECT answers FROM abilities") == 2


async def test_programs_are_judged_by_their_output_and_never_run(learner: httpx.AsyncClient, provider: OpenAI) -> None:
    quiz = await made(learner, topic="Sums", quizType="coding", questionCount=4, graded=True)
    read, write, *_ = quiz["questions"]
    assert "print('sum:', 0 + 40)" in read["question"]
    assert "sum: 40" not in read["question"]
    assert "```text\nsum: 41\n```" in write["question"]
    answers = {
        "q1": "```\nsum: 40\n```",
        "q2": f"print('sum: 41')  # {model.OWN_WORDS}",
        "q3": "sum: 41",
        "q4": "raise SystemExit; import os; os.abort()",
    }
    result = await submitted(learner, quiz, answers)
    assert [(one["score"], one["graded_by"]) for one in result["answers"]] == [
        (1.0, "match"),
        (1.0, "model"),
        (0.0, "match"),
        (0.0, "model"),
    ]


async def test_learners_are_not_asked_the_same_again(learner: httpx.AsyncClient) -> None:
    seen = [
        question["question"]
        for _ in range(3)
        for question in (await made(learner, topic="Capitals", questionCount=4))["questions"]
    ]
    assert len(set(seen)) == 12


async def test_who_leaves_finds_the_quiz_and_the_result_later(
    learner: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    provider.delay = 0.3
    answer = await learner.post("/v1/ai/generate-quiz", json={"topic": "Capitals"}, headers={"Prefer": "wait=0"})
    assert (answer.status_code, answer.json()["status"], answer.json()["questions"]) == (202, "writing", [])
    location = answer.headers["Location"]
    early = await learner.post(f"{location}/submit", json={"answers": []})
    assert early.status_code == 409
    quiz = await no_longer_written(learner, location)
    assert quiz["total_questions"] == 5
    listed = (await learner.get("/v1/quizzes")).json()["items"]
    assert [UUID(one["quiz_id"]) for one in listed] == [UUID(quiz["quiz_id"])]
    assert await services.database.fetchval("SELECT count(*) FROM leases WHERE state = 'OPEN'") == 0
