"""The Redis broadcast on a cluster whose slots and nodes change; what it promises otherwise is in tests/contracts."""

import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from lyo_rt.broadcast.contract import Draft
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.problems import Unavailable
from tests.contracts.listening import Ear
from tests.loopback.valkey_cluster import Cluster, valkey_cluster
from tests.loopback.valkey_process import free_port
from tests.lyo_rt.broadcast_faults import Witness, publishing, until_checked

pytestmark = pytest.mark.anyio

PROMOTION_SECONDS = 20.0
"""Noticed after 1 s here (cluster-node-timeout), voted upon, told to all: about 3 s; the rest is for a busy machine."""
NOTICED_SECONDS = 5.0


@pytest.fixture(scope="module")
def cluster(short_dir: Path) -> Iterator[Cluster]:
    with valkey_cluster(short_dir / "changing", replicas=1) as nodes:
        yield nodes


def opened(cluster: Cluster) -> AbstractAsyncContextManager[RedisBroadcast]:
    return RedisBroadcast.open(cluster.url, clock=SystemClock())


def channel(topic: str) -> str:
    """The channel of a topic, as the broadcast calls it."""
    return f"lyo:0:topic:{{t:{topic}}}"


def topic_on(cluster: Cluster, number: int) -> str:
    """A topic whose channel is on master `number`."""
    node = cluster.nodes[number]
    return next(f"task:{name}" for name in range(100) if cluster.master_of(channel(f"task:{name}")) is node)


async def test_an_instance_holds_two_connections_to_each_master_and_listeners_cost_none(cluster: Cluster) -> None:
    async with opened(cluster) as broadcast, anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(_listen_for_ever, broadcast, f"task:{number}")
        await anyio.lowlevel.checkpoint()
        for number in range(100):
            await broadcast.publish(f"task:{number}", b"")
        clients = [node.do("CLIENT", "LIST").count("name=lyo-rt-broadcast") for node in cluster.nodes]
        tasks.cancel_scope.cancel()
    assert clients == [2, 2, 2, 0]


async def _listen_for_ever(broadcast: RedisBroadcast, topic: str) -> None:
    async with broadcast.listen(topic, Ear()):
        await anyio.sleep_forever()


async def test_messages_stay_in_their_shard(cluster: Cluster) -> None:
    topic = topic_on(cluster, 1)
    ear = Ear()
    async with opened(cluster) as broadcast, broadcast.listen(topic, ear):
        await broadcast.publish(topic, b"heard")
        await ear.until_heard(b"heard")
        listening = [node.do("PUBSUB", "SHARDCHANNELS", "*topic*") for node in cluster.nodes[:3]]
    assert listening == [[], [channel(topic)], []]


async def test_the_loss_of_one_shard_s_connections_is_told_to_its_topics_only(cluster: Cluster) -> None:
    hurt, well = Ear(), Ear()
    # The notices of gaps come from one of the shards, and its loss is everyone's.
    others = [number for number in range(3) if cluster.nodes[number] is not cluster.master_of("lyo:0:gaps")]
    topics = [topic_on(cluster, number) for number in others]
    async with (
        opened(cluster) as broadcast,
        broadcast.listen(topics[0], hurt),
        broadcast.listen(topics[1], well),
    ):
        cluster.nodes[others[0]].do("CLIENT", "KILL", "TYPE", "pubsub")
        await hurt.until(lambda: hurt.losses == 2)
        await until_checked(broadcast)
        for topic, ear in zip(topics, (hurt, well), strict=True):
            await broadcast.publish(topic, b"again")
            await ear.until_heard(b"again")
        assert well.losses == 0


