"""Exports: a stored file each, there for a week.

A file's row is there before it is written and until it has gone, and its name is the export's: so whatever a crash
leaves is found and removed when the export's time is over.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

import msgspec

from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Queries, Transaction, many, one
from lyo_rt.mail.tokens import digest, is_token
from lyo_rt.storage.store import Storage

KIND = "export"
"""The kind of task, and of the lease under which it is worked on."""
KEPT = timedelta(days=7)


class Export(msgspec.Struct, frozen=True):
    """An export that is ready: a ZIP of `size` bytes, good until `expires_at`."""

    id: UUID
    user_id: UUID
    size: int
    sha256: bytes
    expires_at: datetime


class Exports:
    """The exports of this server. Raises Unavailable where database or storage are away."""

    def __init__(self, database: Database, storage: Storage, clock: Clock) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock

    async def find(self, id: UUID, person: UUID) -> Export | None:
        """The person's export of this id, while it is good."""
        return await find(self._database, id, person, now=self._clock.now())

    async def find_linked(self, token: str) -> Export | None:
        """The export that the token of a mailed link opens, while it is good."""
        return await find_linked(self._database, digest(token), now=self._clock.now()) if is_token(token) else None

    async def read(self, export: Export, begins: int, ends: int) -> AsyncIterator[bytes]:
        """Its bytes from `begins` up to `ends`, in pieces. Raises NoSuchFile when it has just gone."""
        return await self._storage.read(export.id, begins, ends)

    async def keep(self, id: UUID, file: IO[bytes]) -> None:
        """Store the file."""
        await self._storage.put_file(id, file)

    async def abandon(self, id: UUID) -> None:
        """Keep no file of an export that has gone while it was being stored."""
        if not await self._database.fetchval("SELECT true FROM exports WHERE id = $1", id):
            await self._storage.delete(id)

    async def drop(self, person: UUID) -> int:
        """Remove all exports of a person; how many there were."""
        return await self._remove(await list_ids(self._database, person=person))

    async def sweep(self) -> int:
        """Remove the exports whose time is over; how many there were."""
        return await self._remove(await list_ids(self._database, until=self._clock.now()))

    async def _remove(self, ids: list[UUID]) -> int:
        for id in ids:
            await self._storage.delete(id)
            await self._database.execute("DELETE FROM exports WHERE id = $1", id)
        return len(ids)


class Ready(msgspec.Struct, frozen=True):
    """An export whose file is stored: whose it is, whether their parent has asked for it, and until when it is good."""

    user_id: UUID
    for_parent: bool
    expires_at: datetime


async def insert_export(
    transaction: Transaction, id: UUID, person: UUID, *, for_parent: bool = False, now: datetime
) -> None:
    """An export that is to be made, by the task of the same id."""
    await transaction.execute(
        "INSERT INTO exports (id, user_id, created_at, expires_at, for_parent) VALUES ($1, $2, $3, $4, $5)",
        id,
        person,
        now,
        now + KEPT,
        for_parent,
    )


async def set_ready(transaction: Transaction, id: UUID, *, size: int, sha256: bytes) -> Ready | None:
    """Its file is stored; None when the export is gone."""
    row = await transaction.fetchrow(
        "UPDATE exports SET size = $2, sha256 = $3 WHERE id = $1 RETURNING user_id, for_parent, expires_at",
        id,
        size,
        sha256,
    )
    return one(Ready, row)


async def set_link(transaction: Transaction, id: UUID, digest: bytes) -> None:
    """The mailed link that opens it."""
    await transaction.execute("UPDATE exports SET link = $2 WHERE id = $1", id, digest)


async def has_begun(queries: Queries, person: UUID) -> bool:
    """Whether an export of the person's is being made for their parent."""
    found = await queries.fetchval(
        """
        SELECT true FROM exports JOIN tasks USING (id) WHERE exports.user_id = $1 AND for_parent
            AND state IN ('PENDING', 'RUNNING') LIMIT 1
        """,
        person,
    )
    return bool(found)


async def find_linked(queries: Queries, digest: bytes, *, now: datetime) -> Export | None:
    """The export that a mailed link opens, while it is good."""
    row = await queries.fetchrow(
        """
        SELECT id, user_id, size, sha256, expires_at FROM exports
        WHERE link = $1 AND expires_at > $2 AND size IS NOT NULL
        """,
        digest,
        now,
    )
    return one(Export, row)


async def find(queries: Queries, id: UUID, person: UUID, *, now: datetime) -> Export | None:
    """The person's export that is ready and still good."""
    row = await queries.fetchrow(
        """
        SELECT id, user_id, size, sha256, expires_at FROM exports
        WHERE id = $1 AND user_id = $2 AND expires_at > $3 AND size IS NOT NULL AND NOT for_parent
        """,
        id,
        person,
        now,
    )
    return one(Export, row)


class _Id(msgspec.Struct, frozen=True):
    id: UUID


async def list_ids(queries: Queries, *, person: UUID | None = None, until: datetime | None = None) -> list[UUID]:
    """The exports of a person, or those whose time is over by then."""
    rows = await queries.fetch("SELECT id FROM exports WHERE user_id = $1 OR expires_at <= $2", person, until)
    return [found.id for found in many(_Id, rows)]
