"""The laws of one actor (REALTIME §4)."""

import contextvars
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from actors.actor import Actor
from actors.crashes import NEVER, StrayCancellation
from actors.mailbox import Crashed, Gone
from actors.supervisor import Supervisor
from tests.actors.scripted import AT_ONCE, LONG, Gate, Scripted, fail, outcome, took

pytestmark = pytest.mark.anyio


async def forever(*_: Any) -> None:
    await anyio.sleep_forever()


async def test_an_idle_actor_ends_after_its_idle_time(second: float) -> None:
    second *= 20

    class Idle(Scripted):
        idle_seconds = 30 * second

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("idle", 1, lambda: Idle(diary))
        await anyio.sleep(20 * second)
        await address.ask("late", timeout=LONG)
        before = anyio.current_time()
        await address.ended()
        assert took(30 * second, since=before)
        assert diary == ["started", "late", "stopped"]
        assert supervisor.find("idle", 1) is None


async def test_an_actor_is_not_idle_while_its_child_works(second: float) -> None:
    class Idle(Scripted):
        idle_seconds = 5 * second

    async def work(diary: list[Any]) -> None:
        await anyio.sleep(12 * second)
        diary.append("worked")

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("idle", 1, lambda: Idle(diary))
        address.tell(lambda actor: actor.start_soon(work, actor.diary))
        await address.ended()
        assert diary == ["started", "worked", "stopped"]


async def test_finish_receives_what_was_accepted() -> None:
    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary))
        for message in (lambda actor: actor.finish(), 1, 2):
            address.tell(message)
        answers: list[Any] = []
        await outcome(lambda: address.ask(3, timeout=LONG), answers)
        assert answers == [3]
        assert not address.tell(4)
        await address.ended()
        assert diary == ["started", 1, 2, 3, "stopped"]


async def test_a_child_can_finish_an_actor_that_waits() -> None:
    async def work(actor: Scripted) -> None:
        actor.address.tell("piece")
        actor.finish()

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary))
        address.tell(lambda actor: actor.start_soon(work, actor))
        await address.ended()
        assert diary == ["started", "piece", "stopped"]


async def test_the_mailbox_stays_responsive_while_a_child_works() -> None:
    async with Supervisor() as supervisor:
        address, gate = supervisor.start("scripted", 1, Scripted), Gate()
        address.tell(lambda actor: actor.start_soon(gate, actor))
        await gate.entered.wait()
        assert await address.ask("meanwhile", timeout=LONG) == "meanwhile"


@pytest.mark.parametrize("how", ["stop", "finish", "crash"])
async def test_children_die_with_the_actor(how: str) -> None:
    async def child(diary: list[Any]) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            diary.append("child ended")

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary), policy=NEVER)
        await address.ask(lambda actor: actor.start_soon(child, diary), timeout=LONG)
        await anyio.wait_all_tasks_blocked()
        if how == "stop":
            address.stop()
        else:
            address.tell(fail if how == "crash" else lambda actor: actor.finish())
        await address.ended()
        assert diary == ["started", "child ended", "stopped"]


async def test_the_crash_of_a_child_is_the_actors() -> None:
    async def child() -> None:
        raise KeyError("child")

    async def meanwhile(actor: Scripted) -> None:
        actor.start_soon(child)
        await anyio.sleep_forever()

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary), policy=AT_ONCE)
        with pytest.raises(Crashed) as raised:
            await address.ask(meanwhile, timeout=LONG)
        assert isinstance(raised.value.__cause__, KeyError)
        assert await address.ask("next life", timeout=LONG) == "next life"
        assert diary == ["started", "stopped", "started", "next life"]


async def test_child_work_belongs_to_a_life() -> None:
    faults: list[str] = []

    class Early(Scripted):
        async def stopped(self) -> None:
            try:
                self.start_soon(forever)
            except RuntimeError as fault:
                faults.append(str(fault))

    with pytest.raises(RuntimeError, match="from started"):
        Early().start_soon(forever)
    async with Supervisor() as supervisor:
        supervisor.start("early", 1, Early).tell("begun")
        await anyio.wait_all_tasks_blocked()
    assert len(faults) == 1


async def test_stopped_runs_also_when_started_fails() -> None:
    class Broken(Scripted):
        async def started(self) -> None:
            raise ValueError

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("broken", 1, lambda: Broken(diary), policy=NEVER)
        with pytest.raises(Gone):
            await address.ask("never received", timeout=LONG)
        assert diary == ["stopped"]
        assert supervisor.statistics()["broken"].crashes == 1


