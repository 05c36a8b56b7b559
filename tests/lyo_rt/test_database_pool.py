"""The connections at hand over the pool's: used again while they are sound, never longer, and shared out fairly."""

import random
from collections.abc import AsyncIterator, Callable

import anyio
import asyncpg
import pytest
from anyio.lowlevel import checkpoint

from lyo_rt.database.pool import Database
from lyo_rt.problems import Unavailable
from tests.conftest import Announcements

pytestmark = pytest.mark.anyio

PID = "SELECT pg_backend_pid()"
SLOWLY = "SELECT pg_backend_pid() FROM pg_sleep(0.005)"
FOR_LONG = "SELECT pg_sleep(60)"


@pytest.fixture
def pool_max() -> int:
    return 3


@pytest.fixture
async def pool(database_url: str, pool_max: int) -> AsyncIterator[Database]:
    """A small pool on the test's database."""
    async with Database.open(database_url, Announcements(), pool_max=pool_max) as opened:
        yield opened


@pytest.fixture
async def watcher(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():  # noqa: ASYNC110  (a plain value)
            await anyio.sleep(0.005)


async def until_busy(watcher: "asyncpg.Connection[asyncpg.Record]", count: int) -> None:
    """Returns once so many statements of FOR_LONG are running."""
    with anyio.fail_after(10):
        while await running(watcher) != count:  # noqa: ASYNC110  (the server tells nobody)
            await anyio.sleep(0.005)


async def running(watcher: "asyncpg.Connection[asyncpg.Record]") -> int:
    count: int = await watcher.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active' AND datname = current_database()",
        FOR_LONG,
    )
    return count


async def backends(watcher: "asyncpg.Connection[asyncpg.Record]") -> set[int]:
    """Those of all connections to this database but the watcher's."""
    rows = await watcher.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    return {row["pid"] for row in rows}


async def end(watcher: "asyncpg.Connection[asyncpg.Record]", pids: set[int]) -> None:
    """End these backends; returns once the pool has noticed: it opens others for them, to be three again."""
    await watcher.fetch("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", list(pids))
    with anyio.fail_after(10):
        while len(left := await backends(watcher)) < 3 or left & pids:  # noqa: ASYNC110  (the server tells nobody)
            await anyio.sleep(0.005)


async def all_at_hand(pool: Database) -> set[int]:
    """Use all three at once, so that all come back; the ids of their backends."""
    pids: set[int] = set()

    async def use() -> None:
        async with pool.transaction() as transaction:
            pids.add(await transaction.fetchval(PID))
            await until(lambda: len(pids) == 3)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(use)
    assert pool.statistics() == {"size": 3, "idle": 3, "max": 3}
    return pids


async def test_a_connection_that_comes_back_is_used_again(pool: Database) -> None:
    pid = await pool.fetchval(PID)
    for _ in range(20):
        assert await pool.fetchval(PID) == pid
        async with pool.transaction() as transaction:
            assert await transaction.fetchval(PID) == pid


async def test_a_statements_own_fault_costs_no_connection(pool: Database) -> None:
    pids = await all_at_hand(pool)
    for _ in range(10):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await pool.fetchval("SELECT 1 / 0")
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with pool.transaction() as transaction:
                await transaction.execute("SELECT 1 / 0")
    assert await all_at_hand(pool) == pids


# -- cut short


