"""Courses and tasks through the public door: asked for, followed, read, listed, cancelled; whose they are."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.services import Services
from tests.api.learners import events_of, signed_in

pytestmark = pytest.mark.anyio

SOURCE = (
    "Honey bees live in colonies. A colony has one queen, who lays all the eggs. Worker bees gather nectar from "
    "flowers. Nectar is stored in wax cells and dried until it becomes honey. In winter the bees form a cluster and "
    "eat the honey they have stored. A swarm leaves the hive when the colony has grown too large."
)


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in learner."""
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def stranger(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """Another one."""
    async with await signed_in(services, address, "Stranger") as client:
        yield client


async def generated(learner: httpx.AsyncClient, **brief: Any) -> dict[str, Any]:
    """Kick a course off, follow it to its end, and read it."""
    accepted = await kicked_off(learner, **brief)
    async with learner.stream("GET", f"/v1/tasks/{accepted['task_id']}/events") as events:
        last = [data async for _, _, data in events_of(events)][-1]
    assert last["state"] == "DONE"
    course = await learner.get(f"/v1/courses/{last['resultId']}")
    assert course.status_code == 200
    found: dict[str, Any] = course.json()
    return found


async def kicked_off(learner: httpx.AsyncClient, **brief: Any) -> dict[str, str]:
    answer = await learner.post("/v1/courses:generate", json=brief, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code == 202, answer.text
    accepted: dict[str, str] = answer.json()
    return accepted


async def test_a_course_uses_what_it_is_given(learner: httpx.AsyncClient) -> None:
    course = await generated(
        learner,
        topic="Bienenhaltung",
        level="advanced",
        locale="de",
        interests=["Garten"],
        objectives=["Schwärme verstehen", "Honig ernten", "Winterfest machen"],
    )
    assert course["status"] == "completed"
    assert (course["difficulty"], course["locale"]) == ("advanced", "de")
    assert "Schwärme verstehen" in course["objectives"]
    text = " ".join(item["content"] or "" for item in course["items"])
    assert "Bienenhaltung" in text
    assert "Garten" in text
    assert course["ai_generation_metadata"]["model_used"] == "lyo-outline"
    assert course["ai_generation_metadata"]["degraded"] is True


async def test_a_course_from_a_text_is_built_of_that_text(learner: httpx.AsyncClient) -> None:
    course = await generated(learner, topic="Honey bees", source_text=SOURCE)
    text = " ".join(item["content"] or "" for item in course["items"])
    for sentence in ("A colony has one queen", "Worker bees gather nectar", "In winter the bees form a cluster"):
        assert sentence in text


async def test_the_payload_is_normalised(learner: httpx.AsyncClient) -> None:
    course = await generated(learner, topic="Chess openings")
    items = {item["id"]: item for item in course["items"]}
    assert 4 <= len(course["modules"]) <= 12
    assert [lesson["order"] for lesson in course["lessons"]] == list(range(1, len(course["lessons"]) + 1))
    assert sorted(id for lesson in course["lessons"] for id in lesson["items"]) == sorted(items)
    assert [id for module in course["modules"] for id in module["lessons"]] == [
        lesson["id"] for lesson in course["lessons"]
    ]
    for item in items.values():
        assert {"id", "type", "title", "content", "source", "sourceUrl", "duration"} <= item.keys()
        assert item["sourceUrl"] is None or item["sourceUrl"].startswith("https://")
    quizzes = [item for item in items.values() if item["type"] == "quiz"]
    assert len(quizzes) == len(course["modules"])
    for quiz in quizzes:
        assert quiz["detail"]["questions"]
        assert "key" not in quiz["detail"]
    minutes = sum(lesson["estimated_minutes"] for lesson in course["lessons"])
    assert minutes == course["estimated_minutes"] == sum(module["estimated_minutes"] for module in course["modules"])


async def test_an_event_stream_resumes_behind_the_last_event(learner: httpx.AsyncClient) -> None:
    accepted = await kicked_off(learner, topic="Sailing knots")
    path = f"/v1/tasks/{accepted['task_id']}/events"
    async with learner.stream("GET", path, headers={"Last-Event-ID": "1-0"}) as events:
        everything = [event async for event in events_of(events)]
    assert [id for id, _, _ in everything] == [f"1-{seq}" for seq in range(1, len(everything) + 1)]
    assert everything[0][2]["state"] == "PENDING"
    async with learner.stream("GET", path, headers={"Last-Event-ID": everything[4][0]}) as events:
        assert [event async for event in events_of(events)] == everything[5:]
    async with learner.stream("GET", path) as events:
        assert [event async for event in events_of(events)] == everything[-1:]


async def test_a_stranger_finds_nothing(learner: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    accepted = await kicked_off(learner, topic="Fermentation")
    task, course = accepted["task_id"], accepted["provisional_course_id"]
    for method, path in (
        ("GET", f"/v1/tasks/{task}"),
        ("GET", f"/v1/tasks/{task}/status"),
        ("GET", f"/v1/tasks/{task}/events"),
        ("POST", f"/v1/tasks/{task}/cancel"),
        ("GET", f"/v1/courses/{course}"),
    ):
        answer = await stranger.request(method, path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await stranger.get("/v1/tasks")).json()["items"] == []
    assert (await stranger.get("/v1/courses?scope=own")).json()["items"] == []


async def test_every_fault_is_told_at_once_and_nothing_begins(learner: httpx.AsyncClient) -> None:
    answer = await learner.post(
        "/v1/courses:generate",
        json={"topic": " ", "level": "expert", "duration": "40_weeks", "objectives": ["one"], "locale": "???"},
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/topic", "/level", "/duration", "/objectives", "/locale"}
    assert (await learner.get("/v1/tasks")).json()["items"] == []


async def test_without_a_key_nothing_begins(learner: httpx.AsyncClient) -> None:
    answer = await learner.post("/v1/courses:generate", json={"topic": "Knitting"})
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")


async def test_prefer_wait_waits_for_the_end(learner: httpx.AsyncClient) -> None:
    answer = await learner.post(
        "/v1/courses:generate",
        json={"topic": "Knitting"},
        headers={"Idempotency-Key": "k", "Prefer": "wait=20"},
    )
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=20"
    assert (await learner.get(answer.headers["location"])).json()["state"] == "DONE"


async def test_pages_of_courses_are_stable_under_inserts(learner: httpx.AsyncClient) -> None:
    for number in range(5):
        await kicked_off(learner, topic=f"Topic number {number}")
    first = (await learner.get("/v1/courses?limit=2&scope=own")).json()
    await kicked_off(learner, topic="A newer one")
    seen = list(first["items"])
    cursor = first["nextCursor"]
    while cursor:
        page = (await learner.get("/v1/courses", params={"limit": 2, "scope": "own", "cursor": cursor})).json()
        seen += page["items"]
        cursor = page["nextCursor"]
    assert len({course["id"] for course in seen}) == len(seen) == 5


async def test_a_finished_task_cannot_be_cancelled_any_more(learner: httpx.AsyncClient) -> None:
    course = await generated(learner, topic="Origami")
    task = (await learner.get("/v1/tasks")).json()["items"][0]
    answer = await learner.post(f"/v1/tasks/{task['task_id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "DONE")
    assert (await learner.get(f"/v1/courses/{course['id']}")).status_code == 200
