"""Garbage is looked for while nobody waits; the collector is as it was when a test is over."""

import gc
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from api import garbage
from api.garbage import AT_LAST, OLD, OLDER, PAUSE_SECONDS, YOUNG, collect_in_pauses

pytestmark = pytest.mark.anyio


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector, which is afterwards as it was before."""
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    yield
    gc.unfreeze()
    if frozen:
        gc.collect()
        gc.freeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
async def tidied(collector: None) -> AsyncIterator[None]:
    """Garbage is looked for, from now on."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect_in_pauses)
        await checkpoint()
        yield
        tasks.cancel_scope.cancel()


@pytest.fixture
def looks(collector: None) -> Iterator[list[int]]:
    """Each look that begins, by its generation."""
    seen: list[int] = []

    def notice(phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.callbacks.append(notice)
    yield seen
    gc.callbacks.remove(notice)


class Ring:
    """Refers to itself: only the collector finds it."""

    def __init__(self) -> None:
        self.ring = self


def litter(count: int) -> "weakref.ref[Ring]":
    """So many rings that nobody needs; one of them, to see whether it is gone."""
    rings = [Ring() for _ in range(count)]
    return weakref.ref(rings[0])


def be_busy(seconds: float) -> None:
    """Keep the loop, as work does."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():  # noqa: ASYNC110  (a plain value)
            await anyio.sleep(0.01)


@pytest.mark.usefixtures("tidied")
async def test_it_looks_by_itself_only_when_there_is_very_much() -> None:
    assert gc.get_threshold() == (AT_LAST, OLDER, OLD)
    assert gc.isenabled()


@pytest.mark.usefixtures("tidied")
async def test_what_the_start_has_made_is_left_alone() -> None:
    assert gc.get_freeze_count() > 10_000


@pytest.mark.usefixtures("tidied")
async def test_garbage_goes_while_the_loop_has_nothing_to_do() -> None:
    gone = litter(2 * YOUNG)
    assert gone() is not None
    await until(lambda: gone() is None)


@pytest.mark.usefixtures("tidied")
async def test_a_little_is_not_worth_a_look(looks: list[int]) -> None:
    looks.clear()
    gone = litter(YOUNG // 10)
    await anyio.sleep(2.5 * PAUSE_SECONDS)
    assert (looks, gone() is None) == ([], False)


@pytest.mark.usefixtures("tidied")
async def test_nobody_waits_for_a_look_while_the_loop_is_late(looks: list[int]) -> None:
    """In each pause something keeps the loop beyond its end."""
    gone = litter(2 * YOUNG)
    looks.clear()
    for _ in range(4):
        # The pause began just before, in the same turn or the one before it.
        await anyio.sleep(PAUSE_SECONDS / 2)
        be_busy(PAUSE_SECONDS)
        await checkpoint()
        await checkpoint()
        assert (looks, gone() is None) == ([], False)
    await until(lambda: gone() is None)


@pytest.mark.usefixtures("tidied")
async def test_very_much_is_looked_at_whoever_waits() -> None:
    gone = litter(YOUNG)
    needed = [Ring() for _ in range(AT_LAST)]
    assert gone() is None
    assert len(needed) == AT_LAST


async def test_what_has_outlived_looks_is_looked_at_more_rarely(
    looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(garbage, "LATE_SECONDS", 1.0)
    monkeypatch.setattr(garbage, "OLDER", 2)
    monkeypatch.setattr(garbage, "OLD", 1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect_in_pauses)
        await checkpoint()
        looks.clear()
        for count in range(1, 14):
            litter(2 * YOUNG)
            await until(lambda count=count: len(looks) == count)  # type: ignore[misc]
        tasks.cancel_scope.cancel()
    assert [(one, other) for one, other in pairwise(looks) if one and other] == []
    assert [generation for generation in looks if generation] == [1, 1, 2]
    assert looks[:4] == [0, 0, 0, 1]
