"""The Redis broadcast while its server or the network fails; what it promises otherwise is in tests/contracts."""

import socket
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import datetime
from pathlib import Path

import anyio
import pytest
from redis.asyncio import Redis

from lyo_rt.broadcast.contract import Draft
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.embedded.valkey import Valkey
from lyo_rt.problems import Unavailable
from tests.contracts.listening import Ear
from tests.loopback.faulty_link import faulty_link
from tests.loopback.restartable_valkey import Restartable

pytestmark = pytest.mark.anyio

TOPIC = "conversation:7"
NOTICED_SECONDS = 5.0


def opened(url: str) -> AbstractAsyncContextManager[RedisBroadcast]:
    return RedisBroadcast.open(url, clock=SystemClock())


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def server(short_dir: Path, port: int) -> Restartable:
    folder = short_dir / f"broadcast-{port}"
    folder.mkdir()
    return Restartable(folder, port)


async def until_well(broadcast: RedisBroadcast) -> None:
    """Wait until messages go out and come in, 10 s at most."""
    with anyio.fail_after(10):
        while True:
            try:
                await broadcast.check()
            except Unavailable:
                await anyio.sleep(0.02)
            else:
                return


async def test_a_restarted_server_is_found_again_and_loss_is_told(server: Restartable) -> None:
    ear = Ear()
    async with AsyncExitStack() as stack:
        async with server.running():
            broadcast = await stack.enter_async_context(opened(server.url))
            await stack.enter_async_context(broadcast.listen(TOPIC, ear))
            await broadcast.publish(TOPIC, b"before")
            await ear.until_heard(b"before")
            await broadcast.extend_draft("m", TOPIC, revision=1, at=0, text="so far", payload=b"delta")
        await ear.until(lambda: ear.losses >= 1)
        noticed = ear.losses
        async with server.running():
            await ear.until(lambda: ear.losses > noticed)
            await until_well(broadcast)
            await broadcast.publish(TOPIC, b"after")
            await ear.until_heard(b"after")
            assert await broadcast.read_draft("m") is None
            assert not await broadcast.extend_draft("m", TOPIC, revision=1, at=6, text="!", payload=b"delta")
            assert await broadcast.extend_draft("m", TOPIC, revision=1, at=0, text="so far!", payload=b"whole")
            await ear.until_heard(b"whole")


async def test_while_the_server_is_away_publishing_returns_at_once_and_the_rest_is_refused(server: Restartable) -> None:
    async with AsyncExitStack() as stack:
        async with server.running():
            broadcast = await stack.enter_async_context(opened(server.url))
            ear = Ear()
            await stack.enter_async_context(broadcast.listen(TOPIC, ear))
        await ear.until(lambda: ear.losses >= 1)
        with anyio.fail_after(1):
            for _ in range(1000):
                await broadcast.publish(TOPIC, b"nobody hears this")
        assert broadcast.statistics()["failed"] == 1000
        with pytest.raises(Unavailable):
            await broadcast.check()
        with pytest.raises(Unavailable):
            await broadcast.extend_draft("m", TOPIC, revision=1, at=0, text="x", payload=b"x")
        with pytest.raises(Unavailable):
            await broadcast.read_draft("m")
        await broadcast.drop_draft("m")


async def test_opened_and_listened_to_without_a_server_it_comes_into_force_later(server: Restartable) -> None:
    ear = Ear()
    async with AsyncExitStack() as stack:
        started = time.monotonic()
        broadcast = await stack.enter_async_context(opened(server.url))
        assert time.monotonic() - started < 4
        await stack.enter_async_context(broadcast.listen(TOPIC, ear))
        assert time.monotonic() - started < 4
        async with server.running():
            await ear.until(lambda: ear.losses >= 1)
            await until_well(broadcast)
            await broadcast.publish(TOPIC, b"heard")
            await ear.until_heard(b"heard")


async def test_a_half_open_connection_is_noticed_and_replaced(redis_url: str, valkey_server: Valkey) -> None:
    ear = Ear()
    async with (
        faulty_link(valkey_server.port) as link,
        opened(f"redis://127.0.0.1:{link.port}/0") as broadcast,
        broadcast.listen(TOPIC, ear),
    ):
        await broadcast.publish(TOPIC, b"before")
        await ear.until_heard(b"before")
        link.freeze()
        await ear.until(lambda: ear.losses >= 1, within=NOTICED_SECONDS)
        with anyio.fail_after(NOTICED_SECONDS):
            await broadcast.publish(TOPIC, b"lost")
        with pytest.raises(Unavailable):
            await broadcast.check()
        noticed = ear.losses
        link.thaw()
        await ear.until(lambda: ear.losses > noticed)
        await until_well(broadcast)
        await broadcast.publish(TOPIC, b"after")
        await ear.until_heard(b"after")