async def test_one_cancelled_in_mid_query_serves_nobody_before_that_has_ended(
    pool: Database, watcher: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(pool.execute, FOR_LONG)
        await until_busy(watcher, 3)
        tasks.cancel_scope.cancel()
    with anyio.fail_after(5):
        assert await pool.fetchval("SELECT 7") == 7
        await all_at_hand(pool)
    assert await running(watcher) == 0


async def test_a_transaction_cancelled_in_mid_query_is_rolled_back(
    pool: Database, watcher: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await watcher.execute("CREATE TABLE written (number int)")

    async def write() -> None:
        async with pool.transaction() as transaction:
            await transaction.execute("INSERT INTO written VALUES (1)")
            await transaction.execute(FOR_LONG)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        await until_busy(watcher, 1)
        tasks.cancel_scope.cancel()
    await all_at_hand(pool)
    open_ = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    assert await watcher.fetchval(open_) == 0
    assert await watcher.fetchval("SELECT count(*) FROM written") == 0


async def test_whenever_others_are_cancelled_each_gets_its_own_answer(pool: Database) -> None:
    chance = random.Random(20261130)  # noqa: S311
    answered = 0

    async def ask(number: int) -> None:
        nonlocal answered
        for turn in range(25):
            own = 100 * number + turn
            with anyio.move_on_after(chance.uniform(0.0005, 0.02)):
                assert await pool.fetchval("SELECT $1::int FROM pg_sleep(0.001)", own) == own
                answered += 1

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(ask, number)
    assert 0 < answered < 200
    await all_at_hand(pool)


# -- broken


async def test_one_whose_backend_was_ended_is_not_handed_out_again(
    pool: Database, watcher: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    pids = await all_at_hand(pool)
    ended = set(sorted(pids)[:2])
    await end(watcher, ended)
    assert pool.statistics() == {"size": 3, "idle": 3, "max": 3}
    for _ in range(3):
        assert await pool.fetchval(PID) not in ended
    assert await all_at_hand(pool) & pids == pids - ended


async def test_after_all_were_ended_nobody_is_refused(
    pool: Database, watcher: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """A restart of PostgreSQL costs the statements it interrupts, and none that begin when it is back."""
    pids = await all_at_hand(pool)
    await end(watcher, pids)
    assert pool.statistics() == {"size": 3, "idle": 3, "max": 3}
    assert await pool.fetchval("SELECT 7") == 7
    assert (await all_at_hand(pool)).isdisjoint(pids)


async def test_one_whose_backend_is_ended_in_mid_query_costs_that_query_only(
    pool: Database, watcher: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    refused: list[Unavailable] = []

    async def wait() -> None:
        try:
            await pool.execute(FOR_LONG)
        except Unavailable as fault:
            refused.append(fault)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await until_busy(watcher, 1)
        await watcher.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1", FOR_LONG)
    assert len(refused) == 1
    for _ in range(5):
        assert await pool.fetchval("SELECT 7") == 7
    await all_at_hand(pool)


# -- more callers than connections


async def test_all_of_many_callers_are_served_by_the_few_connections(pool: Database) -> None:
    pids: list[int] = []

    async def call() -> None:
        pids.append(await pool.fetchval(SLOWLY))
        async with pool.transaction() as transaction:
            pids.append(await transaction.fetchval(SLOWLY))

    async with anyio.create_task_group() as tasks:
        for _ in range(40):
            tasks.start_soon(call)
    assert len(pids) == 80
    assert len(set(pids)) == 3
    assert pool.statistics() == {"size": 3, "idle": 3, "max": 3}


@pytest.mark.parametrize("pool_max", [1])
async def test_those_who_come_back_for_more_do_not_starve_those_who_wait(pool: Database) -> None:
    order: list[str] = []

    async def greedy() -> None:
        while "last" not in order:
            await pool.fetchval("SELECT 1")
            order.append("greedy")

    async def wait(name: str) -> None:
        await pool.fetchval("SELECT 1")
        order.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(greedy)
        await until(lambda: len(order) > 10)
        order.clear()
        for name in ("first", "second", "last"):
            tasks.start_soon(wait, name)
    assert [name for name in order if name != "greedy"] == ["first", "second", "last"]
    assert order.count("greedy") <= 4


@pytest.mark.parametrize("pool_max", [1])
async def test_one_who_waited_in_vain_leaves_the_connections_to_be_kept_at_hand(pool: Database) -> None:
    async with pool.transaction() as transaction:
        pid = await transaction.fetchval(PID)
        with anyio.move_on_after(0.05) as waited:
            await pool.fetchval(PID)
    assert waited.cancelled_caught
    with anyio.fail_after(5):
        assert [await pool.fetchval(PID) for _ in range(3)] == [pid] * 3


@pytest.mark.parametrize("pool_max", [1])
async def test_one_who_gives_up_as_a_connection_is_handed_to_it_hands_it_on(pool: Database) -> None:
    served: list[int] = []

    async def call() -> None:
        served.append(await pool.fetchval(PID))

    gone = anyio.CancelScope()

    async def give_up() -> None:
        with gone:
            await call()

    async with anyio.create_task_group() as tasks:
        async with pool.transaction() as transaction:
            pid = await transaction.fetchval(PID)
            tasks.start_soon(give_up)
            await checkpoint()
            tasks.start_soon(call)
            await checkpoint()
        gone.cancel()
    assert served == [pid]
    assert pool.statistics() == {"size": 1, "idle": 1, "max": 1}


async def test_statistics_add_up(pool: Database) -> None:
    await all_at_hand(pool)
    async with pool.transaction():
        assert pool.statistics() == {"size": 3, "idle": 2, "max": 3}
        async with pool.transaction(), pool.transaction():
            assert pool.statistics() == {"size": 3, "idle": 0, "max": 3}
        assert pool.statistics() == {"size": 3, "idle": 2, "max": 3}
    assert pool.statistics() == {"size": 3, "idle": 3, "max": 3}


# -- closing


async def test_closing_ends_those_at_hand(database_url: str, watcher: "asyncpg.Connection[asyncpg.Record]") -> None:
    async with Database.open(database_url, Announcements(), pool_max=3) as pool:
        assert await backends(watcher) == await all_at_hand(pool)
        began = anyio.current_time()
    assert anyio.current_time() - began < 2
    with anyio.fail_after(5):
        while await backends(watcher):  # noqa: ASYNC110  (the server tells nobody)
            await anyio.sleep(0.005)
    with pytest.raises(Unavailable):
        await pool.fetchval(PID)


async def test_closing_waits_for_what_is_in_use_and_no_longer(database_url: str) -> None:
    """What is not released within 5 s is cut off."""
    answers: list[int] = []
    began = anyio.Event()

    async def ask(pool: Database) -> None:
        async with pool.transaction() as transaction:
            began.set()
            answers.append(await transaction.fetchval("SELECT 7 FROM pg_sleep(0.3)"))

    async with anyio.create_task_group() as tasks:
        async with Database.open(database_url, Announcements(), pool_max=3) as pool:
            await all_at_hand(pool)
            tasks.start_soon(ask, pool)
            await began.wait()
            closing = anyio.current_time()
        assert anyio.current_time() - closing < 3
    assert answers == [7]
