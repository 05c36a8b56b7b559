"""What every broadcast promises (lyo_rt/broadcast/contract.py), asked of each.

In-process on both loops; over Redis on one server, behind Sentinels and on a cluster.
"""

import logging
import os
from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest

from lyo_rt.broadcast.contract import Broadcast
from tests.contracts.conftest import Instances
from tests.contracts.listening import BrokenEar, Ear

pytestmark = pytest.mark.anyio

TOPIC = "conversation:7"


@pytest.fixture
def anyio_backend(implementation: str) -> tuple[str, dict[str, Any]]:
    return ("trio", {}) if implementation.endswith("trio") else ("asyncio", {"use_uvloop": True})


async def test_messages_of_a_topic_are_heard_in_publishing_order(instances: Instances) -> None:
    ear = Ear()
    sent = [str(number).encode() for number in range(500)]
    async with instances.there.listen(TOPIC, ear):
        for payload in sent:
            await instances.here.publish(TOPIC, payload)
        await ear.until_heard(sent[-1])
    assert ear.payloads == sent


async def test_each_publisher_s_order_holds_while_many_publish(instances: Instances) -> None:
    ear = Ear()

    async def publish(publisher: int) -> None:
        for number in range(50):
            await instances[publisher % 2].publish(TOPIC, f"{publisher}:{number}".encode())

    async with instances.there.listen(TOPIC, ear):
        async with anyio.create_task_group() as tasks:
            for publisher in range(20):
                tasks.start_soon(publish, publisher)
        await ear.until(lambda: len(ear.payloads) == 1000)
    for publisher in range(20):
        own = [payload for payload in ear.payloads if payload.startswith(b"%d:" % publisher)]
        assert own == [b"%d:%d" % (publisher, number) for number in range(50)]


async def test_listeners_on_both_instances_hear_one_order(instances: Instances) -> None:
    ears = Ear(), Ear()

    async def publish(broadcast: Broadcast, name: bytes) -> None:
        for number in range(200):
            await broadcast.publish(TOPIC, b"%s:%d" % (name, number))

    async with instances.here.listen(TOPIC, ears[0]), instances.there.listen(TOPIC, ears[1]):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(publish, instances.here, b"here")
            tasks.start_soon(publish, instances.there, b"there")
        for ear in ears:
            await ear.until(lambda ear=ear: len(ear.payloads) == 400)
    assert ears[0].payloads == ears[1].payloads


async def test_several_listeners_of_a_topic_are_each_told_once(instances: Instances) -> None:
    ears = [Ear() for _ in range(5)]
    async with AsyncExitStack() as stack:
        for number, ear in enumerate(ears):
            await stack.enter_async_context(instances[number % 2].listen(TOPIC, ear))
        await instances.here.publish(TOPIC, b"once")
        await instances.here.publish(TOPIC, b"end")
        for ear in ears:
            await ear.until_heard(b"end")
    assert [ear.payloads for ear in ears] == [[b"once", b"end"]] * 5


async def test_a_listener_hears_its_topic_only(instances: Instances) -> None:
    ear = Ear()
    async with instances.there.listen(TOPIC, ear):
        await instances.here.publish("conversation:70", b"not this")
        await instances.here.publish("*", b"nor this")
        await instances.here.publish(TOPIC, b"this")
        await ear.until_heard(b"this")
    assert ear.payloads == [b"this"]


async def test_what_is_published_right_after_entering_is_heard(instances: Instances) -> None:
    for number in range(100):
        ear = Ear()
        async with instances.there.listen(f"task:{number}", ear):
            await instances.here.publish(f"task:{number}", b"first")
            await ear.until_heard(b"first")


async def test_nothing_is_told_after_leaving(instances: Instances) -> None:
    stays, leaves = Ear(), Ear()
    async with instances.there.listen(TOPIC, stays):
        async with instances.there.listen(TOPIC, leaves):
            await instances.here.publish(TOPIC, b"both")
            await leaves.until_heard(b"both")
        await instances.here.publish(TOPIC, b"one")
        await stays.until_heard(b"one")
    assert leaves.payloads == [b"both"]
    assert instances.there.statistics()["topics"] == 0


