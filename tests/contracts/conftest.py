"""The implementations that the contracts are asked of. A module that asks takes the backend from `implementation`."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock


class Instances(NamedTuple):
    """The broadcast as two instances of the server hold it; in one process both are the same."""

    here: Broadcast
    there: Broadcast


@pytest.fixture(params=["in process, asyncio", "in process, trio", "redis"])
def implementation(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def instances(implementation: str, request: pytest.FixtureRequest) -> AsyncIterator[Instances]:
    if implementation != "redis":
        broadcast = InProcessBroadcast(SystemClock())
        yield Instances(broadcast, broadcast)
        return
    url = request.getfixturevalue("redis_url")
    clock = SystemClock()
    async with RedisBroadcast.open(url, clock=clock) as here, RedisBroadcast.open(url, clock=clock) as there:
        yield Instances(here, there)
