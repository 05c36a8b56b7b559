"""What operators are told, on a stream that nobody else finds: which instances come and go."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest

from actors.roll import Roll
from api.instance import Instance, open_instance
from api.services import Services
from lyo_rt import leases, streams
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.security.tokens import UserType
from lyo_rt.settings import Settings
from tests.api.learners import become, signed_in, token_of
from tests.api.sockets import Device, greeted

pytestmark = pytest.mark.anyio

DEAD = 2**61 + 5
BEGINNING = {"epoch": 1, "seq": 0}


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def console(address: tuple[str, int], services: Services, learner: httpx.AsyncClient) -> AsyncIterator[Device]:
    """An admin's socket, which follows the stream from its beginning."""
    await become(services, learner, "admin")
    async with greeted(address, token_of(learner)) as device:
        assert "ok" in await device.ask("subscribe", stream="ops", after=BEGINNING)
        yield device


async def next_event(device: Device) -> tuple[str, dict[str, Any]]:
    event = await device.until("event", stream="ops")
    return event["event"], event["data"]


async def test_only_those_find_it_who_are_admins_now(
    address: tuple[str, int], services: Services, learner: httpx.AsyncClient
) -> None:
    roles: tuple[UserType, ...] = ("teacher", "admin", "student", "super_admin")
    for role, found in zip(roles, (False, True, False, True), strict=True):
        await become(services, learner, role)
        async with greeted(address, token_of(learner)) as device:
            reply = await device.ask("subscribe", stream="ops")
            assert ("ok" in reply) is found
            assert found or (reply["problem"]["status"], reply["problem"]["code"]) == (404, "NOT_FOUND")


async def test_an_instance_that_starts_drains_and_stops_is_told_of(
    instance: Instance, settings: Settings, database_url: str, clock: Clock
) -> None:
    async with open_instance(settings, clock, database_url=database_url, redis_url=None) as other:
        await other.drain()
    told = await streams.read_after(instance.services.database, "ops", 0)
    assert [(event.name, event.data) for event in told] == [
        ("instance.started", {"instance": str(instance.id)}),
        ("instance.started", {"instance": str(other.id)}),
        ("instance.draining", {"instance": str(other.id)}),
        ("instance.stopped", {"instance": str(other.id)}),
    ]


async def test_a_lost_instance_is_told_of_once_with_what_others_took_over(
    console: Device, instance: Instance, database_url: str, services: Services
) -> None:
    database = services.database
    await database.execute(
        "SELECT pg_sleep(greatest(0, $1 - extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())))",
        leases.RETURN_SECONDS + 0.1,
    )
    await next_event(console)
    async with database.transaction() as transaction:
        for number in range(3):
            await leases.create(transaction, "test", UUID(int=number), owner=DEAD)
    assert len(await leases.claim(database, ["test"], instance.id, limit=2)) == 2
    async with Database.open(database_url, services.broadcast) as elsewhere, anyio.create_task_group() as rolls:
        for place in (database, elsewhere, elsewhere):
            rolls.start_soon(Roll(place, instance.id).run)
        await database.execute("INSERT INTO instances (id) VALUES ($1)", DEAD)
        assert await next_event(console) == ("instance.lost", {"instance": str(DEAD), "leases": 3})
        await database.execute("DELETE FROM instances WHERE id = $1", instance.id)
        assert await next_event(console) == ("instance.started", {"instance": str(instance.id)})
        rolls.cancel_scope.cancel()
    told = [event.name for event in await streams.read_after(database, "ops", 0)]
    assert told == ["instance.started", "instance.lost", "instance.started"]


async def test_who_comes_back_from_behind_what_was_trimmed_is_told_to_fetch_the_state(
    console: Device, services: Services
) -> None:
    async with services.database.transaction() as transaction:
        for number in range(3):
            await streams.append(transaction, "ops", "told", {"number": number})
    for _ in range(4):
        await next_event(console)
    await services.database.execute(
        "UPDATE stream_events SET created_at = now() - interval '8 days' WHERE stream = 'ops' AND seq < 3"
    )
    assert await streams.trim(services.database, "ops", 7) == 2
    again = (await console.ask("subscribe", stream="ops", after={"epoch": 1, "seq": 1}))["ok"]
    assert again == {"epoch": 1, "seq": 4, "recovered": False}
    again = (await console.ask("subscribe", stream="ops", after={"epoch": 1, "seq": 2}))["ok"]
    assert again == {"epoch": 1, "seq": 2, "recovered": True}
    assert (await next_event(console), await next_event(console)) == (("told", {"number": 1}), ("told", {"number": 2}))
