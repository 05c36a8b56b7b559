"""Leases on a real PostgreSQL: one holder at a time, and one that was taken for dead writes nothing."""

import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import asyncpg
import pytest

from lyo_rt import leases
from lyo_rt.database.pool import Database
from lyo_rt.leases import Lease, LeaseLost, Presence
from lyo_rt.problems import Unavailable
from tests.conftest import Announcements

pytestmark = pytest.mark.anyio

KIND = "generation"
HERE, THERE = 7, 2**62 + 11
"""Two instances; the ids of real ones have up to 63 bits, which pg_locks shows in two halves."""


async def test_a_lease_that_is_to_be_there_is_made_once_and_then_left_alone(database: Database, here: Presence) -> None:
    id = uuid4()
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(leases.ensure, database, KIND, id)
    (claimed,) = await leases.claim(database, [KIND], HERE, limit=5)
    await leases.ensure(database, KIND, id)
    assert await leases.renew(database, [claimed]) == [claimed]


@asynccontextmanager
async def alive(url: str, instance: int) -> AsyncIterator[Presence]:
    presence = Presence(url, instance)
    async with presence.held():
        yield presence


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Presence]:
    """The instance HERE lives."""
    async with alive(database_url, HERE) as presence:
        yield presence


@pytest.fixture
async def rivals(database_url: str) -> AsyncIterator[list[int]]:
    """Twenty instances that live."""
    async with AsyncExitStack() as stack:
        for instance in range(1, 21):
            await stack.enter_async_context(alive(database_url, instance))
        yield list(range(1, 21))


@pytest.fixture
async def there(database_url: str) -> AsyncIterator[Presence]:
    """The instance THERE lives."""
    async with alive(database_url, THERE) as presence:
        yield presence


async def create(database: Database, owner: int | None, kind: str = KIND) -> Lease:
    async with database.transaction() as transaction:
        return await leases.create(transaction, kind, uuid4(), owner=owner)


async def claim(database: Database, owner: int, limit: int = 100) -> list[Lease]:
    return await leases.claim(database, [KIND], owner, limit=limit, settling=0)


async def fence(database: Database, lease: Lease) -> bool:
    async with database.transaction() as transaction:
        return await leases.fence(transaction, lease)


async def close(database: Database, lease: Lease) -> None:
    async with database.transaction() as transaction:
        await leases.fence(transaction, lease)
        await leases.close(transaction, lease)


async def expire(database: Database, id: UUID) -> None:
    """Let the lease run out by the database's clock."""
    await database.execute("UPDATE leases SET lease_until = clock_timestamp() - interval '1 ms' WHERE id = $1", id)


async def left(database: Database, id: UUID) -> float:
    """Seconds until the lease runs out."""
    seconds: float = await database.fetchval(
        "SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 FROM leases WHERE id = $1", id
    )
    return seconds


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    with anyio.fail_after(seconds):
        while not await condition():  # noqa: ASYNC110  (the server tells nobody)
            await anyio.sleep(0.01)


async def test_work_begun_for_an_instance_is_held_by_it_from_the_start(
    database: Database, here: Presence, there: Presence
) -> None:
    lease = await create(database, HERE)
    assert lease == Lease(KIND, lease.id, epoch=1)
    assert await claim(database, THERE) == []
    assert await fence(database, lease) is False


async def test_work_begun_for_nobody_is_anyones(database: Database, here: Presence) -> None:
    lease = await create(database, None)
    assert lease.epoch == 0
    assert await claim(database, HERE) == [Lease(KIND, lease.id, epoch=1, takeovers=0)]
    assert await claim(database, HERE) == []


async def test_a_claim_takes_only_the_kinds_it_names_the_oldest_first_and_no_more_than_its_limit(
    database: Database, here: Presence
) -> None:
    first, second, third = [await create(database, None) for _ in range(3)]
    other = await create(database, None, kind="turn")
    assert [lease.id for lease in await claim(database, HERE, limit=2)] == [first.id, second.id]
    assert [lease.id for lease in await claim(database, HERE, limit=2)] == [third.id]
    assert [lease.id for lease in await leases.claim(database, ["turn", KIND], HERE, limit=2)] == [other.id]


async def test_what_the_work_belongs_to_comes_with_the_claim(database: Database, here: Presence) -> None:
    subject = uuid4()
    async with database.transaction() as transaction:
        await leases.create(transaction, KIND, uuid4(), owner=None, subject=subject)
    [lease] = await claim(database, HERE)
    assert lease.subject == subject


