"""Uploads: examined, kept once for all who uploaded the same, and removed with the last reference.

A stored file has a name of its own that is never used again, and a row before it is written and until it has gone. So
a file is deleted without fear that somebody has just come to need it, and whatever a crash leaves has a row to find it
by. A reference is a row that is added or removed while the file's digest is locked: the references are counted, never
a number kept beside them.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import msgspec
import structlog

from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.media import images, repository, stripping
from lyo_rt.media.records import Content, Media, NewMedia, Purpose, Refused
from lyo_rt.media.sniffing import ALLOWED, EXTENSIONS, IMAGES, sniffed
from lyo_rt.problems import NotFound, Unavailable
from lyo_rt.storage.store import NoSuchFile, Storage

EXAMINED_AT_ONCE = 1
"""Most take some hundredths of a second, but the worst 380 MB for two seconds (images.py), or six (documents.py)."""
LONGEST_SIDE = {"avatar": 512, "lesson": 2048}
ABANDONED = timedelta(hours=1)
"""A writer takes seconds; what it has not come back to by then, it never will."""
SETTLING_SECONDS = 10.0

log = structlog.get_logger()


class Added(msgspec.Struct, frozen=True):
    """An upload that has been added, and the stored files that nothing needs when that is committed."""

    media: Media
    released: list[UUID]


class Library:
    """The uploads of this server. Raises Unavailable where database or storage are away."""

    def __init__(self, database: Database, storage: Storage, clock: Clock) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._threads = anyio.CapacityLimiter(EXAMINED_AT_ONCE)

    async def examine(self, file: BinaryIO, purpose: Purpose) -> Content:
        """What of the file is to be stored: images are made anew, all else without what it tells of people. Raises
        Refused."""
        return await anyio.to_thread.run_sync(_examined, file, purpose, limiter=self._threads)

    @asynccontextmanager
    async def written(self, content: Content) -> AsyncIterator[UUID]:
        """A stored file of its own for the block, which may `add` it; else it is removed again.

        It is written even when the same is kept already: how long an upload takes tells nobody what others have.
        """
        id = uuid4()
        await repository.begin_object(self._database, id, content, now=self._clock.now())
        try:
            await self._storage.put(id, content.data)
            yield id
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(SETTLING_SECONDS):
                await self._settle(id)

    async def add(self, transaction: Transaction, written: UUID, content: Content, new: NewMedia) -> Added:
        """An upload that refers to the kept file of this content, which is the written one if there was none.

        A new avatar takes the place of the former one. After the commit `remove` what has been released.
        """
        now = self._clock.now()
        former = None
        if new.purpose == "avatar":
            await repository.lock_learner(transaction, new.user_id)
            former = await repository.find_avatar(transaction, new.user_id)
        await repository.lock_digests(transaction, [content.digest, *([former.digest] if former else [])])
        object = await repository.kept_object(transaction, content.digest)
        if object is None:
            if not await repository.keep_object(transaction, written, now=now):
                raise Unavailable("The upload took too long; try again.", retry_after=1)
            object = written
        if former is not None:
            await repository.remove_media(transaction, former.id)
        media = await repository.add_media(transaction, object, new, now=now)
        freed = former is not None and await repository.doom_unreferenced(transaction, former.object_id, now=now)
        return Added(media, [former.object_id] if former is not None and freed else [])

    async def find(self, id: UUID) -> Media | None:
        """The upload, whoever asks."""
        return await repository.find_media(self._database, id)

    async def read(self, media: Media, start: int, end: int) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to but without `end`, in pieces. Raises NotFound when it was deleted just now."""
        try:
            return await self._storage.read(media.object_id, start, end)
        except NoSuchFile:
            if await self.find(media.id) is None:
                raise NotFound from None
            log.error("a stored file is missing", media=str(media.id), object=str(media.object_id))
            raise Unavailable("This file cannot be read now.", retry_after=60) from None

    async def delete(self, media: Media) -> None:
        """The upload goes, and with the last that refers to it the stored file. Raises NotFound if it had gone."""
        async with self._database.transaction() as transaction:
            await repository.lock_digests(transaction, [media.digest])
            if not await repository.remove_media(transaction, media.id):
                raise NotFound
            now = self._clock.now()
            released = await repository.doom_unreferenced(transaction, media.object_id, now=now)
        if released:
            await self.remove([media.object_id])

    async def remove(self, released: Iterable[UUID]) -> int:
        """Delete stored files that nothing needs; what cannot be deleted now is left to `sweep`. How many went."""
        gone = 0
        for id in released:
            try:
                await self._storage.delete(id)
                await repository.forget_object(self._database, id)
                gone += 1
            except Unavailable as fault:
                log.warning("a file is left to the sweep", object=str(id), error=str(fault))
        return gone

    async def sweep(self) -> int:
        """Remove what crashes, erased learners and deleted courses have left behind; returns how many files went."""
        await repository.doom_abandoned(self._database, before=self._clock.now() - ABANDONED, now=self._clock.now())
        gone = 0
        while True:
            await self._doom_unreferenced()
            doomed = await repository.doomed_objects(self._database)
            removed = await self.remove(doomed)
            gone += removed
            if not removed:
                return gone

    async def _doom_unreferenced(self) -> None:
        for id, digest in await repository.unreferenced_objects(self._database):
            async with self._database.transaction() as transaction:
                await repository.lock_digests(transaction, [digest])
                await repository.doom_unreferenced(transaction, id, now=self._clock.now())

    async def _settle(self, id: UUID) -> None:
        try:
            unused = await repository.doom_unused(self._database, id, now=self._clock.now())
        except Unavailable as fault:
            log.warning("a file is left to the sweep", object=str(id), error=str(fault))
            return
        if unused:
            await self.remove([id])


def _examined(file: BinaryIO, purpose: Purpose) -> Content:
    file.seek(0)
    data = file.read()
    kind = sniffed(data)
    if kind not in ALLOWED[purpose]:
        allowed = ", ".join(sorted(EXTENSIONS[one][1:] for one in ALLOWED[purpose]))
        raise Refused(f"is not of a kind that is kept here: {allowed}")
    if kind not in IMAGES:
        data = stripping.anonymous(data, kind)
        return Content(data, kind, hashlib.sha256(data).digest())
    side, animated = LONGEST_SIDE[purpose], purpose == "lesson"
    picture = images.made_anew(data, kind, longest_side=side, animated=animated)
    return Content(picture.data, kind, hashlib.sha256(picture.data).digest(), picture.width, picture.height)
