"""Steps give way to people, never for long, and not all at once."""

from itertools import count, pairwise

import anyio
import pytest

from actors.courtesy import LATE_PAUSES, LONGEST_PAUSE_SECONDS, SHARE, SHORTEST_SECONDS, STEPS, Courtesy
from tests.actors.scripted import took

pytestmark = pytest.mark.anyio


async def test_with_nobody_waiting_a_step_goes_on_at_once() -> None:
    began = anyio.current_time()
    await Courtesy().turn()
    assert anyio.current_time() - began < 0.1


async def test_a_step_waits_until_all_have_been_answered() -> None:
    courtesy, order = Courtesy(longest=60, answer=60), list[str]()
    ends = [anyio.Event() for _ in range(3)]

    async def step() -> None:
        await courtesy.turn()
        order.append("step")

    async def answer(number: int) -> None:
        with courtesy.serving():
            await ends[number].wait()
            order.append("answer")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer, 0)
        tasks.start_soon(answer, 1)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(step)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(answer, 2)
        await anyio.wait_all_tasks_blocked()
        for end in ends:
            end.set()
            await anyio.wait_all_tasks_blocked()
    assert order == ["answer", "answer", "answer", "step"]


async def test_no_step_waits_longer_than_it_may_whoever_comes(second: float) -> None:
    courtesy, began = Courtesy(longest=10 * second, answer=10 * second), anyio.current_time()
    waited: list[float] = []

    async def step() -> None:
        await courtesy.turn()
        waited.append(anyio.current_time())

    async def come_and_go() -> None:
        while True:
            with courtesy.serving():
                await anyio.sleep(second)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(come_and_go)
        tasks.start_soon(come_and_go)
        await anyio.lowlevel.checkpoint()
        async with anyio.create_task_group() as steps:
            for _ in range(20):
                steps.start_soon(step)
        tasks.cancel_scope.cancel()
    assert len(waited) == 20
    assert all(took(10 * second, since=began, until=at) for at in waited)


async def test_who_waits_for_something_else_is_not_waited_for(second: float) -> None:
    """A long poll, an event stream: answered when something happens, not when the loop has time."""
    courtesy = Courtesy(longest=10 * second, answer=10 * second)
    with courtesy.serving():
        await anyio.sleep(11 * second)
        began = anyio.current_time()
        await courtesy.turn()
        assert anyio.current_time() - began < second + 1


async def test_a_step_waits_until_the_loop_has_time_but_not_for_ever(anyio_backend_name: str) -> None:
    """What is late is the loop's other work, or the machine: after a few pauses the step goes on all the same."""
    slow, quick = Courtesy(on_time=0), Courtesy(on_time=3600)
    began = anyio.current_time()
    await quick.turn()
    once = anyio.current_time() - began
    await slow.turn()
    took = anyio.current_time() - began - once
    assert took < 5
    # uvloop counts in whole milliseconds
    assert anyio_backend_name != "trio" or (once, took) == pytest.approx(
        (SHORTEST_SECONDS, SHORTEST_SECONDS * LATE_PAUSES)
    )


async def spacing(courtesy: Courtesy, steps: int) -> float:
    """Seconds from one step to the next, in the mean, once the courtesy knows what a step takes."""
    for _ in range(8 * STEPS):
        await courtesy.turn()
    began = anyio.current_time()
    for _ in range(steps):
        await courtesy.turn()
    return (anyio.current_time() - began) / steps


@pytest.mark.parametrize("milliseconds", [2, 3, 9])
async def test_steps_follow_one_another_so_that_the_loop_has_time_left(
    milliseconds: int, anyio_backend_name: str
) -> None:
    worked = (step * milliseconds / 1000 for step in count())
    found = await spacing(Courtesy(used=lambda: next(worked)), 50)
    wanted = milliseconds / 1000 / SHARE
    assert found > 0.97 * wanted
    assert anyio_backend_name != "trio" or found < 1.03 * wanted, "and no slower than that"


async def test_a_loop_that_is_always_busy_holds_no_step_up_for_long(anyio_backend_name: str) -> None:
    worked = count()
    found = await spacing(Courtesy(used=lambda: float(next(worked))), 20)
    assert found > 0.97 * LONGEST_PAUSE_SECONDS
    assert anyio_backend_name != "trio" or found < 1.03 * LONGEST_PAUSE_SECONDS


async def test_a_loop_with_nothing_to_do_holds_no_step_up(anyio_backend_name: str) -> None:
    found = await spacing(Courtesy(used=lambda: 0.0), 50)
    assert found > 0
    assert anyio_backend_name != "trio" or found < 1.03 * SHORTEST_SECONDS


async def test_between_two_steps_others_have_their_turn() -> None:
    courtesy, order = Courtesy(), list[str]()

    async def step() -> None:
        await courtesy.turn()
        order.append("step")

    async def other() -> None:
        while order.count("step") < 5:
            order.append("other")
            await anyio.sleep(SHORTEST_SECONDS / 4)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        for _ in range(5):
            tasks.start_soon(step)
    assert order.count("step") == 5
    assert not any(pair == ("step", "step") for pair in pairwise(order))


async def test_a_step_that_is_cancelled_leaves_the_next_its_turn(second: float) -> None:
    courtesy = Courtesy(longest=1000 * second, answer=1000 * second)
    with courtesy.serving():
        with anyio.move_on_after(second) as waiting:
            await courtesy.turn()
        assert waiting.cancelled_caught
    with anyio.fail_after(10):
        await courtesy.turn()
