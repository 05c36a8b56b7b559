"""One key, one course: however often it comes at once, to which instance, as a request or as a frame."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest

from api.instance import open_instance
from api.services import Services
from lyo_rt.accounts.records import Registered
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.settings import Settings
from tests.api.conftest import served
from tests.api.sockets import Device, greeted

pytestmark = pytest.mark.anyio

BRIEF = {"topic": "Volcanoes", "level": "beginner"}
OTHER = {"topic": "Glaciers", "level": "beginner"}
KEY = "same"

Answer = tuple[int, Any]
"""The status, and the members of what was accepted or of the problem."""
Door = Callable[[str, Any], Awaitable[Answer]]
"""Asks for a course, with a key and a brief."""


class Ways:
    """The ways in to one instance: REST, and a session's frame, each as often as is wanted at once."""

    def __init__(self, http: httpx.AsyncClient, phones: list[Device]) -> None:
        self.http = http
        self.phones = phones

    async def rest(self, key: str, brief: Any) -> Answer:
        """By `POST /v1/courses:generate`."""
        answer = await self.http.post("/v1/courses:generate", json=brief, headers={"Idempotency-Key": key})
        return answer.status_code, answer.json()

    def frame(self, number: int = 0) -> Door:
        """By the frame `generate` of one of the phones, which one does at a time."""

        async def ask(key: str, brief: Any) -> Answer:
            reply = await self.phones[number].ask("generate", id=key, payload=brief)
            return (202, reply["ok"]) if "ok" in reply else (reply["problem"]["status"], reply["problem"])

        return ask

    def doors(self, way: str) -> list[Door]:
        """Six of them."""
        frames = [self.frame(number) for number in range(len(self.phones))]
        return {"rest": [self.rest] * 6, "frame": frames, "either": [*frames[:3], *[self.rest] * 3]}[way]


@pytest.fixture
async def learner(services: Services) -> Registered:
    return await services.accounts.register(
        email="ada@example.com", password="Correct-horse-9-battery", full_name="Ada"
    )


@pytest.fixture
async def ways(
    address: tuple[str, int], learner: Registered, database_url: str, settings: Settings
) -> AsyncIterator[list[Ways]]:
    """Those of two instances on one database; the first one's is that of this test's fixtures."""
    async with (
        open_instance(settings, SystemClock(), database_url=database_url, redis_url=None) as other,
        served(other.asgi) as elsewhere,
        AsyncExitStack() as stack,
    ):
        yield [await _ways(stack, at, learner.access_token) for at in (address, elsewhere)]


async def _ways(stack: AsyncExitStack, address: tuple[str, int], token: str) -> Ways:
    host, port = address
    http = httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=30, headers={"Authorization": f"Bearer {token}"})
    await stack.enter_async_context(http)
    return Ways(http, [await stack.enter_async_context(greeted(address, token)) for _ in range(6)])


async def at_once(doors: list[Door], briefs: list[Any] | None = None) -> list[Answer]:
    """All of them with the same key; what each was answered."""
    answers: list[Answer] = []

    async def ask(door: Door, brief: Any) -> None:
        answers.append(await door(KEY, brief))

    async with anyio.create_task_group() as tasks:
        for place, door in enumerate(doors):
            tasks.start_soon(ask, door, briefs[place] if briefs else BRIEF)
    return answers


async def begun(database: Database) -> dict[str, int]:
    """How much of everything that a kick-off makes there is."""
    row = await database.fetchrow(
        """
        SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM courses) AS courses,
            (SELECT count(*) FROM leases WHERE kind = 'generation') AS leases,
            (SELECT count(*) FROM streams WHERE name LIKE 'task:%') AS streams,
            (SELECT count(*) FROM stream_events WHERE seq = 1 AND data->>'state' = 'PENDING') AS beginnings
        """
    )
    assert row is not None
    return dict(row)


def courses(count: int) -> dict[str, int]:
    return dict.fromkeys(("tasks", "courses", "leases", "streams", "beginnings"), count)


@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("way", ["rest", "frame", "either"])
async def test_one_key_at_once_begins_exactly_one_course(
    ways: list[Ways], services: Services, way: str, instances: int
) -> None:
    answers = await at_once([door for one in ways[:instances] for door in one.doors(way)])
    assert len(answers) == 6 * instances
    [first, *others] = answers
    assert first[0] == 202
    assert others == [first] * len(others)
    assert await begun(services.database) == courses(1)
    task = await services.database.fetchrow("SELECT id::text, provisional_course_id::text AS course FROM tasks")
    assert task is not None
    assert first[1] == {"task_id": task["id"], "provisional_course_id": task["course"]}


@pytest.mark.parametrize("way", ["rest", "frame", "either"])
async def test_of_two_bodies_at_once_under_one_key_one_is_refused(
    ways: list[Ways], services: Services, way: str
) -> None:
    doors = [door for one in ways for door in one.doors(way)]
    answers = await at_once(doors, [(BRIEF, OTHER)[place % 2] for place in range(len(doors))])
    accepted = [body for status, body in answers if status == 202]
    refused = [body["code"] for status, body in answers if status == 422]
    assert accepted == accepted[:1] * 6
    assert refused == ["IDEMPOTENCY_KEY_REUSED"] * 6
    assert await begun(services.database) == courses(1)


@pytest.mark.parametrize("way", ["rest", "frame"])
async def test_a_bad_brief_takes_no_key(ways: list[Ways], services: Services, way: str) -> None:
    [door, *_] = ways[0].doors(way)
    status, problem = await door(KEY, {"topic": " "})
    assert (status, problem["code"]) == (422, "VALIDATION_ERROR")
    assert await begun(services.database) == courses(0)
    assert (await door(KEY, BRIEF))[0] == 202
    assert await begun(services.database) == courses(1)


@pytest.mark.parametrize(("way", "again"), [("rest", "frame"), ("frame", "rest")])
async def test_a_key_older_than_a_day_counts_as_new(ways: list[Ways], services: Services, way: str, again: str) -> None:
    async def age(by: timedelta) -> None:
        await services.database.execute("UPDATE idempotency_keys SET created_at = created_at - $1::interval", by)

    [first, *_] = await at_once(ways[0].doors(way))
    await age(timedelta(hours=23, minutes=59))
    assert await at_once(ways[1].doors(again)) == [first] * 6
    assert await begun(services.database) == courses(1)
    await age(timedelta(minutes=1))
    [second, *others] = await at_once([*ways[0].doors(again), *ways[1].doors(way)], [OTHER] * 12)
    assert second[0] == 202
    assert second[1].keys() == first[1].keys()
    assert set(second[1].values()).isdisjoint(first[1].values())
    assert others == [second] * 11
    assert await begun(services.database) == courses(2)
