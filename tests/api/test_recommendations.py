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
    own = await course(services, learner, "Beekeeping for the garden", is_published=False)
    knitting = await course(services, author, "Knitting a scarf")
    bees = await course(services, author, "Honey and beekeeping", description="How bees make honey")
    foreign = await course(services, author, "Stricken und Häkeln", locale="de")
    body = await recommended(learner)
    assert [one["course_id"] for one in body["items"]] == [bees, own, knitting]
    assert foreign not in str(body)
    best, begun, other = body["items"]
    assert (begun["matched"], begun["personalization_factors"][0]) == ([], "unfinished")
    assert best["matched"] == ["beekeeping"]
    assert "“beekeeping”" in best["reason"]
    assert best["personalization_factors"] == ["interests_match", "skill_level_appropriate", "language_match"]
    assert "interests_match" not in other["personalization_factors"]
    assert 0 < other["confidence"] < best["confidence"] <= 1
    assert (body["nextCursor"], body["ai_model_used"], body["degraded"]) == (None, "lyo-outline", True)


async def test_what_cannot_be_seen_or_is_begun_is_not_recommended(
    services: Services, learner: httpx.AsyncClient, author: httpx.AsyncClient
) -> None:
    await course(services, author, "Private notes on optics", is_published=False)
    begun = await course(services, author, "Optics begun")
    answer = await learner.post("/v1/tutor/conversations", json={"resource": begun})
    assert answer.status_code == 201, answer.text
    assert (await recommended(learner))["items"] == []
    fresh = await course(services, author, "Optics for sailors")
    items = (await recommended(learner))["items"]
    assert [one["course_id"] for one in items] == [fresh]


async def rate(services: Services, learner: httpx.AsyncClient, subject: str, title: str, value: float) -> None:
    me = (await learner.get("/v1/users/me")).json()["id"]
    await services.database.execute(
        "INSERT INTO abilities (user_id, subject, title, value, answers) VALUES ($1, $2, $3, $4, 30)",
        me,
        subject,
        title,
        value,
    )


async def test_difficulty_weighs_towards_what_the_learner_can_mostly_answer(
    services: Services, learner: httpx.AsyncClient, author: httpx.AsyncClient
) -> None:
    levels = {
        level: await course(services, author, f"Optics, {level}", difficulty=level)
        for level in ("beginner", "intermediate", "advanced")
    }
    await rate(services, learner, "topic:optics", "Optics", 1.2)
    items = (await recommended(learner))["items"]
    assert items[0]["course_id"] == levels["intermediate"], "81 % with the doubt about a related subject: in the band"
    assert "skill_level_appropriate" in items[0]["personalization_factors"]
    assert items[-1]["course_id"] == levels["beginner"] or items[-1]["confidence"] == items[1]["confidence"]


async def test_own_courses_are_recommended_until_they_are_too_easy(
    services: Services, learner: httpx.AsyncClient
) -> None:
    made = [await course(services, learner, f"Own {number}") for number in range(4)]
    items = (await recommended(learner))["items"]
    assert [one["course_id"] for one in items] == made[:1:-1], "the two newest"
    assert all("unfinished" in one["personalization_factors"] for one in items)
    await rate(services, learner, f"course:{made[3]}", "Own 3", 2.0)
    assert [one["course_id"] for one in (await recommended(learner))["items"]] == [made[2], made[1]]


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
