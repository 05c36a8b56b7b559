"""What is to happen at a time happens then, once, unless it is cancelled, however many there are."""

import random

import anyio
import anyio.lowlevel
import pytest

from actors.alarms import CANCELLED_KEPT, Alarms
from tests.actors.scripted import took

pytestmark = pytest.mark.anyio


async def test_alarms_ring_in_the_order_of_their_times(second: float) -> None:
    second *= 50
    alarms, rung = Alarms(), list[tuple[int, float]]()
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarms.run)
        for number in (5, 2, 9, 1, 7):
            alarms.at(began + number * second, lambda n=number: rung.append((n, anyio.current_time())))
        await anyio.sleep(3 * second)
        alarms.at(began + 4 * second, lambda: rung.append((4, anyio.current_time())))
        alarms.at(began, lambda: rung.append((0, anyio.current_time())))
        await anyio.sleep(10 * second)
        tasks.cancel_scope.cancel()
    assert [number for number, _ in rung] == [1, 2, 0, 4, 5, 7, 9]
    assert all(took(number * second, since=began, until=at) for number, at in rung if number)


async def test_a_cancelled_alarm_does_not_ring(second: float) -> None:
    alarms, rung, last = Alarms(), list[str](), anyio.Event()
    second *= 50
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarms.run)
        first = alarms.at(anyio.current_time() + second, lambda: rung.append("first"))
        alarms.at(anyio.current_time() + 2 * second, lambda: rung.append("second"))
        alarms.at(anyio.current_time() + 3 * second, last.set)
        await anyio.lowlevel.checkpoint()
        first.cancel()
        first.cancel()
        await last.wait()
        tasks.cancel_scope.cancel()
    assert rung == ["second"]
    assert first.cancelled


async def test_an_alarm_may_set_the_next(second: float) -> None:
    alarms, rung, fifth = Alarms(), list[float](), anyio.Event()

    def again() -> None:
        rung.append(anyio.current_time())
        if len(rung) == 5:
            fifth.set()
        else:
            alarms.at(rung[-1] + second, again)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarms.run)
        alarms.at(anyio.current_time() + second, again)
        with anyio.fail_after(10 + 10 * second):
            await fifth.wait()
        tasks.cancel_scope.cancel()
    assert len(rung) == 5


async def test_those_that_were_cancelled_are_not_kept() -> None:
    """A session's alarm lies half an hour ahead: ten thousand that came and went must not lie there as long."""
    alarms, chance = Alarms(), random.Random(3)  # noqa: S311
    kept = [alarms.at(chance.random() + 1e6, lambda: None) for _ in range(100)]
    for _ in range(20 * CANCELLED_KEPT):
        alarms.at(chance.random() + 1e6, lambda: None).cancel()
    assert len(alarms._heap) <= 2 * CANCELLED_KEPT
    assert {id(alarm) for alarm in kept} <= {id(entry[2]) for entry in alarms._heap}
