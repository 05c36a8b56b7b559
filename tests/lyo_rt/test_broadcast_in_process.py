"""The in-process broadcast's own promises: drafts are forgotten, memory is bounded."""

from datetime import UTC, datetime

import anyio
import pytest

from lyo_rt.broadcast.contract import Draft
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock

pytestmark = pytest.mark.anyio


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


async def extend(broadcast: InProcessBroadcast, key: str, at: int, text: str) -> bool:
    return await broadcast.extend_draft(key, "topic", revision=1, at=at, text=text, payload=b"")


async def test_a_draft_is_forgotten_an_hour_after_it_was_last_extended() -> None:
    clock = SetClock()
    broadcast = InProcessBroadcast(clock)
    await extend(broadcast, "kept", 0, "one")
    await extend(broadcast, "left", 0, "one")
    clock.seconds = 1800
    await extend(broadcast, "kept", 3, " two")
    clock.seconds = 3600
    assert await broadcast.read_draft("kept") == Draft(1, "one two")
    assert await broadcast.read_draft("left") is None
    assert not await extend(broadcast, "left", 3, " two")
    assert broadcast.statistics()["drafts"] == 1


async def test_drafts_hold_no_more_than_they_may() -> None:
    broadcast = InProcessBroadcast(SystemClock(), draft_characters=100)
    for number in range(50):
        assert await extend(broadcast, str(number), 0, "x" * 10)
    assert broadcast.statistics()["drafts"] == 10
    assert await broadcast.read_draft("39") is None
    assert await broadcast.read_draft("40") == Draft(1, "x" * 10)
    assert await extend(broadcast, "40", 10, "x" * 90)
    assert broadcast.statistics()["drafts"] == 1


async def test_a_publisher_without_a_pause_lets_others_run() -> None:
    broadcast = InProcessBroadcast(SystemClock())

    async def publish_for_ever() -> None:
        while True:
            await broadcast.publish("topic", b"")

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(publish_for_ever)
            await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert broadcast.statistics()["published"] > 1