async def test_stopped_is_shielded_and_may_wait(second: float) -> None:
    class Careful(Scripted):
        async def stopped(self) -> None:
            await anyio.sleep(2 * second)
            self.diary.append("released")

    diary: list[Any] = []
    with anyio.CancelScope() as outside:
        async with Supervisor() as supervisor:
            await supervisor.start("careful", 1, lambda: Careful(diary)).ask("begun", timeout=LONG)
            outside.cancel()
            await anyio.sleep_forever()
    assert diary == ["started", "begun", "released"]


async def test_stopped_is_bounded_in_time(second: float) -> None:
    class Hanging(Scripted):
        stop_seconds = 3 * second

        async def stopped(self) -> None:
            await anyio.sleep_forever()

    async with Supervisor() as supervisor:
        address = supervisor.start("hanging", 1, Hanging)
        await address.ask("begun", timeout=LONG)
        before = anyio.current_time()
        address.stop()
        await address.ended()
        assert took(3 * second, since=before)
        assert supervisor.statistics()["hanging"].crashes == 1


async def test_an_actor_can_be_stopped_while_it_starts() -> None:
    gate = Gate()

    class Slow(Scripted):
        async def started(self) -> None:
            await gate()

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("slow", 1, lambda: Slow(diary))
        await gate.entered.wait()
        address.stop()
        await address.ended()
        assert diary == ["stopped"]
        unborn = supervisor.start("slow", 2, lambda: Slow(diary))
        unborn.stop()
        await unborn.ended()
        assert diary == ["stopped"], "no life, no end of it"


async def test_an_actor_can_stop_itself_and_still_answer() -> None:
    def last_words(actor: Scripted) -> str:
        actor.address.stop()
        return "farewell"

    async with Supervisor() as supervisor:
        address = supervisor.start("scripted", 1, Scripted)
        assert await address.ask(last_words, timeout=LONG) == "farewell"
        await address.ended()
        assert supervisor.statistics()["scripted"].crashes == 0


async def test_cancellation_from_outside_ends_the_actor_and_answers_its_askers() -> None:
    outcomes: list[Any] = []
    diary: list[Any] = []
    async with anyio.create_task_group() as askers:
        with anyio.CancelScope() as outside:
            async with Supervisor() as supervisor:
                address, gate = supervisor.start("scripted", 1, lambda: Scripted(diary)), Gate()
                askers.start_soon(outcome, lambda: address.ask(gate, timeout=LONG), outcomes)
                await gate.entered.wait()
                askers.start_soon(outcome, lambda: address.ask(2, timeout=LONG), outcomes)
                await anyio.wait_all_tasks_blocked()
                outside.cancel()
                await anyio.sleep_forever()
    assert outcomes == [Gone, Gone]
    assert diary == ["started", "stopped"]


@pytest.mark.parametrize("where", ["receive", "child", "stopped"])
async def test_a_cancellation_nobody_in_charge_asked_for_is_a_crash_of_one(where: str, anyio_backend_name: str) -> None:
    if anyio_backend_name == "trio":
        pytest.skip("Trio has no such cancellation")
    import asyncio

    async def stray(_: Any) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def receive(actor: Scripted) -> None:
        actor.start_soon(stray, actor)
        await anyio.sleep_forever()

    class Stray(Scripted):
        async def stopped(self) -> None:
            if where == "stopped":
                await stray(self)

    async with Supervisor() as supervisor:
        other = supervisor.start("other", 1, Scripted)
        address = supervisor.start("stray", 1, Stray, policy=AT_ONCE)
        with pytest.raises(Crashed) as raised:
            await address.ask({"receive": stray, "child": receive, "stopped": fail}[where], timeout=LONG)
        assert isinstance(raised.value.__cause__, ValueError if where == "stopped" else StrayCancellation)
        assert await address.ask("next life", timeout=LONG) == "next life"
        assert await other.ask("alive", timeout=LONG) == "alive"
        assert supervisor.statistics()["stray"].crashes == (2 if where == "stopped" else 1)


async def test_an_actor_that_tells_itself_forever_starves_nobody() -> None:
    class Eager(Actor[int]):
        async def receive(self, message: int) -> None:
            self.address.tell(message + 1)

    async with Supervisor() as supervisor:
        address = supervisor.start("eager", 1, Eager)
        address.tell(0)
        for _ in range(10):
            await checkpoint()
        address.stop()
        await address.ended()
        assert supervisor.statistics()["eager"].messages > 32


async def test_an_actor_does_not_run_in_its_starters_context() -> None:
    request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")
    async with Supervisor() as supervisor:
        request.set("starter's")
        address = supervisor.start("scripted", 1, Scripted)
        assert await address.ask(lambda _: request.get(), timeout=LONG) == "none"
