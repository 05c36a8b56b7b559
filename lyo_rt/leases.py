"""One way to run exactly one of something on many instances: claim, fence, renew, release.

A lease is a row (kind, id). The instance named in it with its present `epoch` may act; everything it writes goes
through `fence` in the same transaction, so an instance that lost its lease (frozen, cut off, taken for dead) writes
nothing. Two speeds of takeover: an instance holds a session-level advisory lock on a connection of its own, and its
absence in pg_locks frees the instance's leases at once; `lease_until` covers what a lock cannot show (power loss,
partition). All times are the database's (`clock_timestamp()`: `now()` is the transaction's start).
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import anyio
import asyncpg
import msgspec
import structlog

from lyo_rt.database.changes import ONCE, Changes, Returned
from lyo_rt.database.pool import Queries, Transaction, foreign_faults, many
from lyo_rt.problems import Unavailable

LEASE_SECONDS = 5.0
PRESENCE_SECONDS = 1.0
"""Between looks at the connection that holds an instance's advisory lock."""
RETURN_SECONDS = 3 * PRESENCE_SECONDS
"""For instances that live to show it again after a restart of PostgreSQL."""
POISONED_AFTER = 5
"""Takeovers of one lease after which its work counts as what kills its instances."""

log = structlog.get_logger()


class Lease(msgspec.Struct, frozen=True):
    """The right to act on (kind, id), as long as `epoch` is the row's."""

    kind: str
    id: UUID
    epoch: int
    subject: UUID | None = None
    takeovers: int = 0
    cancel_requested: bool = False


_EXTENDED = f"lease_until = clock_timestamp() + {LEASE_SECONDS} * interval '1 second'"
CANCEL_TOPIC = "cancel"
"""Where a requested cancel is hinted at; the truth is the row, read at every renewal."""


class Cancelled(msgspec.Struct, frozen=True):
    """The hint: somebody asked for the end of this work."""

    kind: str
    id: UUID


def encode_cancel(kind: str, id: UUID) -> bytes:
    """The hint that a cancel was requested."""
    return msgspec.json.encode(Cancelled(kind, id))


ALIVE = """
    SELECT (classid::bigint << 32) | objid::bigint AS instance FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""The instances that live; pg_locks shows the bigint key of an advisory lock as two halves (PostgreSQL manual)."""


class LeaseLost(Exception):
    """Another instance has the lease, or the work is closed: roll back and stop."""


def new_instance() -> int:
    """An instance id, new at every boot: the key of its advisory lock (63 random bits)."""
    return secrets.randbits(62) + 1


async def create(
    transaction: Transaction, kind: str, id: UUID, *, owner: int | None, subject: UUID | None = None
) -> Lease:
    """See `creating`."""
    changes = Changes()
    lease = creating(changes, kind, id, owner=owner, subject=subject)
    await transaction.carry_out(changes)
    return lease


def creating(
    changes: Changes, kind: str, id: UUID, *, owner: int | None, subject: UUID | None = None, behind: str = ONCE
) -> Lease:
    """A new piece of work; with `owner` it is that instance's from the start, else anyone's to claim.

    `subject` is what the work belongs to, where that is more than the work itself. The part `lease` of the changes, for
    the row that the part `behind` returns.
    """
    changes.add(
        "lease",
        f"""
        INSERT INTO leases (kind, id, subject, owner, epoch, lease_until)
        SELECT $1, $2, $5, $3, CASE WHEN $3::bigint IS NULL THEN 0 ELSE 1 END,
               clock_timestamp() + $4 * interval '1 second'
        FROM {behind} RETURNING epoch
        """,  # noqa: S608  (the name of a part)
        kind,
        id,
        owner,
        LEASE_SECONDS,
        subject,
    )
    changes.want("lease")
    return Lease(kind, id, 0 if owner is None else 1, subject)


async def ensure(queries: Queries, kind: str, id: UUID) -> None:
    """There is a lease of this kind and id, anyone's to claim where it is new; one that is there stays as it is."""
    await queries.execute(
        "INSERT INTO leases (kind, id, epoch) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
        kind,
        id,
    )