async def test_leaving_and_joining_interleaved_ends_with_a_subscription_in_force(instances: Instances) -> None:
    async def come_and_go(number: int) -> None:
        for _ in range(20):
            ear = Ear()
            async with instances.there.listen(TOPIC, ear):
                payload = b"%d" % number
                await instances.here.publish(TOPIC, payload)
                await ear.until(lambda ear=ear, payload=payload: payload in ear.payloads)

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(come_and_go, number)
    assert instances.there.statistics()["topics"] == 0


async def test_a_topic_left_and_joined_again_at_once_is_heard(instances: Instances) -> None:
    for number in range(50):
        ear = Ear()
        payload = b"%d" % number
        async with instances.there.listen(TOPIC, ear):
            await instances.here.publish(TOPIC, payload)
            await ear.until_heard(payload)


async def test_a_listener_that_is_cancelled_while_entering_leaves_no_trace(instances: Instances) -> None:
    for _ in range(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_listen_for_ever, instances.there)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    ear = Ear()
    async with instances.there.listen(TOPIC, ear):
        await instances.here.publish(TOPIC, b"still heard")
        await ear.until_heard(b"still heard")
    assert instances.there.statistics()["topics"] == 0


async def _listen_for_ever(broadcast: Broadcast) -> None:
    async with broadcast.listen(TOPIC, Ear()):
        await anyio.sleep_forever()


async def test_a_cancelled_publisher_harms_no_other(instances: Instances) -> None:
    ear = Ear()
    async with instances.there.listen(TOPIC, ear):
        for _ in range(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(instances.here.publish, "elsewhere", bytes(1000))
                await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
        await instances.here.publish(TOPIC, b"heard")
        await ear.until_heard(b"heard")
    assert ear.losses == 0


@pytest.mark.parametrize(
    "payload", [b"", b"\r\n$-1\r\n", bytes(range(256)), b"\xff\xfe", os.urandom(1024 * 1024)], ids=len
)
async def test_payloads_are_any_bytes(instances: Instances, payload: bytes) -> None:
    ear = Ear()
    async with instances.there.listen(TOPIC, ear):
        await instances.here.publish(TOPIC, payload)
        await ear.until_heard(payload)


async def test_a_topic_is_any_text(instances: Instances) -> None:
    ear = Ear()
    async with instances.there.listen("course: [é] 🎓\n*?", ear):
        await instances.here.publish("course: [é] 🎓\n*?", b"heard")
        await ear.until_heard(b"heard")


async def test_a_thousand_topics(instances: Instances) -> None:
    ears = {f"task:{number}": Ear() for number in range(1000)}
    async with AsyncExitStack() as stack:
        for topic, ear in ears.items():
            await stack.enter_async_context(instances.there.listen(topic, ear))
        assert instances.there.statistics()["topics"] == 1000
        for topic in ears:
            await instances.here.publish(topic, topic.encode())
        for topic, ear in ears.items():
            await ear.until_heard(topic.encode())
    assert all(len(ear.payloads) == 1 for ear in ears.values())
    assert instances.there.statistics()["topics"] == 0


async def test_a_listener_that_raises_hurts_nobody(instances: Instances, caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = BrokenEar(), Ear()
    with caplog.at_level(logging.CRITICAL + 1):
        async with instances.there.listen(TOPIC, broken), instances.there.listen(TOPIC, sound):
            await instances.here.publish(TOPIC, b"one")
            await instances.here.publish(TOPIC, b"two")
            await sound.until_heard(b"two")
    assert broken.payloads == sound.payloads == [b"one", b"two"]
    assert instances.there.statistics()["faults"] == 2


async def test_check_passes_and_statistics_count(instances: Instances) -> None:
    ear = Ear()
    await instances.here.check()
    async with instances.here.listen(TOPIC, ear), instances.here.listen("other", Ear()):
        assert instances.here.statistics()["topics"] == 2
        assert instances.here.statistics()["listeners"] == 2
        await instances.here.publish(TOPIC, b"one")
        await instances.here.extend_draft("m", TOPIC, revision=1, at=0, text="two", payload=b"two")
        await ear.until_heard(b"two")
    statistics = instances.here.statistics()
    assert {name: statistics[name] for name in ("topics", "published", "heard", "lost", "failed", "faults")} == {
        "topics": 0,
        "published": 2,
        "heard": 2,
        "lost": 0,
        "failed": 0,
        "faults": 0,
    }
