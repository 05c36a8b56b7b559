"""Telling and asking: nothing waits for ever, nothing accepted is lost (REALTIME §4)."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from actors.actor import Actor
from actors.crashes import NEVER
from actors.mailbox import AskTimeout, Crashed, Gone, MailboxFull
from actors.supervisor import Supervisor
from lyo_rt.problems import Conflict
from tests.actors.scripted import LONG, Gate, Scripted, fail, outcome, took

pytestmark = pytest.mark.anyio


async def test_messages_are_received_one_at_a_time_in_order(second: float) -> None:
    inside: list[int] = []

    def message(number: int) -> Callable[[Scripted], Awaitable[None]]:
        async def receive(actor: Scripted) -> None:
            inside.append(number)
            assert len(inside) == 1
            await anyio.sleep(second * (3 - number))
            actor.diary.append(number)
            inside.remove(number)

        return receive

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary))
        assert all(address.tell(message(number)) for number in range(3))
        await address.ask("last", timeout=LONG)
        assert diary == ["started", 0, 1, 2, "last"]


async def test_a_full_mailbox_refuses_and_nobody_waits() -> None:
    class Small(Scripted):
        mailbox_size = 2

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address, gate = supervisor.start("small", 1, lambda: Small(diary)), Gate()
        address.tell(gate)
        await gate.entered.wait()
        assert [address.tell(number) for number in range(4)] == [True, True, False, False]
        with pytest.raises(MailboxFull, match="small 1"):
            await address.ask(5, timeout=LONG)
        assert not address.gone
        assert supervisor.statistics()["small"].refused == 3
        gate.opened.set()
        await anyio.wait_all_tasks_blocked()
        assert address.tell(6)
        assert await address.ask(7, timeout=LONG) == 7
        assert diary == ["started", 0, 1, 6, 7]


async def test_an_ask_is_answered() -> None:
    async with Supervisor() as supervisor:
        address = supervisor.start("scripted", 1, Scripted)
        assert await address.ask("question", timeout=LONG) == "question"
        assert await address.ask(None, timeout=LONG) is None


async def test_a_crash_fails_the_ask_with_its_cause() -> None:
    async with Supervisor() as supervisor:
        address = supervisor.start("scripted", 1, Scripted, policy=NEVER)
        with pytest.raises(Crashed) as raised:
            await address.ask(fail, timeout=LONG)
        assert isinstance(raised.value.__cause__, ValueError)


async def test_a_problem_refuses_the_ask_and_the_actor_lives_on() -> None:
    def refuse(_: Actor[Any]) -> None:
        raise Conflict("one turn at a time")

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary), policy=NEVER)
        with pytest.raises(Conflict, match="one turn at a time"):
            await address.ask(refuse, timeout=LONG)
        assert await address.ask("next", timeout=LONG) == "next"
        assert diary == ["started", "next"]
        assert supervisor.statistics()["scripted"].crashes == 0
        address.tell(refuse)
        await address.ended()
        assert supervisor.statistics()["scripted"].crashes == 1


async def test_an_ask_ends_at_its_timeout_and_the_message_is_still_received(second: float) -> None:
    async with Supervisor() as supervisor:
        address, gate = supervisor.start("scripted", 1, Scripted), Gate()
        before = anyio.current_time()
        with pytest.raises(AskTimeout):
            await address.ask(gate, timeout=7 * second)
        assert took(7 * second, since=before)
        assert gate.entered.is_set()
        gate.opened.set()
        assert await address.ask("next", timeout=LONG) == "next"


async def test_a_cancelled_asker_harms_nobody() -> None:
    async with Supervisor() as supervisor:
        address, gate = supervisor.start("scripted", 1, Scripted), Gate()
        async with anyio.create_task_group() as askers:
            askers.start_soon(lambda: address.ask(gate, timeout=LONG))
            await gate.entered.wait()
            askers.cancel_scope.cancel()
        gate.opened.set()
        assert await address.ask("next", timeout=LONG) == "next"


async def test_asking_the_gone_fails_at_once() -> None:
    async with Supervisor() as supervisor:
        address = supervisor.start("scripted", 1, Scripted)
        address.stop()
        assert address.gone
        assert not address.tell(1)
        with pytest.raises(Gone, match="scripted 1"):
            await address.ask(1, timeout=LONG)
        await address.ended()
        with pytest.raises(Gone):
            await address.ask(1, timeout=LONG)
        assert supervisor.statistics()["scripted"].refused == 3


async def test_asking_a_stopping_actor_fails_at_once() -> None:
    gate = Gate()

    class Slow(Scripted):
        async def stopped(self) -> None:
            await gate(self)

    async with Supervisor() as supervisor:
        address = supervisor.start("slow", 1, Slow)
        await address.ask("begun", timeout=LONG)
        address.stop()
        await gate.entered.wait()
        with pytest.raises(Gone):
            await address.ask(1, timeout=LONG)
        gate.opened.set()


async def test_stopping_answers_everyone_still_waiting() -> None:
    async with Supervisor() as supervisor:
        address, gate = supervisor.start("scripted", 1, Scripted), Gate()
        outcomes: list[Any] = []
        async with anyio.create_task_group() as askers:
            askers.start_soon(outcome, lambda: address.ask(gate, timeout=LONG), outcomes)
            await gate.entered.wait()
            for number in range(5):
                askers.start_soon(outcome, lambda number=number: address.ask(number, timeout=LONG), outcomes)
            await anyio.wait_all_tasks_blocked()
            address.tell("dropped too")
            address.stop()
        assert outcomes == [Gone] * 6
        await address.ended()
        assert supervisor.statistics()["scripted"].dropped == 6


@pytest.mark.parametrize("asking", [False, True])
async def test_no_message_is_lost_when_idle_time_runs_out(asking: bool, anyio_backend_name: str) -> None:
    virtual = anyio_backend_name == "trio"
    received: list[int] = []
    lives: list[int] = []

    class Idle(Actor[int]):
        idle_seconds = 1.0 if virtual else 0.0

        async def started(self) -> None:
            lives.append(1)

        async def receive(self, message: int) -> int:
            received.append(message)
            return message

    async def pause(number: int) -> None:
        # Virtual: every fifth message arrives in the very instant in which idle time runs out. Real: some turns later.
        if virtual and number % 5 == 0:
            await anyio.sleep(1.0)
        for _ in range(1 if virtual else number % 7):
            await checkpoint()

    async def hammer(numbers: range) -> None:
        address = supervisor.start("idle", 1, Idle)
        for number in numbers:
            while not address.tell(number):
                assert address.gone
                address = supervisor.start("idle", 1, Idle)
            await pause(number)

    async def question(numbers: range) -> None:
        for number in numbers:
            assert await supervisor.start("idle", 1, Idle).ask(number, timeout=LONG) == number
            await pause(number)

    async with Supervisor() as supervisor:
        async with anyio.create_task_group() as tellers:
            for first in range(2):
                tellers.start_soon(question if asking else hammer, range(first, 10_000, 2))
        while (last := supervisor.find("idle", 1)) is not None:
            await last.ended()
        statistics = supervisor.statistics()["idle"]
    assert sorted(received) == list(range(10_000))
    assert (statistics.messages, statistics.dropped, statistics.crashes) == (10_000, 0, 0)
    assert len(lives) > 100, "idle time hardly ever ran out: the race was not tried"


async def test_an_address_is_a_frozen_handle() -> None:
    async with Supervisor() as supervisor:
        address = supervisor.start("scripted", 1, Scripted)
        assert (address.kind, address.key) == ("scripted", 1)
        assert address == supervisor.find("scripted", 1)
        assert len({address, supervisor.start("scripted", 1, Scripted)}) == 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            address.mailbox = address.mailbox  # type: ignore[misc]