async def test_a_slot_that_moves_takes_its_topic_and_draft_along(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    topic, witness = topic_on(cluster, 0), Witness()
    async with (
        opened(cluster) as here,
        opened(cluster) as there,
        here.listen(topic, witness),
        publishing(there, topic) as sent,
    ):
        await there.extend_draft("m", topic, revision=1, at=0, text="one", payload=b"")
        await witness.until(lambda: len(witness.payloads) > 20)
        with cluster.migrating(channel(topic), to=cluster.nodes[1]):
            assert await there.extend_draft("m", topic, revision=1, at=3, text=" two", payload=b"")
            told = witness.losses
            assert await there.extend_draft("begun meanwhile", topic, revision=1, at=0, text="x", payload=b"unheard")
            await witness.until(lambda: witness.losses > told)
            assert await here.read_draft("begun meanwhile") == Draft(1, "x")
            assert await here.read_draft("m") == Draft(1, "one two")
        await witness.until_well(NOTICED_SECONDS)
        assert await there.extend_draft("m", topic, revision=1, at=7, text=" three", payload=b"")
        assert await here.read_draft("m") == Draft(1, "one two three")
        await until_checked(here)
        await sent.all_told(witness)
    assert cluster.master_of(channel(topic)) is cluster.nodes[1]
    with capsys.disabled():
        print(f" [a slot moved: {witness.silence():.2f} s of silence, {witness.losses} losses told]", end="")


async def test_a_topic_first_listened_to_after_its_slot_moved_is_heard(cluster: Cluster) -> None:
    topic, ear = topic_on(cluster, 2), Ear()
    async with opened(cluster) as broadcast:
        with cluster.migrating(channel(topic), to=cluster.nodes[1]):
            pass
        async with broadcast.listen(topic, ear):
            await broadcast.publish(topic, b"heard")
            await ear.until(lambda: ear.payloads == [b"heard"] or ear.losses > 0)
            await until_checked(broadcast)
            await broadcast.publish(topic, b"again")
            await ear.until_heard(b"again")


async def test_a_frozen_shard_is_noticed_and_heard_again(cluster: Cluster) -> None:
    topic, ear = topic_on(cluster, 2), Ear()
    async with opened(cluster) as broadcast, broadcast.listen(topic, ear):
        with cluster.nodes[2].frozen():
            await ear.until(lambda: ear.losses >= 1, within=NOTICED_SECONDS)
            with anyio.fail_after(2.5):
                await broadcast.publish(topic, b"lost")
            with pytest.raises(Unavailable):
                await broadcast.check()
        noticed = ear.losses
        await ear.until(lambda: ear.losses > noticed, within=PROMOTION_SECONDS)
        await until_checked(broadcast, PROMOTION_SECONDS)
        await broadcast.publish(topic, b"again")
        await ear.until_heard(b"again")


async def test_a_killed_master_is_replaced_by_its_replica(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    topic, witness = topic_on(cluster, 0), Witness()
    async with (
        opened(cluster) as here,
        opened(cluster) as there,
        here.listen(topic, witness),
        publishing(there, topic) as sent,
    ):
        await witness.until(lambda: len(witness.payloads) > 20)
        await anyio.to_thread.run_sync(cluster.nodes[0].kill)
        await witness.until_well(PROMOTION_SECONDS)
        await until_checked(here)
        await until_checked(there)
        await sent.all_told(witness)
    assert cluster.master_of(channel(topic)) is cluster.nodes[3]
    with capsys.disabled():
        print(f" [kill -9 of a master: {witness.silence():.2f} s of silence, {witness.losses} losses told]", end="")


async def test_a_cluster_that_is_away_is_unavailable_and_opening_does_not_wait_for_it() -> None:
    started = time.monotonic()
    url, ear = f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{free_port()}", Ear()
    async with RedisBroadcast.open(url, clock=SystemClock()) as broadcast, broadcast.listen("task:1", ear):
        assert time.monotonic() - started < 4
        await broadcast.publish("task:1", b"nobody hears this")
        assert broadcast.statistics()["failed"] == 1
        with pytest.raises(Unavailable):
            await broadcast.check()
        with pytest.raises(Unavailable):
            await broadcast.read_draft("m")