async def test_one_of_twenty_claimers_gets_it(database: Database, rivals: list[int]) -> None:
    lease = await create(database, None)
    claimed: list[tuple[int, Lease]] = []

    async def rival(owner: int) -> None:
        claimed.extend((owner, found) for found in await claim(database, owner))

    async with anyio.create_task_group() as tasks:
        for owner in rivals:
            tasks.start_soon(rival, owner)
    assert [found for _, found in claimed] == [Lease(KIND, lease.id, epoch=1)]
    assert await database.fetchval("SELECT owner FROM leases WHERE id = $1", lease.id) == claimed[0][0]


async def test_twenty_claimers_share_a_hundred_pieces_of_work_without_overlap(
    database: Database, rivals: list[int]
) -> None:
    ids = {(await create(database, None)).id for _ in range(100)}
    claimed: list[UUID] = []

    async def rival(owner: int) -> None:
        claimed.extend(found.id for found in await claim(database, owner, limit=5))

    async with anyio.create_task_group() as tasks:
        for owner in rivals:
            tasks.start_soon(rival, owner)
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= ids
    for owner in rivals:
        claimed.extend(found.id for found in await claim(database, owner, limit=100))
    assert sorted(claimed) == sorted(ids)


async def test_a_claim_waits_for_no_lock(database: Database, here: Presence) -> None:
    locked, free = await create(database, None), await create(database, None)
    async with database.transaction() as transaction:
        await transaction.execute("SELECT 1 FROM leases WHERE id = $1 FOR UPDATE", locked.id)
        with anyio.fail_after(5):
            assert [lease.id for lease in await claim(database, HERE)] == [free.id]
    assert [lease.id for lease in await claim(database, HERE)] == [locked.id]


async def test_a_fence_takes_the_rows_lock_and_renews(database: Database, here: Presence) -> None:
    lease = await create(database, HERE)
    await database.execute("UPDATE leases SET lease_until = clock_timestamp() + interval '1 s'")
    async with database.transaction() as transaction:
        await leases.fence(transaction, lease)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await database.execute("SELECT 1 FROM leases WHERE id = $1 FOR UPDATE NOWAIT", lease.id)
        assert await claim(database, THERE) == []
    assert leases.LEASE_SECONDS - 1 < await left(database, lease.id) <= leases.LEASE_SECONDS


async def test_a_fence_refuses_an_older_epoch(database: Database, here: Presence) -> None:
    lease = await create(database, None)
    with pytest.raises(LeaseLost):
        await fence(database, Lease(KIND, lease.id, epoch=7))
    [claimed] = await claim(database, HERE)
    with pytest.raises(LeaseLost):
        await fence(database, lease)
    assert await fence(database, claimed) is False


async def test_a_fence_refuses_work_that_is_closed_or_does_not_exist(database: Database, here: Presence) -> None:
    lease = await create(database, HERE)
    await close(database, lease)
    with pytest.raises(LeaseLost):
        await fence(database, lease)
    with pytest.raises(LeaseLost):
        await fence(database, Lease(KIND, uuid4(), epoch=1))


async def test_closed_work_is_claimed_by_nobody(database: Database, here: Presence) -> None:
    lease = await create(database, HERE)
    await close(database, lease)
    assert await claim(database, THERE) == []
    assert await leases.renew(database, [lease]) == []


async def test_a_zombies_checkpoint_writes_nothing_after_a_takeover(
    database: Database, here: Presence, there: Presence
) -> None:
    lease = await create(database, HERE)
    await database.execute("CREATE TABLE written (by text)")
    await expire(database, lease.id)
    [taken] = await claim(database, THERE)
    assert (taken.epoch, taken.takeovers) == (2, 1)

    async def checkpoint(held: Lease, by: str) -> None:
        async with database.transaction() as transaction:
            await transaction.execute("INSERT INTO written VALUES ($1)", by)
            await leases.fence(transaction, held)

    with pytest.raises(LeaseLost):
        await checkpoint(lease, "zombie")
    await checkpoint(taken, "heir")
    assert [row["by"] for row in await database.fetch("SELECT by FROM written")] == ["heir"]


