"""What every broadcast promises of values held for a while, asked of each."""

from typing import Any

import anyio
import pytest

from lyo_rt.broadcast.memory import Memory
from lyo_rt.clock import SystemClock
from tests.contracts.conftest import Instances

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend(implementation: str) -> tuple[str, dict[str, Any]]:
    return ("trio", {}) if implementation.endswith("trio") else ("asyncio", {"use_uvloop": True})


async def test_a_value_is_recalled_everywhere_until_its_time_is_over(instances: Instances) -> None:
    assert await instances.there.recall("answer") is None
    await instances.here.remember("answer", b"\x00\xff42", seconds=30)
    await instances.here.remember("gone", b"soon", seconds=0.05)
    assert await instances.there.recall("answer") == b"\x00\xff42"
    await anyio.sleep(0.1)
    assert await instances.there.recall("gone") is None
    assert await instances.here.recall("answer") == b"\x00\xff42"


async def test_the_newest_value_counts(instances: Instances) -> None:
    await instances.here.remember("answer", b"first", seconds=0.05)
    await instances.there.remember("answer", b"second", seconds=30)
    await anyio.sleep(0.1)
    assert await instances.here.recall("answer") == b"second"


async def test_a_value_is_forgotten_everywhere(instances: Instances) -> None:
    await instances.here.remember("answer", b"42", seconds=30)
    await instances.there.forget("answer")
    assert await instances.here.recall("answer") is None
    await instances.here.forget("never held")


def test_in_process_those_held_longest_make_room() -> None:
    memory = Memory(SystemClock(), limit=10)
    for key in ("a", "b", "c"):
        memory.remember(key, b"1234", 30)
    assert [memory.recall(key) for key in ("a", "b", "c")] == [None, b"1234", b"1234"]
    memory.remember("b", b"12", 30)
    memory.remember("d", b"1234", 30)
    assert len(memory) == 3
    memory.remember("huge", b"x" * 11, 30)
    assert len(memory) == 0
