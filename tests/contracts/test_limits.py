"""What every store of counts promises (lyo_rt/limits/store.py): in-process, Redis, Sentinels, a cluster."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.limits.guesses import FORGOTTEN_SECONDS, Guess
from lyo_rt.limits.in_process import InProcessStore
from lyo_rt.limits.policies import FORGIVEN_SECONDS, LONGEST_HOLD_SECONDS, Policy, Standing
from lyo_rt.limits.redis import RedisStore
from lyo_rt.limits.store import Store

pytestmark = pytest.mark.anyio

MINUTE = Policy("general", 3, 60)
SECOND = Policy("ai", 2, 1)
TICK = 0.000_001


class Virtual:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + self.passed

    def monotonic(self) -> float:
        return 1000 + self.passed.total_seconds()

    def move(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Virtual:
    return Virtual()


@pytest.fixture(params=["in process", "redis", "sentinels", "cluster"])
def implementation(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def store(implementation: str, clock: Virtual, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if implementation == "in process":
        yield InProcessStore(clock)
        return
    url = request.getfixturevalue(f"{implementation}_url")
    async with RedisBroadcast.open(url, clock=SystemClock()) as broadcast:
        yield RedisStore(broadcast.shards, clock)


async def counted(store: Store, *policies: Policy, subject: str = "ada") -> Standing:
    """One request, and where the first policy stands after it."""
    return (await store.count(subject, policies))[0]


async def test_the_quota_is_admitted_and_no_more(store: Store, clock: Virtual) -> None:
    seen = [await counted(store, MINUTE) for _ in range(5)]
    assert [(one.refused, one.remaining) for one in seen] == [
        (False, 2),
        (False, 1),
        (False, 0),
        (True, 0),
        (True, 0),
    ]
    assert [one.seconds for one in seen] == [60] * 5


async def test_the_window_s_edge_is_exact(store: Store, clock: Virtual) -> None:
    for _ in range(3):
        await counted(store, MINUTE)
        clock.move(10)
    clock.move(30 - TICK)
    assert (await counted(store, MINUTE)).seconds == pytest.approx(TICK, abs=1e-9)
    clock.move(TICK)
    assert (await counted(store, MINUTE)) == Standing(MINUTE, 0, 10, refused=False)
    clock.move(10 - TICK)
    assert (await counted(store, MINUTE)).refused


async def test_the_window_slides(store: Store, clock: Virtual) -> None:
    """In any minute there are three, wherever it begins."""
    admitted: list[float] = []
    for _ in range(150):
        if not (await counted(store, Policy("general", 3, 60))).refused:
            admitted.append(clock.monotonic())
        clock.move(7)
    assert len(admitted) >= 4
    assert all(later - earlier >= 60 for earlier, later in zip(admitted, admitted[3:], strict=False))


async def test_of_two_hundred_at_once_exactly_the_quota_is_admitted(store: Store) -> None:
    policy, seen = Policy("general", 100, 60), []

    async def ask() -> None:
        seen.append(await counted(store, policy))

    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(ask)
    assert sum(one.refused for one in seen) == 100
    assert sorted(one.remaining for one in seen if not one.refused) == list(range(100))


async def test_a_request_is_counted_under_all_policies_or_under_none(store: Store, clock: Virtual) -> None:
    for _ in range(2):
        await store.count("ada", [MINUTE, SECOND])
    general, ai = await store.count("ada", [MINUTE, SECOND])
    assert (general.refused, general.remaining) == (False, 1)
    assert ai.refused
    clock.move(1)
    assert [one.refused for one in await store.count("ada", [MINUTE, SECOND])] == [False, False]
    assert (await counted(store, MINUTE)).refused


async def test_subjects_and_policies_know_nothing_of_one_another(store: Store) -> None:
    for _ in range(4):
        await counted(store, MINUTE)
    assert not (await counted(store, MINUTE, subject="bob")).refused
    assert not (await counted(store, SECOND)).refused
    for odd in ("2001:db8::/64", "{", "}", ""):
        assert not (await counted(store, MINUTE, subject=odd)).refused


async def test_who_offends_again_is_held_off_twice_as_long_up_to_an_hour(store: Store, clock: Virtual) -> None:
    policy, held = Policy("search", 1, 60), []
    for _ in range(9):
        await counted(store, policy)
        refused = await counted(store, policy)
        held.append(refused.seconds)
        clock.move(refused.seconds - TICK)
        assert (await counted(store, policy)).refused
        clock.move(TICK)
    assert held == [60, 60, 120, 240, 480, 960, 1920, LONGEST_HOLD_SECONDS, LONGEST_HOLD_SECONDS]


async def test_asking_while_held_off_makes_it_no_longer(store: Store, clock: Virtual) -> None:
    policy = Policy("search", 1, 60)
    await counted(store, policy)
    for _ in range(59):
        assert (await counted(store, policy)).refused
        clock.move(1)
    clock.move(1)
    assert not (await counted(store, policy)).refused


@pytest.mark.parametrize(("quiet", "hold"), [(FORGIVEN_SECONDS - 1, 120), (FORGIVEN_SECONDS, 60)])
async def test_an_hour_after_the_last_hold_all_is_forgiven(
    store: Store, clock: Virtual, quiet: float, hold: float
) -> None:
    policy = Policy("search", 1, 60)
    for _ in range(2):
        await counted(store, policy)
        clock.move((await counted(store, policy)).seconds)
    clock.move(quiet)
    await counted(store, policy)
    assert (await counted(store, policy)).seconds == hold


async def test_a_smaller_quota_counts_at_once(store: Store, clock: Virtual) -> None:
    for _ in range(10):
        await counted(store, MINUTE.premium())
        clock.move(1)
    refused = await counted(store, MINUTE)
    assert (refused.refused, refused.seconds) == (True, 57)


async def guesses(store: Store, clock: Virtual, number: int) -> list[float]:
    """So many guesses, each as soon as it is looked at; how long each holds off the next."""
    holds = []
    for _ in range(number):
        holds.append((await store.guess("ada")).hold)
        clock.move(holds[-1])
    return holds


async def test_each_wrong_guess_holds_the_next_off_longer_up_to_a_quarter_of_an_hour(
    store: Store, clock: Virtual
) -> None:
    assert await guesses(store, clock, 12) == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


async def test_a_guess_that_comes_too_early_is_not_looked_at_and_not_counted(store: Store, clock: Virtual) -> None:
    for _ in range(5):
        await store.guess("ada")
    clock.move(30 - TICK)
    early = [await store.guess("ada") for _ in range(3)]
    assert [one.number for one in early] == [5, 5, 5]
    assert [one.wait for one in early] == [pytest.approx(TICK, abs=1e-9)] * 3
    assert (await store.guess("bob")).wait == 0
    clock.move(TICK)
    assert await store.guess("ada") == Guess(6, 0, 60)


async def test_of_two_hundred_guesses_at_once_few_are_looked_at(store: Store) -> None:
    seen: list[Guess] = []

    async def ask() -> None:
        seen.append(await store.guess("ada"))

    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(ask)
    assert sorted(one.number for one in seen if not one.wait) == [1, 2, 3, 4, 5]


async def test_a_right_guess_and_a_day_forgive_all(store: Store, clock: Virtual) -> None:
    await guesses(store, clock, 8)
    await store.forget_guesses("ada")
    assert (await store.guess("ada")).number == 1
    await guesses(store, clock, 8)
    clock.move(FORGOTTEN_SECONDS - TICK)
    assert (await store.guess("ada")).number == 10
    clock.move(900 + FORGOTTEN_SECONDS)
    assert (await store.guess("ada")).number == 1


async def test_without_a_clock_the_server_s_time_counts(redis_url: str) -> None:
    async with RedisBroadcast.open(redis_url, clock=SystemClock()) as broadcast:
        here, there = RedisStore(broadcast.shards), RedisStore(broadcast.shards)
        seen = [await counted(store, MINUTE) for store in (here, there, here, there)]
    assert [one.refused for one in seen] == [False, False, False, True]
    assert 0 < seen[-1].seconds <= 60


async def test_what_nobody_asks_for_any_more_is_forgotten(clock: Virtual) -> None:
    store = InProcessStore(clock)
    for number in range(1000):
        await counted(store, MINUTE, subject=str(number))
    clock.move(60)
    for _ in range(1000):
        await counted(store, Policy("general", 10_000, 60))
    assert len(store) == 1


async def test_the_memory_is_bounded(clock: Virtual) -> None:
    store = InProcessStore(clock, most=100)
    for number in range(1000):
        await counted(store, MINUTE, subject=str(number))
    assert len(store) <= 101
