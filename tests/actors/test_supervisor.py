"""What a supervisor promises: one of each, an end in time, counts that are exact, and no quiet death at the root."""

import subprocess
import sys
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from structlog.testing import capture_logs

from actors.actor import Actor
from actors.crashes import StrayCancellation
from actors.mailbox import Gone, Statistics
from actors.supervisor import Supervisor
from tests.actors.scripted import AT_ONCE, LONG, Gate, Scripted, fail, took

pytestmark = pytest.mark.anyio


async def test_there_is_one_of_each_kind_and_key() -> None:
    made: list[int] = []

    def factory() -> Scripted:
        made.append(1)
        return Scripted()

    async with Supervisor() as supervisor:
        first = supervisor.start("a", 1, factory)
        assert supervisor.start("a", 1, factory) is first
        assert supervisor.start("a", 2, factory) != first
        assert supervisor.start("b", 1, factory) != first
        assert len(made) == 3
        assert supervisor.find("a", 1) is first
        assert supervisor.find("a", 3) is None


async def test_a_new_actor_begins_when_the_former_has_ended_altogether() -> None:
    gate = Gate()

    class Slow(Scripted):
        async def stopped(self) -> None:
            await gate()
            self.diary.append("stopped")

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        former = supervisor.start("slow", 1, lambda: Slow(diary))
        await former.ask("begun", timeout=LONG)
        former.stop()
        await gate.entered.wait()
        latter = supervisor.start("slow", 1, lambda: Scripted(diary))
        assert latter != former
        assert latter.tell("kept")
        await anyio.wait_all_tasks_blocked()
        assert diary == ["started", "begun"]
        assert supervisor.statistics()["slow"].alive == 2
        gate.opened.set()
        await latter.ask("after", timeout=LONG)
        assert diary == ["started", "begun", "stopped", "started", "kept", "after"]
        assert supervisor.find("slow", 1) is latter


async def test_statistics_are_exact() -> None:
    class Small(Scripted):
        mailbox_size = 3

    async with Supervisor() as supervisor:
        assert supervisor.statistics() == {}
        gates = [Gate() for _ in range(2)]
        addresses = [supervisor.start("small", key, Small, policy=AT_ONCE) for key in range(2)]
        for address, gate in zip(addresses, gates, strict=True):
            address.tell(gate)
            await gate.entered.wait()
        for message in ("a", fail, "b", "refused"):
            addresses[0].tell(message)
        addresses[1].tell("dropped")
        before = supervisor.statistics()
        assert before == {"small": Statistics(alive=2, mailbox=4, messages=2, refused=1)}
        addresses[1].stop()
        await addresses[1].ended()
        gates[0].opened.set()
        assert not addresses[0].tell("still full")
        await anyio.wait_all_tasks_blocked()
        assert await addresses[0].ask("last", timeout=LONG) == "last"
        assert supervisor.statistics() == {
            "small": Statistics(alive=1, messages=6, refused=2, dropped=1, crashes=1, restarts=1)
        }
        assert before["small"].mailbox == 4, "a snapshot does not change"
    assert supervisor.statistics()["small"].alive == 0


async def test_a_root_tasks_crash_ends_everything() -> None:
    diary: list[Any] = []

    async def root() -> None:
        await checkpoint()
        raise OSError("port taken")

    async def serve() -> None:
        async with Supervisor() as supervisor:
            await supervisor.start("scripted", 1, lambda: Scripted(diary)).ask("begun", timeout=LONG)
            supervisor.root(root)
            await anyio.sleep_forever()

    with capture_logs() as logs, pytest.raises(ExceptionGroup) as raised:
        await serve()
    assert raised.group_contains(OSError, match="port taken", depth=1)
    assert diary == ["started", "begun", "stopped"]
    assert [(entry["event"], entry["errors"]) for entry in logs] == [("root task crashed", ["OSError"])]


async def test_a_stray_cancellation_of_a_root_task_is_a_crash(anyio_backend_name: str) -> None:
    if anyio_backend_name == "trio":
        pytest.skip("Trio has no such cancellation")
    import asyncio

    async def root() -> None:
        raise asyncio.CancelledError

    with pytest.raises(ExceptionGroup) as raised:
        async with Supervisor() as supervisor:
            supervisor.root(root)
    assert raised.group_contains(StrayCancellation)


def test_a_root_tasks_crash_ends_the_process() -> None:
    program = """
import anyio
from actors.supervisor import Supervisor

async def root():
    await anyio.sleep(0.01)
    raise OSError

async def main():
    async with Supervisor() as supervisor:
        supervisor.root(root)

anyio.run(main, backend_options={"use_uvloop": True})
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert ended.returncode == 1


async def test_leaving_waits_for_the_root_tasks_then_stops_the_actors() -> None:
    diary: list[Any] = []
    gate = Gate()

    async def root(supervisor: Supervisor) -> None:
        await gate()
        diary.append(await supervisor.start("scripted", 1, Scripted).ask("still served", timeout=LONG))

    async with anyio.create_task_group() as tasks:

        async def serve() -> None:
            async with Supervisor() as supervisor:
                supervisor.start("scripted", 1, lambda: Scripted(diary))
                supervisor.root(root, supervisor)
                endless = supervisor.root(anyio.sleep_forever)
                endless.cancel()

        tasks.start_soon(serve)
        await gate.entered.wait()
        gate.opened.set()
    assert diary == ["started", "still served", "still served", "stopped"]


async def test_an_exception_in_the_block_stops_the_actors() -> None:
    diary: list[Any] = []

    async def serve() -> None:
        async with Supervisor() as supervisor:
            await supervisor.start("scripted", 1, lambda: Scripted(diary)).ask("begun", timeout=LONG)
            raise LookupError

    with pytest.raises(ExceptionGroup) as raised:
        await serve()
    assert raised.group_contains(LookupError)
    assert diary == ["started", "begun", "stopped"]


async def test_stop_ends_all_and_nothing_starts_any_more() -> None:
    async with Supervisor() as supervisor:
        diary: list[Any] = []
        addresses = [supervisor.start("scripted", key, lambda: Scripted(diary)) for key in range(3)]
        for address in addresses:
            await address.ask("begun", timeout=LONG)
        assert await supervisor.stop(LONG) == []
        assert diary.count("stopped") == 3
        with pytest.raises(Gone):
            supervisor.start("scripted", 9, Scripted)
        with pytest.raises(Gone):
            supervisor.start("scripted", 1, Scripted)


async def test_stop_names_those_that_will_not_end_and_keeps_the_deadline(second: float) -> None:
    gate = Gate()

    async def stubborn(_: Actor[Any]) -> None:
        with anyio.CancelScope(shield=True):
            await gate()

    class Slow(Scripted):
        stop_seconds = LONG

        async def stopped(self) -> None:
            await anyio.sleep_forever()

    async with Supervisor() as supervisor:
        bad, slow = supervisor.start("bad", 1, Scripted), supervisor.start("slow", 1, Slow)
        good = supervisor.start("good", 1, Scripted)
        await slow.ask("begun", timeout=LONG)
        bad.tell(stubborn)
        await gate.entered.wait()
        before = anyio.current_time()
        with capture_logs() as logs:
            late = await supervisor.stop(4 * second)
        after = anyio.current_time()
        gate.opened.set()
        assert took(4 * second, since=before, until=after)
        assert set(late) == {bad, slow}
        assert {entry["kind"] for entry in logs} == {"bad", "slow"}
        for address in (bad, slow, good):
            await address.ended()