async def claim(
    queries: Queries, kinds: Sequence[str], owner: int, *, limit: int, settling: float = RETURN_SECONDS
) -> list[Lease]:
    """Up to `limit` open leases of `kinds` that nobody live holds, now held by `owner` under a new epoch.

    In the first `settling` seconds of a PostgreSQL server only those whose time is up: see `dead`.
    """
    rows = await queries.fetch(
        f"""
        WITH alive AS MATERIALIZED ({ALIVE}), free AS (
            SELECT kind, id, owner AS former FROM leases
            WHERE state = 'OPEN' AND kind = ANY($1)
              AND (owner IS NULL OR lease_until < clock_timestamp()
                   OR (owner <> $2 AND owner NOT IN (SELECT instance FROM alive)
                       AND pg_postmaster_start_time() < clock_timestamp() - $5 * interval '1 second'))
            ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        UPDATE leases SET owner = $2, former_owner = free.former, epoch = epoch + 1,
            lease_until = clock_timestamp() + $4 * interval '1 second',
            takeovers = takeovers + (free.former IS NOT NULL)::int
        FROM free WHERE leases.kind = free.kind AND leases.id = free.id
        RETURNING leases.kind, leases.id, epoch, subject, takeovers, cancel_requested
        """,  # noqa: S608  (a constant)
        list(kinds),
        owner,
        limit,
        LEASE_SECONDS,
        settling,
    )
    return many(Lease, rows)


async def dead(queries: Queries, instances: Sequence[int], *, settling: float = RETURN_SECONDS) -> list[int]:
    """Those of `instances` that do not live any more.

    None in the first `settling` seconds of a PostgreSQL server: its restart took everyone's lock, and they are taking
    them again.
    """
    if not instances:
        return []
    rows = await queries.fetch(
        f"""
        SELECT asked.instance FROM unnest($1::bigint[]) AS asked(instance)
        WHERE pg_postmaster_start_time() < clock_timestamp() - $2 * interval '1 second'
          AND asked.instance NOT IN ({ALIVE})
        """,  # noqa: S608  (a constant)
        list(instances),
        settling,
    )
    return [row["instance"] for row in rows]


async def fence(transaction: Transaction, lease: Lease) -> bool:
    """First statement of every checkpoint: takes the row's lock and renews. Returns whether a cancel was requested.

    Raises LeaseLost when the lease is another's by now, or closed.
    """
    changes = Changes()
    fencing(changes, lease)
    return held_still(await transaction.carry_out(changes), lease)


def fencing(changes: Changes, lease: Lease, *, close: bool = False) -> None:
    """The part `fence` of the changes, which returns its row only while the lease is held: see `fence`.

    Everything else must take its rows from it, directly or through others. With `close` the work ends with it. An
    UPDATE that waited for another's looks at the row again, so what a takeover changed meanwhile is seen (PostgreSQL
    manual, 13.2.1).
    """
    state = "state = 'CLOSED', owner = NULL, lease_until = NULL" if close else _EXTENDED
    changes.add(
        "fence",
        f"""
        UPDATE leases SET {state} WHERE kind = $1 AND id = $2 AND epoch = $3 AND state = 'OPEN'
        RETURNING cancel_requested
        """,  # noqa: S608  (constants)
        lease.kind,
        lease.id,
        lease.epoch,
    )
    changes.want("fence")


def held_still(returned: Returned, lease: Lease) -> bool:
    """Whether a cancel was requested, by what was carried out with `fencing`. Raises LeaseLost as `fence` does."""
    row = returned["fence"]
    if row is None:
        raise LeaseLost(f"{lease.kind} {lease.id} epoch {lease.epoch}")
    return bool(row["cancel_requested"])


