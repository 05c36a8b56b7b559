"""Makes the export of a person's data under a lease: a ZIP, written to a temporary file and then stored."""

import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import IO
from uuid import UUID

import anyio.to_thread

from actors.work import persist
from lyo_rt import leases
from lyo_rt.clock import Clock
from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.generation import service as tasks
from lyo_rt.leases import POISONED_AFTER, Lease, LeaseLost
from lyo_rt.media.service import Library
from lyo_rt.privacy import archive, exports
from lyo_rt.privacy.archive import Archive
from lyo_rt.privacy.exports import Exports, Ready
from lyo_rt.problems import NotFound, Problem, Unavailable
from lyo_rt.security.reencryption import SealedTable

POISONED = "This export ended every server that made it; ask for another later."


class Exporter:
    """Of one instance. `export` is the work of a lease (actors/leased.py)."""

    def __init__(
        self,
        database: Database,
        library: Library,
        exports: Exports,
        clock: Clock,
        sealed: Mapping[str, SealedTable],
        mail: Callable[[Transaction, Ready], Awaitable[bytes | None]],
    ) -> None:
        """`sealed`: the tables with sealed columns, by name. `mail` posts the link to an export, and returns what its
        token will be known by; None when there is nobody to mail."""
        self._database = database
        self._library = library
        self._exports = exports
        self._clock = clock
        self._sealed = sealed
        self._mail = mail

    async def export(self, lease: Lease) -> None:
        """Make the export of the task of this lease. Raises LeaseLost."""
        if lease.takeovers >= POISONED_AFTER:
            await persist(partial(self._fail, lease, Unavailable(POISONED)))
            return
        task = await persist(partial(tasks.owner_of, self._database, lease.id))
        if task is None:
            return
        await persist(partial(self._tell, lease))
        with await anyio.to_thread.run_sync(tempfile.TemporaryFile) as file:
            try:
                await self._write(file, task)
                size, digest = await anyio.to_thread.run_sync(_measured, file)
                await self._exports.keep(lease.id, file)
            except Unavailable as problem:
                await persist(partial(self._fail, lease, problem))
                return
        try:
            await persist(partial(self._finish, lease, size, digest))
        except LeaseLost:
            await self._exports.abandon(lease.id)
            raise

    async def _write(self, file: IO[bytes], person: UUID) -> None:
        async with Archive.over(file) as zip:
            await zip.add("README.txt", archive.readme(f"{self._clock.now():%Y-%m-%d %H:%M} UTC"))
            for name, lines in archive.files().items():
                content = await archive.content_of(self._database, lines, person, self._sealed)
                await zip.add(f"{name}.json", await anyio.to_thread.run_sync(archive.encoded, content))
                for row in content.get("media", ()):
                    await self._add_upload(zip, row["id"], row["name"])

    async def _add_upload(self, zip: Archive, id: UUID, name: str) -> None:
        media = await self._library.find(id)
        if media is None:
            return
        try:
            pieces = await self._library.read(media, 0, media.size)
        except NotFound:  # deleted meanwhile
            return
        await zip.add_pieces(f"media/{id}{name[name.rfind('.') :] if '.' in name else ''}", pieces)

    async def _tell(self, lease: Lease) -> None:
        changes = Changes()
        tasks.begin(changes, lease, "Collecting your data")
        leases.held_still(await self._database.carry_out(changes), lease)

    async def _finish(self, lease: Lease, size: int, digest: bytes) -> None:
        async with self._database.transaction() as transaction:
            changes = Changes()
            tasks.finish(changes, lease, "DONE", "Your data is ready", None, result=lease.id)
            leases.held_still(await transaction.carry_out(changes), lease)
            ready = await exports.set_ready(transaction, lease.id, size=size, sha256=digest)
            if ready is not None and (link := await self._mail(transaction, ready)) is not None:
                await exports.set_link(transaction, lease.id, link)

    async def _fail(self, lease: Lease, problem: Problem) -> None:
        changes = Changes()
        tasks.finish(changes, lease, "ERROR", problem.detail, None, problem=problem)
        leases.held_still(await self._database.carry_out(changes), lease)


def _measured(file: IO[bytes]) -> tuple[int, bytes]:
    """Size and SHA-256, and the file is at its beginning again."""
    size = file.tell()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]
    file.seek(0)
    return size, digest
