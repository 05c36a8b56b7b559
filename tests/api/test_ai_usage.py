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
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import become, events_of, give, refresh, signed_in
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
        text = "".join(data["text"] for name, data in frames if name == "delta")
        assert frames[-1][1]["status"] == "failed"
        assert text.startswith("Your AI budget of 1000 tokens a day is used up; it resets at ")
        assert frames[-1][1]["length"] == len(text)
        assert provider.requests == []
