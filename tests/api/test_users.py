"""One's own profile, preferences, stats and activity; and what others may read of somebody."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.services import Services
from tests.api.learners import Client, become, signed_in, user_of
from tests.api.published import course
from tests.api.quizzing import made, right, submitted

pytestmark = pytest.mark.anyio

PREFERENCES: dict[str, Any] = {
    "language": "pt-BR",
    "timezone": "Asia/Kathmandu",
    "learning_style": "visual",
    "notification_preferences": {
        "course_ready": False,
        "streak_at_risk": True,
        "league_result": True,
        "reply": True,
        "quiet_hours": {"start": "22:00", "end": "06:30"},
    },
    "privacy_settings": {"profile_visibility": "private", "show_stats": True},
}
READ_ONLY = {
    "id": str(uuid4()),
    "email": "root@example.com",
    "user_type": "super_admin",
    "is_active": False,
    "is_verified": True,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "role_changed_at": "2020-01-01T00:00:00Z",
    "suspended_at": None,
    "password_hash": "x",
    "total_xp": 1_000_000,
}


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Ada") as client:
        yield client


@pytest.fixture
async def stranger(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Bob") as client:
        yield client


def faults(answer: httpx.Response) -> dict[str, str]:
    """What a refused request was told, by pointer."""
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_ERROR"), answer.text
    return {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}


async def me(client: httpx.AsyncClient) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get("/v1/users/me")).json()
    return body


async def test_a_new_profile_has_the_seed_s_fields(learner: Client) -> None:
    profile = await me(learner)
    assert profile.keys() == {
        "id", "email", "full_name", "user_type", "is_active", "is_verified", "created_at", "updated_at", "bio",
        "consent", "avatar_url", "learning_style", "timezone", "language", "notification_preferences",
        "privacy_settings",
    }  # fmt: skip
    assert (profile["timezone"], profile["language"], profile["bio"]) == ("UTC", "en", None)
    assert profile["privacy_settings"] == {"profile_visibility": "public", "show_stats": False}
    assert profile["notification_preferences"]["quiet_hours"] is None


async def test_put_replaces_the_profile_and_leaves_the_preferences(learner: Client) -> None:
    await learner.put("/v1/users/me/preferences", json=PREFERENCES)
    first = {
        "full_name": "  Ada B\u0065\u0301la ",
        "bio": "I bake.\nAnd read.",
        "avatar_url": "https://example.com/a.png",
    }
    answer = await learner.put("/v1/users/me", json=first)
    assert answer.status_code == 200
    assert answer.json() == await me(learner)
    assert answer.json()["full_name"] == "Ada Béla"
    assert answer.json()["bio"] == "I bake.\nAnd read."
    again = (await learner.put("/v1/users/me", json={"full_name": "Ada"})).json()
    assert (again["full_name"], again["bio"], again["avatar_url"]) == ("Ada", None, None)
    assert {name: again[name] for name in PREFERENCES} == PREFERENCES
    assert again["updated_at"] > answer.json()["updated_at"]


async def test_patch_changes_what_is_given_and_nothing_else(learner: Client) -> None:
    await learner.put("/v1/users/me/preferences", json=PREFERENCES)
    before = await me(learner)
    patch = {
        "bio": "Bread.",
        "privacy_settings": {"show_stats": False},
        "notification_preferences": {"quiet_hours": None},
    }
    after = (await learner.patch("/v1/users/me", json=patch)).json()
    expected = {
        **before,
        "bio": "Bread.",
        "privacy_settings": {"profile_visibility": "private", "show_stats": False},
        "notification_preferences": {**PREFERENCES["notification_preferences"], "quiet_hours": None},
        "updated_at": after["updated_at"],
    }
    assert after == expected
    assert (await learner.patch("/v1/users/me", json={})).json() == after
    cleared = (await learner.patch("/v1/users/me", json={"bio": None, "learning_style": None})).json()
    assert (cleared["bio"], cleared["learning_style"]) == (None, None)


async def test_what_is_not_one_s_to_change_is_refused_not_ignored(learner: Client) -> None:
    before = await me(learner)
    for method in ("PUT", "PATCH"):
        answer = await learner.request(method, "/v1/users/me", json={"full_name": "Root", "bio": "x", **READ_ONLY})
        assert faults(answer).keys() == {f"/{name}" for name in READ_ONLY}
    assert await me(learner) == before


async def test_every_fault_is_told_at_once_and_nothing_changes(learner: Client) -> None:
    before = await me(learner)
    wrong = {
        "full_name": " ",
        "bio": "x" * 1001,
        "avatar_url": "javascript:alert(1)",
        "language": "xx-nowhere",
        "timezone": "Mars/Olympus",
        "learning_style": "osmosis",
        "notification_preferences": {"reply": "no", "quiet_hours": {"start": "25:00"}, "pager": True},
        "privacy_settings": {"profile_visibility": "friends", "show_stats": 1},
        "xp": 5,
    }
    assert faults(await learner.patch("/v1/users/me", json=wrong)).keys() == {
        "/full_name", "/bio", "/avatar_url", "/language", "/timezone", "/learning_style", "/xp",
        "/notification_preferences/reply", "/notification_preferences/quiet_hours/start",
        "/notification_preferences/quiet_hours/end", "/notification_preferences/pager",
        "/privacy_settings/profile_visibility", "/privacy_settings/show_stats",
    }  # fmt: skip
    assert await me(learner) == before


ADDRESSES = {
    "https://example.com/ada.png?size=2": True,
    "/v1/media/7b0c9d4e-5a57-4f0e-9c55-5a1f0b1d2c3e": True,
    "http://example.com/a.png": False,
    "https://user:secret@example.com/a.png": False,
    "https:///a.png": False,
    "https://example.com:99999/a.png": False,
    "https://example.com/a b.png": False,
    "https://example.com/" + "a" * 500: False,
    "/v1/media/../admin/audit": False,
    "data:image/png;base64,AAAA": False,
    "//example.com/a.png": False,
    "https://example.com/ä.png": False,
    "https://[::1/a.png": False,
}


async def test_an_avatar_is_an_https_address_or_our_own_media(learner: Client) -> None:
    for address, taken in ADDRESSES.items():
        await learner.patch("/v1/users/me", json={"avatar_url": None})
        answer = await learner.patch("/v1/users/me", json={"avatar_url": address})
        assert answer.status_code == (200 if taken else 422), address
        assert (await me(learner))["avatar_url"] == (address if taken else None)


async def test_control_characters_are_no_part_of_a_bio(learner: Client) -> None:
    for bio in (b"bell\\u0007", b"surrogate \\ud800"):
        body = b'{"bio": "' + bio + b'"}'
        answer = await learner.patch("/v1/users/me", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}
    assert (await me(learner))["bio"] is None


async def test_null_does_not_clear_what_must_be_there(learner: Client) -> None:
    fields = ("full_name", "language", "timezone", "notification_preferences", "privacy_settings")
    answer = await learner.patch("/v1/users/me", json=dict.fromkeys(fields))
    assert faults(answer).keys() == {f"/{name}" for name in fields}


async def test_preferences_are_replaced_as_a_whole(learner: Client) -> None:
    assert (await learner.put("/v1/users/me/preferences", json=PREFERENCES)).json() == PREFERENCES
    assert (await learner.get("/v1/users/me/preferences")).json() == PREFERENCES
    missing = faults(await learner.put("/v1/users/me/preferences", json={"language": "de", "bio": "x"}))
    assert missing.keys() == {f"/{name}" for name in PREFERENCES if name != "language"} | {"/bio"}
    assert (await learner.get("/v1/users/me/preferences")).json() == PREFERENCES


async def test_stats_are_counted_from_the_records(learner: Client, stranger: Client, services: Services) -> None:
    empty = (await learner.get("/v1/users/me/stats")).json()
    assert (empty["courses"]["created"], empty["quizzes"]["average_score"], empty["last_active_at"]) == (0, None, None)
    assert empty["patterns"] == {"active_days": 0, "by_weekday": [0] * 7, "by_hour": [0] * 24}

    bread = await course(services, learner, "Bread")
    quiz = await made(learner, content=TEXT, questionCount=2)
    keys = right(quiz)
    first = next(iter(keys))
    await submitted(learner, quiz, {first: keys[first]}, time_spent=90)
    talk = (await learner.post("/v1/tutor/conversations", json={"resource": bread})).json()["id"]
    said = await learner.post(f"/v1/tutor/conversations/{talk}/messages", json={"text": "Why does it rise?"})
    assert said.status_code == 202
    await course(services, stranger, "Cheese")

    stats = (await learner.get("/v1/users/me/stats")).json()
    assert stats["courses"] == {"created": 1, "completed": 1, "generating": 0, "failed": 0}
    assert stats["quizzes"]["created"] == stats["quizzes"]["attempts"] == 1
    assert stats["quizzes"]["answers"] == len(keys)
    assert stats["quizzes"]["average_score"] == pytest.approx(100 / len(keys), abs=0.1)
    assert stats["quizzes"]["minutes"] == 1.5
    assert stats["tutoring"] == {"conversations": 1, "messages": 1}
    assert stats["tasks"] == {"pending": 0, "running": 0, "done": 0, "error": 0, "cancelled": 0}
    assert stats["last_active_at"] is not None
    assert stats["patterns"]["active_days"] >= 1
    assert sum(stats["patterns"]["by_hour"]) == sum(stats["patterns"]["by_weekday"]) >= 1


TEXT = (
    "Yeast is a fungus that eats sugar. Yeast makes carbon dioxide, which lifts the dough. Gluten is a network of "
    "proteins that holds the gas. Kneading strengthens the gluten network. Salt slows the yeast down."
)


async def test_days_are_counted_on_the_learner_s_own_calendar(learner: Client, services: Services) -> None:
    now = services.clock.now()
    evening = datetime(now.year, now.month, now.day, 18, 20, tzinfo=UTC)
    for title in ("One", "Two"):
        id = await course(services, learner, title)
        await services.database.execute("UPDATE courses SET created_at = $2 WHERE id = $1::text::uuid", id, evening)
    await learner.patch("/v1/users/me", json={"timezone": "Asia/Kathmandu"})
    patterns = (await learner.get("/v1/users/me/stats")).json()["patterns"]
    assert patterns["active_days"] == 1
    assert [hour for hour, count in enumerate(patterns["by_hour"]) if count] == [0]
    assert [day for day, count in enumerate(patterns["by_weekday"]) if count] == [(evening.weekday() + 1) % 7]


async def test_activity_is_listed_newest_first_and_paged_without_loss(
    learner: Client, stranger: Client, services: Services
) -> None:
    for title in ("One", "Two", "Three"):
        await course(services, learner, title)
    await learner.post("/v1/tutor/conversations", json={"title": "Talk"})
    quiz = await made(learner, content=TEXT, questionCount=2)
    await submitted(learner, quiz, right(quiz))
    await learner.post("/v1/courses:generate", json={"topic": "Tides"}, headers={"Idempotency-Key": "1"})
    await course(services, stranger, "Cheese")
    whole = (await learner.get("/v1/users/me/activity?limit=100")).json()
    kinds = [item["kind"] for item in whole["items"]]
    assert sorted(kinds) == ["attempt", "conversation", "course", "course", "course", "course", "quiz", "task"]
    assert [item["at"] for item in whole["items"]] == sorted((item["at"] for item in whole["items"]), reverse=True)
    assert {"One", "Two", "Three", "Talk"} < {item["title"] for item in whole["items"]}

    paged: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await learner.get("/v1/users/me/activity", params=query)).json()
        paged += page["items"]
        cursor = page["nextCursor"]
    assert [item["id"] for item in paged] == [item["id"] for item in whole["items"]]
    first = (await learner.get("/v1/users/me/activity?limit=3")).json()["nextCursor"]
    assert (await stranger.get("/v1/users/me/activity", params={"cursor": first})).status_code == 400


async def test_others_read_what_a_profile_shows_and_nothing_else(learner: Client, stranger: Client) -> None:
    await learner.patch("/v1/users/me", json={"bio": "Bread."})
    profile = await me(learner)
    shown = (await stranger.get(f"/v1/users/{profile['id']}/profile")).json()
    assert shown == {
        "id": profile["id"],
        "full_name": "Ada",
        "bio": "Bread.",
        "avatar_url": None,
        "is_teacher": False,
        "member_since": profile["created_at"],
        "stats": None,
    }
    await learner.patch("/v1/users/me", json={"privacy_settings": {"show_stats": True}})
    shown = (await stranger.get(f"/v1/users/{profile['id']}/profile")).json()
    assert shown["stats"]["courses"]["created"] == 0
    assert "patterns" not in shown["stats"]


async def test_a_private_profile_does_not_exist_for_strangers(
    learner: Client, stranger: Client, services: Services
) -> None:
    path = f"/v1/users/{user_of(learner)}/profile"
    for visibility in ("private", "teachers"):
        await learner.patch("/v1/users/me", json={"privacy_settings": {"profile_visibility": visibility}})
        hidden, absent = await stranger.get(path), await stranger.get(f"/v1/users/{uuid4()}/profile")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json()["detail"] == absent.json()["detail"]
        assert (await learner.get(path)).json()["stats"] is not None
    await become(services, stranger, "teacher")
    assert (await stranger.get(path)).status_code == 404
    await become(services, stranger, "admin")
    assert (await stranger.get(path)).status_code == 200