async def test_a_checkpoint_in_flight_is_waited_for_not_overtaken(database: Database, there: Presence) -> None:
    """HERE is taken for dead in the middle of its checkpoint: it commits whole, and only then the work can be had."""
    lease = await create(database, HERE)
    async with database.transaction() as transaction:
        await leases.fence(transaction, lease)
        assert await claim(database, THERE) == []
    [taken] = await claim(database, THERE)
    assert taken.epoch == 2


async def test_an_instance_that_never_lived_holds_nothing(database: Database, there: Presence) -> None:
    lease = await create(database, HERE)
    assert [found.id for found in await claim(database, THERE)] == [lease.id]


async def test_closing_the_presence_frees_the_work_at_once(
    database: Database, database_url: str, there: Presence
) -> None:
    async with alive(database_url, HERE):
        lease = await create(database, HERE)
        assert await claim(database, THERE) == []
    began = time.monotonic()
    taken: list[Lease] = []
    while not taken and time.monotonic() - began < 2:
        taken = await claim(database, THERE)
    assert [(found.id, found.epoch, found.takeovers) for found in taken] == [(lease.id, 2, 1)]
    assert time.monotonic() - began < 0.5


HOLDER = """
import asyncio, sys
from lyo_rt.leases import Presence

async def main():
    async with Presence(sys.argv[1], int(sys.argv[2])).held():
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_killing_the_process_frees_the_work_within_half_a_second(
    database: Database, database_url: str, there: Presence
) -> None:
    with subprocess.Popen(  # noqa: ASYNC220  (it starts within a millisecond)
        [sys.executable, "-c", HOLDER, database_url, str(HERE)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert await anyio.to_thread.run_sync(process.stdout.readline) == "held\n"
        lease = await create(database, HERE)
        assert await claim(database, THERE) == []
        process.send_signal(signal.SIGKILL)
        began = time.monotonic()
        taken: list[Lease] = []
        while not taken and time.monotonic() - began < 3:
            taken = await claim(database, THERE)
            await anyio.sleep(0.01)
    assert [(found.id, found.epoch) for found in taken] == [(lease.id, 2)]
    assert time.monotonic() - began < 0.5


async def test_while_postgresql_settles_a_missing_lock_proves_no_death(database: Database, there: Presence) -> None:
    """Its restart took everyone's lock: HERE may be about to show itself again."""
    lease = await create(database, HERE)
    assert await leases.claim(database, [KIND], THERE, limit=1, settling=3600 * 24) == []
    assert [found.id for found in await leases.claim(database, [KIND], THERE, limit=1, settling=0)] == [lease.id]


async def test_a_lease_that_ran_out_is_free_although_its_holder_shows_itself(
    database: Database, here: Presence, there: Presence
) -> None:
    lease = await create(database, HERE)
    assert await claim(database, THERE) == []
    await expire(database, lease.id)
    [taken] = await claim(database, THERE)
    assert (taken.id, taken.epoch, taken.takeovers) == (lease.id, 2, 1)


async def test_presence_in_another_database_does_not_count(
    database: Database, empty_database_url: str, there: Presence
) -> None:
    lease = await create(database, HERE)
    async with alive(empty_database_url, HERE):
        assert [found.id for found in await claim(database, THERE)] == [lease.id]


async def test_renewing_extends_what_is_held_and_leaves_out_what_is_lost(
    database: Database, here: Presence, there: Presence
) -> None:
    kept, lost, closed = [await create(database, HERE) for _ in range(3)]
    await expire(database, lost.id)
    await claim(database, THERE)
    await close(database, closed)
    await expire(database, kept.id)
    assert await leases.renew(database, [kept, lost, closed]) == [kept]
    assert leases.LEASE_SECONDS - 1 < await left(database, kept.id) <= leases.LEASE_SECONDS
    assert await leases.renew(database, []) == []


async def test_renewing_waits_for_no_checkpoint(database: Database, here: Presence) -> None:
    """One slow transaction must not cost an instance all it holds; what is locked cannot be taken either."""
    slow, other = await create(database, HERE), await create(database, HERE)
    async with database.transaction() as transaction:
        await leases.fence(transaction, slow)
        await expire(database, other.id)
        with anyio.fail_after(5):
            renewed = await leases.renew(database, [slow, other])
        assert {lease.id for lease in renewed} == {slow.id, other.id}
        assert await left(database, other.id) > leases.LEASE_SECONDS - 1


