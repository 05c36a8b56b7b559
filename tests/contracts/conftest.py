"""The implementations that the contracts are asked of. A module that asks takes the backend from `implementation`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from tests.loopback.valkey_cluster import Cluster, valkey_cluster
from tests.loopback.valkey_sentinels import Watched, watched_valkey


class Instances(NamedTuple):
    """The broadcast as two instances of the server hold it; in one process both are the same."""

    here: Broadcast
    there: Broadcast


@pytest.fixture(params=["in process, asyncio", "in process, trio", "redis", "sentinels", "cluster"])
def implementation(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def watched(short_dir: Path) -> Iterator[Watched]:
    with watched_valkey(short_dir / "watched") as servers:
        yield servers


@pytest.fixture(scope="session")
def cluster(short_dir: Path) -> Iterator[Cluster]:
    with valkey_cluster(short_dir / "cluster") as nodes:
        yield nodes


@pytest.fixture
def sentinels_url(watched: Watched) -> str:
    """The URL of the Sentinels, their master empty."""
    watched.master().do("FLUSHALL")
    return watched.url


@pytest.fixture
def cluster_url(cluster: Cluster) -> str:
    """The URL of the cluster, its masters empty."""
    for node in cluster.nodes:
        node.do("FLUSHALL")
    return cluster.url


@pytest.fixture
async def instances(implementation: str, request: pytest.FixtureRequest) -> AsyncIterator[Instances]:
    if implementation.startswith("in process"):
        broadcast = InProcessBroadcast(SystemClock())
        yield Instances(broadcast, broadcast)
        return
    url = request.getfixturevalue(f"{implementation}_url")
    clock = SystemClock()
    async with RedisBroadcast.open(url, clock=clock) as here, RedisBroadcast.open(url, clock=clock) as there:
        yield Instances(here, there)
