"""Recommendations through the public door: what fits, and why; nothing of strangers, nothing begun."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.services import Services
from tests.api.learners import signed_in
from tests.api.published import course

pytestmark = pytest.mark.anyio


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in learner."""
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def author(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody else."""
    async with await signed_in(services, address, "Author") as client:
        yield client


async def recommended(learner: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await learner.get(f"/v1/feeds/recommendations{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_courses_that_share_words_come_first_and_say_so(
    services: Services, learner: httpx.AsyncClient, author: httpx.AsyncClient
) -> None:
    await course(services, learner, "Beekeeping for the garden", is_published=False)
    knitting = await course(services, author, "Knitting a scarf")
    bees = await course(services, author, "Honey and beekeeping", description="How bees make honey")
    foreign = await course(services, author, "Stricken und Häkeln", locale="de")
    body = await recommended(learner)
    assert [one["course_id"] for one in body["items"]] == [bees, knitting]
    assert foreign not in str(body)
    best, other = body["items"]
    assert best["matched"] == ["beekeeping"]
    assert "“beekeeping”" in best["reason"]
    assert best["personalization_factors"] == ["interests_match", "skill_level_appropriate", "language_match"]
    assert "interests_match" not in other["personalization_factors"]
    assert 0 < other["confidence"] < best["confidence"] <= 1
    assert (body["nextCursor"], body["ai_model_used"], body["degraded"]) == (None, "lyo-outline", True)


async def test_what_cannot_be_seen_or_is_begun_or_own_is_not_recommended(
    services: Services, learner: httpx.AsyncClient, author: httpx.AsyncClient
) -> None:
    await course(services, author, "Private notes on optics", is_published=False)
    own = await course(services, learner, "My own optics")
    begun = await course(services, author, "Optics begun")
    answer = await learner.post("/v1/tutor/conversations", json={"resource": begun})
    assert answer.status_code == 201, answer.text
    assert (await recommended(learner))["items"] == []
    fresh = await course(services, author, "Optics for sailors")
    items = (await recommended(learner))["items"]
    assert [one["course_id"] for one in items] == [fresh]
    assert own not in str(items)


async def test_the_limit_is_kept_and_a_bad_one_refused(
    services: Services, learner: httpx.AsyncClient, author: httpx.AsyncClient
) -> None:
    for number in range(3):
        await course(services, author, f"Course {number}")
    assert len((await recommended(learner, "?limit=2"))["items"]) == 2
    for bad in ("0", "21", "x", "-1", "٣"):
        answer = await learner.get("/v1/feeds/recommendations", params={"limit": bad})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "query:limit"