async def test_listening_enters_after_a_bounded_wait_when_the_server_is_silent(
    redis_url: str, valkey_server: Valkey
) -> None:
    ear = Ear()
    async with faulty_link(valkey_server.port) as link, opened(f"redis://127.0.0.1:{link.port}/0") as broadcast:
        link.freeze()
        with anyio.fail_after(3):
            await broadcast.publish(TOPIC, b"lost")
        started = time.monotonic()
        async with broadcast.listen(TOPIC, ear):
            assert time.monotonic() - started < 3
            link.thaw()
            await ear.until(lambda: ear.losses >= 1)
            await until_well(broadcast)
            await broadcast.publish(TOPIC, b"heard")
            await ear.until_heard(b"heard")


async def test_what_one_instance_failed_to_publish_is_told_to_the_others_as_lost(
    redis_url: str, valkey_server: Valkey
) -> None:
    ear, bystander = Ear(), Ear()
    async with (
        opened(redis_url) as well,
        well.listen(TOPIC, ear),
        well.listen("another", bystander),
        faulty_link(valkey_server.port) as link,
        opened(f"redis://127.0.0.1:{link.port}/0") as cut_off,
    ):
        link.freeze()
        await cut_off.publish(TOPIC, b"never arrives in time")
        assert cut_off.statistics()["failed"] == 1
        await link.cut()
        link.thaw()
        await ear.until(lambda: ear.losses == 1)
        await well.check()
        assert bystander.losses == 0


async def test_a_message_whose_publisher_was_cancelled_is_heard_or_told_as_lost(
    redis_url: str, valkey_server: Valkey
) -> None:
    ear = Ear()
    async with (
        opened(redis_url) as well,
        well.listen(TOPIC, ear),
        faulty_link(valkey_server.port) as link,
        opened(f"redis://127.0.0.1:{link.port}/0") as cut_off,
    ):
        link.freeze()
        with anyio.move_on_after(0.1):
            await cut_off.publish(TOPIC, b"never arrives in time")
        await link.cut()
        link.thaw()
        await ear.until(lambda: ear.losses == 1)


async def test_more_failures_than_can_be_named_are_told_to_every_topic(server: Restartable) -> None:
    ear = Ear()
    async with (
        server.running(),
        opened(server.url) as well,
        well.listen("never published to", ear),
        faulty_link(server.port) as link,
        opened(f"redis://127.0.0.1:{link.port}/0") as cut_off,
    ):
        link.freeze()
        async with anyio.create_task_group() as tasks:
            for number in range(1001):
                tasks.start_soon(cut_off.publish, f"task:{number}", b"")
        await link.cut()
        link.thaw()
        await ear.until(lambda: ear.losses == 1)


async def test_killed_connections_come_back(server: Restartable) -> None:
    ear = Ear()
    async with server.running(), opened(server.url) as broadcast, broadcast.listen(TOPIC, ear):
        for kind in ("pubsub", "normal"):
            async with Redis.from_url(server.url) as client:
                await client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            if kind == "pubsub":
                await ear.until(lambda: ear.losses >= 2)
            with anyio.fail_after(5):
                await until_well(broadcast)
            await broadcast.publish(TOPIC, kind.encode())
            await ear.until(lambda kind=kind: kind.encode() in ear.payloads)


async def test_a_demoted_master_is_not_listened_to_any_more(server: Restartable) -> None:
    ear = Ear()
    async with (
        server.running(),
        opened(server.url) as broadcast,
        broadcast.listen(TOPIC, ear),
        Redis.from_url(server.url) as client,
    ):
        await client.execute_command("REPLICAOF", "127.0.0.1", server.port)
        await ear.until(lambda: ear.losses >= 1)
        with pytest.raises(Unavailable):
            await broadcast.check()
        await client.execute_command("REPLICAOF", "NO", "ONE")
        await until_well(broadcast)
        await broadcast.publish(TOPIC, b"again")
        await ear.until_heard(b"again")


async def test_listeners_cost_no_connections(redis_url: str) -> None:
    async with AsyncExitStack() as stack:
        broadcast = await stack.enter_async_context(opened(redis_url))
        for number in range(200):
            await stack.enter_async_context(broadcast.listen(f"task:{number}", Ear()))
        async with anyio.create_task_group() as tasks:
            for number in range(200):
                tasks.start_soon(broadcast.publish, f"task:{number}", b"")
        async with Redis.from_url(redis_url) as client:
            clients = await client.client_list()
        assert [client["name"] for client in clients].count("lyo-rt-broadcast") == 2