async def test_released_work_is_free_at_once_and_not_counted_as_taken_over(
    database: Database, here: Presence, there: Presence
) -> None:
    lease, other = await create(database, HERE), await create(database, HERE)
    await leases.release(database, [lease])
    assert await claim(database, THERE) == [Lease(KIND, lease.id, epoch=2, takeovers=0)]
    with pytest.raises(LeaseLost):
        await fence(database, lease)
    assert await fence(database, other) is False


async def test_releasing_what_is_lost_or_closed_changes_nothing(
    database: Database, here: Presence, there: Presence
) -> None:
    lost, closed = await create(database, HERE), await create(database, HERE)
    await expire(database, lost.id)
    [taken] = await claim(database, THERE)
    await close(database, closed)
    await leases.release(database, [lost, closed])
    await leases.release(database, [])
    assert await claim(database, HERE) == []
    assert await fence(database, taken) is False


async def test_takeovers_are_counted_one_by_one(database: Database) -> None:
    lease = await create(database, HERE)
    for takeover in range(1, leases.POISONED_AFTER + 1):
        [taken] = await claim(database, HERE + takeover)
        assert (taken.epoch, taken.takeovers) == (1 + takeover, takeover)
    assert taken.id == lease.id


async def test_a_requested_cancel_is_seen_by_fence_renewal_and_claim(database: Database, here: Presence) -> None:
    lease = await create(database, HERE)
    async with database.transaction() as transaction:
        assert await leases.request_cancel(transaction, KIND, lease.id) is True
    assert await fence(database, lease) is True
    assert [found.cancel_requested for found in await leases.renew(database, [lease])] == [True]
    await leases.release(database, [lease])
    assert [found.cancel_requested for found in await claim(database, HERE)] == [True]


async def test_closed_or_unknown_work_cannot_be_cancelled(database: Database, here: Presence) -> None:
    lease = await create(database, HERE)
    await close(database, lease)
    async with database.transaction() as transaction:
        assert await leases.request_cancel(transaction, KIND, lease.id) is False
        assert await leases.request_cancel(transaction, KIND, uuid4()) is False


async def test_a_broken_presence_is_taken_again(database: Database, here: Presence) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(here.keep)
        before = await holder(database)
        assert before is not None
        await database.execute("SELECT pg_terminate_backend($1)", before)

        async def taken_again() -> bool:
            return await holder(database) not in (None, before)

        await until(taken_again, leases.PRESENCE_SECONDS + 2)
        lease = await create(database, HERE)
        assert await claim(database, THERE) == []
        assert await fence(database, lease) is False
        tasks.cancel_scope.cancel()


async def test_leaving_after_the_connection_broke_is_quiet(database: Database, database_url: str) -> None:
    async with alive(database_url, HERE):
        await database.execute("SELECT pg_terminate_backend($1)", await holder(database))
    assert await holder(database) is None


async def test_a_presence_that_cannot_be_had_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        async with alive("postgresql://lyo@127.0.0.1:1/none", HERE):
            raise AssertionError("nobody listens there")


async def holder(database: Database) -> int | None:
    """The backend that holds the advisory lock of HERE."""
    found: int | None = await database.fetchval(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted", HERE
    )
    return found


async def test_only_what_ended_long_ago_is_purged(database: Database, here: Presence) -> None:
    old, recent, open_ = [await create(database, HERE) for _ in range(3)]
    for lease in (old, recent):
        await close(database, lease)
    await database.execute(
        "UPDATE leases SET created_at = now() - interval '25 hours' WHERE id = ANY($1)", [old.id, open_.id]
    )
    assert await leases.purge(database) == 1
    assert await leases.purge(database) == 0
    assert {row["id"] for row in await database.fetch("SELECT id FROM leases")} == {recent.id, open_.id}


def test_instances_have_ids_of_their_own_that_fit_the_lock() -> None:
    ids = {leases.new_instance() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(0 < id < 2**63 for id in ids)


async def test_two_pools_fence_one_after_the_other(database: Database, database_url: str, here: Presence) -> None:
    lease = await create(database, HERE)
    order: list[str] = []
    async with Database.open(database_url, Announcements(), pool_max=2) as other, anyio.create_task_group() as tasks:

        async def second() -> None:
            await fence(other, lease)
            order.append("second")

        async with database.transaction() as transaction:
            await leases.fence(transaction, lease)
            tasks.start_soon(second)

            async def waiting() -> bool:
                return bool(await database.fetchval("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1"))

            await until(waiting)
            order.append("first")
    assert order == ["first", "second"]