async def renew(queries: Queries, held: Sequence[Lease]) -> list[Lease]:
    """Extend what is held, in one statement; returns what is still held, with `cancel_requested` as it is now.

    A row that is locked is left alone, and still held: its own fence is extending it, and nobody can claim it. To
    wait for one slow checkpoint would cost this instance all its other leases.
    """
    if not held:
        return []
    rows = await queries.fetch(
        """
        WITH held AS (
            SELECT leases.* FROM leases
            JOIN unnest($1::text[], $2::uuid[], $3::int[]) AS held(kind, id, epoch) USING (kind, id, epoch)
            WHERE state = 'OPEN'
        ), unlocked AS (
            SELECT leases.kind, leases.id FROM leases
            JOIN unnest($1::text[], $2::uuid[], $3::int[]) AS held(kind, id, epoch) USING (kind, id, epoch)
            WHERE state = 'OPEN' FOR UPDATE OF leases SKIP LOCKED
        ), extended AS (
            UPDATE leases SET lease_until = clock_timestamp() + $4 * interval '1 second'
            FROM unlocked WHERE leases.kind = unlocked.kind AND leases.id = unlocked.id
        )
        SELECT kind, id, epoch, subject, takeovers, cancel_requested FROM held
        """,
        [lease.kind for lease in held],
        [lease.id for lease in held],
        [lease.epoch for lease in held],
        LEASE_SECONDS,
    )
    return many(Lease, rows)


async def release(queries: Queries, held: Sequence[Lease]) -> None:
    """Give back work that is not finished, free to be claimed at once and not counted as a takeover."""
    await queries.execute(
        """
        UPDATE leases SET owner = NULL, lease_until = NULL
        FROM unnest($1::text[], $2::uuid[], $3::int[]) AS held(kind, id, epoch)
        WHERE leases.kind = held.kind AND leases.id = held.id AND leases.epoch = held.epoch AND state = 'OPEN'
        """,
        [lease.kind for lease in held],
        [lease.id for lease in held],
        [lease.epoch for lease in held],
    )


async def close(transaction: Transaction, lease: Lease) -> None:
    """The work has ended; behind `fence`, in the transaction that stores its end."""
    await transaction.execute(
        "UPDATE leases SET state = 'CLOSED', owner = NULL, lease_until = NULL WHERE kind = $1 AND id = $2",
        lease.kind,
        lease.id,
    )


async def request_cancel(transaction: Transaction, kind: str, id: UUID) -> bool:
    """Ask whoever runs it to stop; returns whether it was still open. The truth is this column, a hint may follow."""
    found = await transaction.fetchval(
        "UPDATE leases SET cancel_requested = true WHERE kind = $1 AND id = $2 AND state = 'OPEN' RETURNING true",
        kind,
        id,
    )
    return bool(found)


async def purge(queries: Queries) -> int:
    """Delete the leases of work that was begun more than a day ago and has ended; returns how many."""
    tag = await queries.execute(
        "DELETE FROM leases WHERE state = 'CLOSED' AND created_at < clock_timestamp() - interval '1 day'"
    )
    return int(tag.rpartition(" ")[2])


class Presence:
    """The advisory lock that says this instance lives, on a direct connection of its own (not through a pooler)."""

    def __init__(self, url: str, instance: int) -> None:
        self._url = url
        self._instance = instance
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the lock; it ends with the block, or with the process. Raises Unavailable when it cannot be had."""
        await self._take()
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(2), suppress(Unavailable), foreign_faults():
                if self._connection is not None:
                    await self._connection.close()

    async def keep(self) -> None:
        """Look after the lock for ever: when its connection broke, take it again.

        While it is missing, others may take this instance's work; the fence keeps that harmless.
        """
        while True:
            await anyio.sleep(PRESENCE_SECONDS)
            try:
                if not await self._present():
                    await self._take()
            except Unavailable as fault:
                log.warning("presence not shown", instance=str(self._instance), error=str(fault))

    async def _present(self) -> bool:
        if self._connection is None:
            return False
        try:
            with foreign_faults():
                await self._connection.execute("SELECT 1")
        except Unavailable:
            self._connection.terminate()
            self._connection = None
        return self._connection is not None

    async def _take(self) -> None:
        with foreign_faults():
            connection = await asyncpg.connect(self._url, timeout=10, command_timeout=5)
            try:
                await connection.execute("SELECT pg_advisory_lock($1)", self._instance)
            except BaseException:
                connection.terminate()
                raise
        self._connection = connection
