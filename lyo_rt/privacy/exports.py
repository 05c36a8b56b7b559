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

    async def read(self, export: Export) -> AsyncIterator[bytes]:
        """Its bytes in pieces. Raises NoSuchFile when it has just gone."""
        return await self._storage.read(export.id, 0, export.size)

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


async def insert_export(transaction: Transaction, id: UUID, person: UUID, *, now: datetime) -> None:
    """An export that is to be made, by the task of the same id."""
    await transaction.execute(
        "INSERT INTO exports (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)", id, person, now, now + KEPT
    )


async def set_ready(transaction: Transaction, id: UUID, *, size: int, sha256: bytes) -> bool:
    """Its file is stored; False when the export is gone."""
    done = await transaction.fetchval(
        "UPDATE exports SET size = $2, sha256 = $3 WHERE id = $1 RETURNING true", id, size, sha256
    )
    return bool(done)


async def find(queries: Queries, id: UUID, person: UUID, *, now: datetime) -> Export | None:
    """The person's export that is ready and still good."""
    row = await queries.fetchrow(
        """
        SELECT id, user_id, size, sha256, expires_at FROM exports
        WHERE id = $1 AND user_id = $2 AND expires_at > $3 AND size IS NOT NULL
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
