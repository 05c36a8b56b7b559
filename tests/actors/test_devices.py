"""Of one device there is one session, whichever instances its sockets are on, and the latest wins."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from uuid import UUID, uuid4

import anyio
import pytest

from actors.devices import Devices
from lyo_rt.broadcast.in_process import InProcessBroadcast
from tests.actors.streaming import LoopClock

pytestmark = pytest.mark.anyio
USER = uuid4()


@asynccontextmanager
async def instances(count: int) -> AsyncIterator[list[Devices]]:
    """Several, over one broadcast."""
    broadcast = InProcessBroadcast(LoopClock())
    async with anyio.create_task_group() as tasks, AsyncExitStack():
        made = [Devices(broadcast, LoopClock()) for _ in range(count)]
        for one in made:
            tasks.start_soon(one.run)
        await anyio.wait_all_tasks_blocked()
        yield made
        tasks.cancel_scope.cancel()


async def test_a_newer_session_of_a_device_replaces_the_older_wherever_it_is(second: float) -> None:
    replaced: list[str] = []
    async with instances(2) as (first, other):
        await first.arrive(USER, "phone", uuid4(), lambda: replaced.append("first"))
        await anyio.sleep(second)
        await other.arrive(USER, "phone", uuid4(), lambda: replaced.append("second"))
        assert replaced == ["first"]
        await anyio.sleep(second)
        await other.arrive(USER, "phone", uuid4(), lambda: replaced.append("third"))
        assert replaced.count("second") == 1
        assert "third" not in replaced


async def test_other_devices_and_other_learners_are_left_alone() -> None:
    replaced: list[str] = []
    async with instances(2) as (first, other):
        for user, device in ((USER, "phone"), (USER, "tablet"), (uuid4(), "phone")):
            await first.arrive(user, device, uuid4(), lambda: replaced.append("one"))
        await other.arrive(uuid4(), "tablet", uuid4(), lambda: replaced.append("two"))
        assert replaced == []


async def test_of_two_at_the_same_moment_one_stays() -> None:
    replaced: set[UUID] = set()
    sessions = [uuid4() for _ in range(20)]
    async with instances(4) as all_:
        async with anyio.create_task_group() as arriving:
            for number, session in enumerate(sessions):
                told = partial(replaced.add, session)
                arriving.start_soon(all_[number % 4].arrive, USER, "phone", session, told)
        await anyio.wait_all_tasks_blocked()
    assert len(replaced) == len(sessions) - 1


async def test_a_session_that_has_ended_is_told_nothing(second: float) -> None:
    replaced: list[str] = []
    async with instances(1) as (only,):
        leave = await only.arrive(USER, "phone", uuid4(), lambda: replaced.append("ended"))
        leave()
        leave()
        await anyio.sleep(second)
        await only.arrive(USER, "phone", uuid4(), lambda: replaced.append("other"))
        assert replaced == []