async def test_the_server_is_told_of_topics_nobody_listens_to_any_more(redis_url: str) -> None:
    async with opened(redis_url) as broadcast, Redis.from_url(redis_url) as client:
        async with broadcast.listen(TOPIC, Ear()):
            assert await client.pubsub_channels("*conversation*") == [b"lyo:0:topic:conversation:7"]
        with anyio.fail_after(5):
            while await client.pubsub_channels("*conversation*"):  # noqa: ASYNC110  another process's state
                await anyio.sleep(0.01)


async def test_a_held_up_event_loop_is_no_lost_connection(redis_url: str) -> None:
    ear = Ear()
    async with opened(redis_url) as broadcast, broadcast.listen(TOPIC, ear):
        hold_up_the_loop(3.5)
        for _ in range(50):
            await broadcast.publish(TOPIC, b"heard")
        await ear.until(lambda: len(ear.payloads) == 50)
        assert ear.losses == 0


def hold_up_the_loop(seconds: float) -> None:
    time.sleep(seconds)


async def test_the_script_is_sent_again_when_the_server_forgot_it(redis_url: str) -> None:
    async with opened(redis_url) as broadcast, Redis.from_url(redis_url) as client:
        assert await broadcast.extend_draft("m", TOPIC, revision=1, at=0, text="one", payload=b"")
        await client.script_flush()
        assert await broadcast.extend_draft("m", TOPIC, revision=1, at=3, text=" two", payload=b"")
        assert await broadcast.read_draft("m") == Draft(1, "one two")


async def test_a_draft_is_forgotten_an_hour_after_it_was_last_extended(redis_url: str) -> None:
    async with opened(redis_url) as broadcast, Redis.from_url(redis_url) as client:
        await broadcast.extend_draft("m", TOPIC, revision=1, at=0, text="one", payload=b"")
        await client.expire("lyo:0:draft:m", 60)
        await broadcast.extend_draft("m", TOPIC, revision=1, at=3, text=" two", payload=b"")
        assert 3590 < await client.ttl("lyo:0:draft:m") <= 3600


async def test_databases_of_one_server_do_not_hear_one_another(valkey_server: Valkey, redis_url: str) -> None:
    ear = Ear()
    async with opened(redis_url) as zero, opened(valkey_server.url(1)) as one, one.listen(TOPIC, ear):
        await zero.publish(TOPIC, b"in zero")
        await one.publish(TOPIC, b"in one")
        await ear.until_heard(b"in one")
    assert ear.payloads == [b"in one"]


async def test_a_server_that_refuses_is_unavailable_not_an_error(server: Restartable) -> None:
    async with server.running():
        async with Redis.from_url(server.url) as client:
            await client.acl_setuser(
                "reader",
                enabled=True,
                passwords=["+secret"],
                keys=["*"],
                channels=["*"],
                commands=["+@all", "-publish", "-eval", "-evalsha", "-ping"],
            )
        async with opened(f"redis://reader:secret@127.0.0.1:{server.port}/0") as broadcast:
            await broadcast.publish(TOPIC, b"refused")
            assert broadcast.statistics()["failed"] == 1
            with pytest.raises(Unavailable, match="refuses"):
                await broadcast.extend_draft("m", TOPIC, revision=1, at=0, text="x", payload=b"x")
            with pytest.raises(Unavailable, match="refuses"):
                await broadcast.check()


async def test_a_wrong_password_is_seen_by_check(server: Restartable) -> None:
    async with server.running(), opened(f"redis://nobody:wrong@127.0.0.1:{server.port}/0") as broadcast:
        with pytest.raises(Unavailable):
            await broadcast.check()


async def test_a_fault_of_ours_is_raised_from_the_block(redis_url: str) -> None:
    class StoppedClock(SystemClock):
        def monotonic(self) -> float:
            raise ZeroDivisionError

        def now(self) -> datetime:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as raised, anyio.fail_after(5):
        async with RedisBroadcast.open(redis_url, clock=StoppedClock()):
            await anyio.sleep_forever()
    assert raised.group_contains(ZeroDivisionError)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "redis://127.0.0.1/0?colour=blue", "redis://127.0.0.1:port/"])
async def test_an_url_that_is_none_of_redis_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        async with opened(url):
            pass
