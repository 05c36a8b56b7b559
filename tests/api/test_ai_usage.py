"""What was used and what it cost, as learners and admins are told; and what a used-up budget does to who asks."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest
from pydantic import SecretStr

from api.services import Services
from lyo_rt.language_models.budgets import resets_at
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import become, events_of, give, refresh, signed_in, text_of, user_of
from tests.api.published import course
from tests.api.quizzing import made, submitted
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI.running() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    return with_settings(
        settings,
        ai_providers=("openai",),
        openai_api_key=SecretStr("k"),
        openai_base_url=f"{provider.address}/v1",
        ai_daily_budget_usd=Decimal(10),
    )


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


async def written(learner: httpx.AsyncClient, topic: str = "Tides") -> dict[str, Any]:
    """The task of a course, once it has ended."""
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Prefer": "wait=20"}
    accepted = await learner.post("/v1/courses:generate", json={"topic": topic}, headers=headers)
    assert accepted.status_code == 202, accepted.text
    task: dict[str, Any] = (await learner.get(f"/v1/tasks/{accepted.json()['task_id']}")).json()
    return task


async def said(learner: httpx.AsyncClient, text: str) -> list[tuple[str, Any]]:
    """All that a tutor's turn sends."""
    id = (await learner.post("/v1/tutor/conversations", json={})).json()["id"]
    path, accept = f"/v1/tutor/conversations/{id}/messages", {"Accept": "text/event-stream"}
    async with learner.stream("POST", path, json={"text": text}, headers=accept) as response:
        return [(name, data) async for _, name, data in events_of(response)]


async def test_a_learner_sees_what_was_used_and_what_is_left(
    services: Services, address: tuple[str, int], learner: httpx.AsyncClient, provider: OpenAI
) -> None:
    before = (await learner.get("/v1/ai/usage")).json()
    assert (before["calls"], before["tokens"], before["remaining_tokens"]) == (0, 0, 200_000)
    assert (await written(learner))["state"] == "DONE"
    await said(learner, "Why twice a day?")
    response = await learner.get("/v1/ai/usage")
    used = response.json()
    assert response.headers["cache-control"] == "private, no-store"
    assert used["calls"] == len(provider.requests)
    assert [purpose["purpose"] for purpose in used["purposes"]] == ["course", "tutor"]
    assert used["tokens"] == sum(purpose["tokens"] for purpose in used["purposes"]) > 0
    assert used["remaining_tokens"] == used["limit_tokens"] - used["tokens"]
    assert used["cost_usd"] > 0
    assert datetime.fromisoformat(used["resets_at"]) > datetime.now(UTC)
    async with await signed_in(services, address, "Stranger") as stranger:
        assert (await stranger.get("/v1/ai/usage")).json()["calls"] == 0


async def test_admins_see_what_it_costs(services: Services, learner: httpx.AsyncClient, provider: OpenAI) -> None:
    refused = await learner.get("/v1/admin/ai/costs")
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    await said(learner, "Why twice a day?")
    await written(learner)
    await become(services, learner, "admin")
    costs = (await learner.get("/v1/admin/ai/costs")).json()
    assert {(one["provider"], one["model"]) for one in costs["days"]} == {
        ("openai", "gpt-4o"),
        ("openai", "gpt-4o-mini"),
    }
    assert sum(one["calls"] for one in costs["days"]) == sum(one["done"] for one in costs["days"])
    assert sum(one["calls"] for one in costs["days"]) == len(provider.requests)
    stored = await services.database.fetchval("SELECT sum(cost)::float8 FROM ai_usage")
    assert costs["cost_usd"] == costs["today_usd"] == pytest.approx(stored)
    assert costs["remaining_usd"] == pytest.approx(10 - stored)
    assert (costs["unpriced_calls"], costs["cache"]["hits"], costs["cache"]["joins"]) == (0, 0, 0)
    bought = await services.database.fetchval("SELECT count(*) FROM ai_usage WHERE purpose = 'course'")
    assert costs["cache"]["misses"] == bought, "a tutor's turns are not shared"
    await give(services, learner, "student")
    assert (await learner.get("/v1/admin/ai/costs")).json()["code"] == "TOKEN_EXPIRED", (
        "a role taken away counts at once"
    )
    await refresh(services, learner)
    assert (await learner.get("/v1/admin/ai/costs")).status_code == 403


