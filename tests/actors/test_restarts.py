"""A crash ends one actor, is seen, and is followed by a new life in measure (REALTIME §4)."""

import random
from itertools import pairwise
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from actors.actor import Actor
from actors.crashes import NEVER, Restart
from actors.mailbox import Crashed, Gone, Statistics
from actors.supervisor import Supervisor
from tests.actors.scripted import AT_ONCE, LONG, Gate, Scripted, fail

pytestmark = pytest.mark.anyio


async def test_a_crashed_actor_lives_again_with_a_fresh_object_and_its_mailbox() -> None:
    def remember(actor: Scripted) -> int:
        actor.remembered += 1
        return actor.remembered

    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary), policy=AT_ONCE)
        assert await address.ask(remember, timeout=LONG) == 1
        gate = Gate()
        for message in (gate, fail, "kept"):
            address.tell(message)
        await gate.entered.wait()
        gate.opened.set()
        assert await address.ask(remember, timeout=LONG) == 1
        assert diary == ["started", "stopped", "started", "kept"]
        assert supervisor.statistics()["scripted"].crashes == 1


async def test_the_pause_grows_between_its_bounds(second: float) -> None:
    bounds: list[tuple[float, float]] = []
    starts: list[float] = []

    class Clocked(Scripted):
        async def started(self) -> None:
            starts.append(anyio.current_time())

    def jitter(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    policy = Restart(attempts=6, within=LONG, shortest=second, longest=10 * second)
    async with Supervisor(jitter=jitter) as supervisor:
        address = supervisor.start("clocked", 1, Clocked, policy=policy)
        for _ in range(6):
            with pytest.raises(Crashed):
                await address.ask(fail, timeout=LONG)
        await address.ask("alive", timeout=LONG)
    assert bounds == [(second, high * second) for high in (2, 4, 8, 10, 10, 10)]
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    # uvloop counts time in whole milliseconds.
    assert all(pause >= high - 0.0015 for pause, (_, high) in zip(pauses, bounds, strict=True))
    assert sum(pauses) < sum(high for _, high in bounds) + 1


def test_pauses_are_spread_so_that_actors_do_not_return_all_at_once() -> None:
    drawn = [Restart(shortest=1, longest=30).pause([0.0], 1.0, random.uniform) or 0 for _ in range(200)]
    assert all(1 <= pause <= 4 for pause in drawn)
    assert max(drawn) - min(drawn) > 1.5


async def test_it_is_given_up_after_too_many_crashes() -> None:
    policy = Restart(attempts=2, within=60, shortest=0, longest=0)
    async with Supervisor() as supervisor:
        address = supervisor.start("scripted", 1, Scripted, policy=policy)
        with capture_logs() as logs:
            for _ in range(3):
                address.tell(fail)
            with pytest.raises(Gone):
                await address.ask("never received", timeout=LONG)
            await address.ended()
        assert [entry["event"] for entry in logs] == ["actor crashed"] * 3 + ["actor given up"]
        assert supervisor.statistics()["scripted"] == Statistics(
            messages=3, dropped=1, crashes=3, restarts=2, given_up=1
        )
        assert supervisor.find("scripted", 1) is None
        assert await supervisor.start("scripted", 1, Scripted).ask("fresh", timeout=LONG) == "fresh"


async def test_rare_crashes_never_add_up(second: float) -> None:
    policy = Restart(attempts=1, within=10 * second, shortest=0, longest=0)
    async with Supervisor() as supervisor:
        address = supervisor.start("scripted", 1, Scripted, policy=policy)
        for _ in range(4):
            address.tell(fail)
            await anyio.sleep(20 * second)
        assert not address.gone
        assert supervisor.statistics()["scripted"].restarts == 4


async def test_never_means_one_life() -> None:
    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary), policy=NEVER)
        address.tell(fail)
        address.tell("dropped")
        await address.ended()
        assert diary == ["started", "stopped"]
        assert supervisor.statistics()["scripted"] == Statistics(messages=1, dropped=1, crashes=1)


async def test_a_crash_leaves_the_others_alone() -> None:
    async with Supervisor() as supervisor:
        others = [supervisor.start("scripted", key, Scripted) for key in range(5)]
        with pytest.raises(Crashed):
            await supervisor.start("scripted", "bad", Scripted, policy=NEVER).ask(fail, timeout=LONG)
        for address in others:
            assert await address.ask("alive", timeout=LONG) == "alive"


async def test_a_factory_that_fails_is_seen() -> None:
    made: list[int] = []

    def factory() -> Scripted:
        made.append(1)
        if len(made) in (2, 3):
            raise OSError
        return Scripted()

    def broken() -> Scripted:
        raise PermissionError

    async with Supervisor() as supervisor:
        with pytest.raises(PermissionError):
            supervisor.start("broken", 1, broken)
        assert supervisor.find("broken", 1) is None
        address = supervisor.start("scripted", 1, factory, policy=AT_ONCE)
        address.tell(fail)
        assert await address.ask("alive", timeout=LONG) == "alive"
        assert supervisor.statistics()["scripted"].crashes == 3


async def test_stopping_cuts_the_pause_before_a_restart() -> None:
    policy = Restart(shortest=LONG, longest=LONG)
    async with Supervisor() as supervisor:
        diary: list[Any] = []
        address = supervisor.start("scripted", 1, lambda: Scripted(diary), policy=policy)
        with pytest.raises(Crashed):
            await address.ask(fail, timeout=LONG)
        address.tell("waits for the next life")
        await anyio.wait_all_tasks_blocked()
        before = anyio.current_time()
        address.stop()
        await address.ended()
        assert anyio.current_time() - before < 1
        assert diary == ["started", "stopped"]
        assert supervisor.statistics()["scripted"] == Statistics(messages=1, dropped=1, crashes=1)


async def test_a_crash_is_logged_by_kind_and_place_without_content() -> None:
    class Secret(str):
        __slots__ = ()

    class Quoting(Actor[Secret]):
        async def receive(self, message: Secret) -> None:
            async with anyio.create_task_group() as inner:
                inner.start_soon(self.quote, message)

        async def quote(self, message: Secret) -> None:
            raise ValueError(f"cannot read {message}")

    async with Supervisor() as supervisor:
        address = supervisor.start("quoting", 7, Quoting, policy=NEVER)
        with capture_logs() as logs, pytest.raises(Crashed) as raised:
            await address.ask(Secret("my diary"), timeout=LONG)
    assert str(raised.value.__cause__) == "cannot read my diary"
    (entry,) = logs
    assert {name: entry[name] for name in ("event", "log_level", "kind", "key", "received", "errors")} == {
        "event": "actor crashed",
        "log_level": "error",
        "kind": "quoting",
        "key": "7",
        "received": "Secret",
        "errors": ["ValueError"],
    }
    assert entry["where"][0].startswith(f"{__name__}:")
    assert "quote" in entry["where"][0]
    assert "diary" not in str(entry)
