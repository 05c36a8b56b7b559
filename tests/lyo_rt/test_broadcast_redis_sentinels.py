"""The Redis broadcast behind Sentinels while the master changes; what it promises otherwise is in tests/contracts."""

import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio
import pytest

from lyo_rt.broadcast.contract import Draft
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.problems import Unavailable
from tests.loopback.valkey_process import free_port
from tests.loopback.valkey_sentinels import SERVICE, Watched, watched_valkey
from tests.lyo_rt.broadcast_faults import Witness, publishing, until_checked

pytestmark = pytest.mark.anyio

TOPIC = "conversation:7"
NOTICED_SECONDS = 5.0
FAILOVER_SECONDS = 20.0
"""Noticed after 0.5 s here, agreed upon, carried out: about 2 s; the rest is for a busy machine."""


@pytest.fixture(scope="module")
def watched(short_dir: Path) -> Iterator[Watched]:
    with watched_valkey(short_dir / "failing-over") as servers:
        yield servers


def opened(url: str) -> AbstractAsyncContextManager[RedisBroadcast]:
    return RedisBroadcast.open(url, clock=SystemClock())


async def test_a_failover_is_followed_and_nothing_is_lost_untold(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    before = watched.master()
    witness = Witness()
    async with (
        opened(watched.url) as here,
        opened(watched.url) as there,
        here.listen(TOPIC, witness),
        publishing(there, TOPIC) as sent,
    ):
        await witness.until(lambda: len(witness.payloads) > 20)
        await there.extend_draft("m", TOPIC, revision=1, at=0, text="so far", payload=b"")
        await anyio.to_thread.run_sync(watched.fail_over)
        assert watched.master() is not before
        async with opened(watched.url) as newcomer:
            sent.at[b"to the new master"] = time.monotonic()
            await newcomer.publish(TOPIC, b"to the new master")
        await witness.until(lambda: witness.losses > 0, within=NOTICED_SECONDS)
        await witness.until_well(FAILOVER_SECONDS)
        await until_checked(here)
        await until_checked(there)
        assert await here.read_draft("m") in (Draft(1, "so far"), None)
        await sent.all_told(witness)
    with capsys.disabled():
        print(f" [Sentinels' failover: {witness.silence():.2f} s of silence, {witness.losses} losses told]", end="")


async def test_a_killed_master_is_replaced_by_its_replica(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    watched.replicate()
    killed = watched.master()
    witness = Witness()
    async with (
        opened(watched.url) as here,
        opened(watched.url) as there,
        here.listen(TOPIC, witness),
        publishing(there, TOPIC) as sent,
    ):
        await witness.until(lambda: len(witness.payloads) > 20)
        await anyio.to_thread.run_sync(killed.kill)
        await witness.until_well(FAILOVER_SECONDS)
        await until_checked(here)
        await until_checked(there)
        await sent.all_told(witness)
    with capsys.disabled():
        print(f" [kill -9 of the master: {witness.silence():.2f} s of silence, {witness.losses} losses told]", end="")
    assert watched.master() is not killed


async def test_a_minority_of_sentinels_may_be_dead(watched: Watched) -> None:
    members = f"127.0.0.1:{free_port()},{watched.url.removeprefix('redis+sentinel://')}"
    async with opened(f"redis+sentinel://{members}") as broadcast:
        await broadcast.check()


async def test_a_service_that_nobody_knows_is_unavailable_and_opening_does_not_wait_for_it(watched: Watched) -> None:
    started = time.monotonic()
    async with opened(watched.url.replace(f"/{SERVICE}/", "/unknown/")) as broadcast:
        assert time.monotonic() - started < 4
        with pytest.raises(Unavailable):
            await broadcast.check()