@pytest.mark.parametrize("days", ["0", "91", "x", "1e1", "-1"])
async def test_a_number_of_days_that_is_none_is_refused(
    services: Services, learner: httpx.AsyncClient, days: str
) -> None:
    await become(services, learner, "super_admin")
    response = await learner.get("/v1/admin/ai/costs", params={"days": days})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "query:days")


class TestWithoutTokens:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(settings, ai_user_daily_tokens=1000)

    async def test_a_course_ends_as_an_error_that_says_why(
        self, learner: httpx.AsyncClient, provider: OpenAI, services: Services
    ) -> None:
        task = await written(learner)
        assert task["state"] == "ERROR"
        assert task["message"].startswith("Your AI budget of 1000 tokens a day is used up; it resets at ")
        assert provider.requests == []
        assert await services.database.fetchval("SELECT count(*) FROM ai_usage") == 0

    async def test_a_tutor_s_turn_fails_and_says_why(self, learner: httpx.AsyncClient, provider: OpenAI) -> None:
        with anyio.fail_after(10):
            frames = await said(learner, "Why twice a day?")
        text = text_of(frames, frames[-1][1]["message"])
        assert (frames[-1][1]["status"], frames[-1][1]["code"]) == ("failed", "AI_BUDGET_EXHAUSTED")
        assert text.startswith("Your AI budget of 1000 tokens a day is used up; it resets at ")
        assert frames[-1][1]["length"] == len(text)
        assert provider.requests == []

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/v1/ai/study-session", {"userInput": "Why are leaves green?"}),
            ("/v1/ai/generate-quiz", {"topic": "Tides"}),
            ("/v1/ai/generate-course", {"topic": "Tides"}),
            ("/v1/ai/explain-code", {"code": "print(1)"}),
            ("/v1/ai/translate", {"text": "The moon pulls the sea.", "target_language": "de"}),
        ],
    )
    async def test_every_door_says_429_until_the_day_ends(
        self, services: Services, learner: httpx.AsyncClient, provider: OpenAI, path: str, body: dict[str, Any]
    ) -> None:
        if path.endswith("study-session"):
            body = body | {"resourceId": await course(services, learner, "Leaves")}
        with anyio.fail_after(30):
            answer = await learner.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (429, "AI_BUDGET_EXHAUSTED"), answer.text
        assert answer.json()["detail"].startswith("Your AI budget of 1000 tokens a day is used up; it resets at ")
        midnight = resets_at(datetime.now(UTC))
        assert abs(int(answer.headers["Retry-After"]) - (midnight - datetime.now(UTC)).total_seconds()) < 60
        assert provider.requests == []

    async def test_answers_in_own_words_are_graded_by_their_floor(
        self, learner: httpx.AsyncClient, provider: OpenAI, services: Services
    ) -> None:
        await self._spare(services, learner, 100_000)
        quiz = await made(learner, topic="Capitals", quizType="short_answer", questionCount=2, graded=True)
        await self._spare(services, learner, 0)
        result = await submitted(learner, quiz, {"q1": "100", "q2": "not as expected"})
        assert result["degraded"]
        assert "grading" not in provider.asked
        assert {one["graded_by"] for one in result["answers"]} <= {"match", "rules"}

    async def test_recommendations_give_reasons_without_a_model(
        self, services: Services, address: tuple[str, int], learner: httpx.AsyncClient
    ) -> None:
        async with await signed_in(services, address, "Author") as author:
            await course(services, author, "Tides")
        answer = await learner.get("/v1/feeds/recommendations")
        assert (answer.status_code, answer.json()["ai_model_used"]) == (200, "lyo-outline")

    async def test_a_task_keeps_the_code_and_when_to_come_back(self, learner: httpx.AsyncClient) -> None:
        task = await written(learner)
        assert task["code"] == "AI_BUDGET_EXHAUSTED"
        ahead = datetime.fromisoformat(task["retry_at"]) - resets_at(datetime.now(UTC))
        assert abs(ahead.total_seconds()) < 60

    async def _spare(self, services: Services, learner: httpx.AsyncClient, tokens: int) -> None:
        """So much more than the limit may be used today."""
        await services.database.execute(
            """
            INSERT INTO ai_user_budgets (day, user_id, tokens) VALUES ($1, $2, $3)
            ON CONFLICT (day, user_id) DO UPDATE SET tokens = excluded.tokens
            """,
            datetime.now(UTC).date(),
            user_of(learner),
            -tokens,
        )
