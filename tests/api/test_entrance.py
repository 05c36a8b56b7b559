"""Who comes first enters first, a few in each turn of the loop, and nobody is forgotten."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import pytest
from anyio.lowlevel import checkpoint

from api.entrance import AT_ONCE, Entrance

pytestmark = pytest.mark.anyio


class Turns:
    """Counts the turns of the loop."""

    def __init__(self) -> None:
        self.number = 0
        self._next()

    def _next(self) -> None:
        self.number += 1
        self._handle = asyncio.get_running_loop().call_soon(self._next)

    def stop(self) -> None:
        """Count no more."""
        self._handle.cancel()


@pytest.fixture
async def turns() -> AsyncIterator[Turns]:
    turns = Turns()
    yield turns
    turns.stop()


@pytest.fixture
def entrance() -> Entrance:
    return Entrance()


class Visitors:
    """Those who have got in: their names, and the turn in which each went on."""

    def __init__(self, turns: Turns) -> None:
        self.names: list[str] = []
        self.entered: list[int] = []
        self._turns = turns

    async def visit(self, way: Callable[[], Awaitable[None]], name: str) -> None:
        """Enter, or stand back."""
        await way()
        self.names.append(name)
        self.entered.append(self._turns.number)


@pytest.fixture
def visitors(turns: Turns) -> Visitors:
    return Visitors(turns)


async def pass_turns(turns: Turns, count: int) -> None:
    until = turns.number + count
    while turns.number < until:
        await checkpoint()


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


async def test_a_crowd_enters_in_order_and_only_so_many_a_turn(entrance: Entrance, visitors: Visitors) -> None:
    async with anyio.create_task_group() as tasks:
        for name in numbers(50):
            tasks.start_soon(visitors.visit, entrance.enter, name)
    assert visitors.names == numbers(50)
    turns = sorted(set(visitors.entered))
    assert [visitors.entered.count(turn) for turn in turns] == [AT_ONCE] * 12 + [2]
    assert turns[-1] - turns[0] < 20


@pytest.mark.parametrize("at_once", [1, 3])
async def test_how_many_is_said_when_it_is_made(visitors: Visitors, at_once: int) -> None:
    entrance = Entrance(at_once)
    async with anyio.create_task_group() as tasks:
        for name in numbers(12):
            tasks.start_soon(visitors.visit, entrance.enter, name)
    assert visitors.names == numbers(12)
    assert {visitors.entered.count(turn) for turn in visitors.entered} == {at_once}


async def test_while_the_loop_is_idle_nobody_waits(entrance: Entrance, turns: Turns) -> None:
    for _ in range(100):
        for _ in range(AT_ONCE):
            at = turns.number
            await entrance.enter()
            assert turns.number == at
        await pass_turns(turns, 2)


async def test_who_stands_back_waits_until_nobody_wants_to_enter(entrance: Entrance, visitors: Visitors) -> None:
    async with anyio.create_task_group() as tasks:
        for name in ("back 1", "back 2"):
            tasks.start_soon(visitors.visit, entrance.stand_back, name)
        for name in numbers(30):
            tasks.start_soon(visitors.visit, entrance.enter, name)
        await checkpoint()
        for name in ("back 3", "back 4", "back 5"):
            tasks.start_soon(visitors.visit, entrance.stand_back, name)
    assert visitors.names == [*numbers(30), "back 1", "back 2", "back 3", "back 4", "back 5"]
    assert visitors.entered.count(visitors.entered[-2]) <= AT_ONCE


async def test_who_stands_back_in_an_idle_loop_goes_on_soon(entrance: Entrance, turns: Turns) -> None:
    for _ in range(10):
        at = turns.number
        await entrance.stand_back()
        assert turns.number - at <= 2


async def test_those_who_give_up_leave_the_others_their_places(
    entrance: Entrance, visitors: Visitors, turns: Turns
) -> None:
    gone = anyio.CancelScope()

    async def give_up(name: str) -> None:
        with gone:
            await visitors.visit(entrance.enter, name)

    async with anyio.create_task_group() as tasks:
        for name in numbers(30):
            tasks.start_soon(give_up if name == "9" else visit_of(visitors, entrance), name)
        for name in ("back 1", "back 2"):
            tasks.start_soon(visitors.visit, entrance.stand_back, name)
        await pass_turns(turns, 1)
        gone.cancel()
    assert visitors.names == [*(name for name in numbers(30) if name != "9"), "back 1", "back 2"]
    assert max(visitors.entered.count(turn) for turn in visitors.entered) <= AT_ONCE


def visit_of(visitors: Visitors, entrance: Entrance) -> Callable[[str], Awaitable[None]]:
    async def visit(name: str) -> None:
        await visitors.visit(entrance.enter, name)

    return visit


async def test_when_all_who_wait_give_up_those_who_stand_back_go_on(visitors: Visitors) -> None:
    """A learner who leaves just then must not leave a watcher standing until the next request."""
    entrance, gone = Entrance(1), anyio.CancelScope()

    async def give_up() -> None:
        with gone:
            await visitors.visit(entrance.enter, "gone")

    async def send_away() -> None:
        gone.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visitors.visit, entrance.enter, "in")
        tasks.start_soon(give_up)
        tasks.start_soon(visitors.visit, entrance.stand_back, "back")
        tasks.start_soon(send_away)
        with anyio.fail_after(5):
            while len(visitors.names) < 2:
                await checkpoint()
    assert visitors.names == ["in", "back"]


async def test_one_who_stands_back_may_give_up(entrance: Entrance, visitors: Visitors) -> None:
    async with anyio.create_task_group() as leaving:
        leaving.start_soon(visitors.visit, entrance.stand_back, "gone")
        leaving.cancel_scope.cancel()
    with anyio.fail_after(5):
        await visitors.visit(entrance.stand_back, "back")
        await visitors.visit(entrance.enter, "in")
    assert visitors.names == ["back", "in"]


@pytest.mark.parametrize("load", [1, AT_ONCE - 1])
async def test_who_stands_back_gets_on_while_a_load_that_can_be_borne_goes_on(
    entrance: Entrance, visitors: Visitors, turns: Turns, load: int
) -> None:
    async with anyio.create_task_group() as tasks:
        for name in numbers(20):
            tasks.start_soon(visitors.visit, entrance.stand_back, name)
        began = turns.number
        while len(visitors.names) < 20:
            for _ in range(load):
                tasks.start_soon(entrance.enter)
            await pass_turns(turns, 1)
            assert turns.number - began < 100
    assert visitors.names == numbers(20)


async def test_who_stands_back_gets_on_when_more_than_can_be_borne_is_over(
    entrance: Entrance, visitors: Visitors, turns: Turns
) -> None:
    names = iter(numbers(1000))
    async with anyio.create_task_group() as tasks:
        for _ in range(3 * AT_ONCE):
            tasks.start_soon(visitors.visit, entrance.enter, next(names))
        tasks.start_soon(visitors.visit, entrance.stand_back, "back")
        for _ in range(50):
            for _ in range(2 * AT_ONCE):
                tasks.start_soon(visitors.visit, entrance.enter, next(names))
            await pass_turns(turns, 1)
    assert visitors.names == [*numbers(53 * AT_ONCE + 50 * AT_ONCE), "back"]
