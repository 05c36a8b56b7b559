"""A model's file is fetched into its place: resumed where it stopped, verified, then put there in one step."""

import errno
import os
import random
import shutil
from collections.abc import Callable
from typing import IO, TypeVar

import anyio
import anyio.to_thread
import msgspec
import structlog

from lyo_rt.models.artifact import Artifact, sha256
from lyo_rt.models.records import ArtifactFault, PullRecord, size
from lyo_rt.models.source import Body, Source, SourceFault

WRITTEN_AT_ONCE = 1024 * 1024
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before the next try, doubled from one to the other while nothing comes."""
LONGEST_REQUEST = 600.0
"""Of seconds to wait that a source may ask for."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Result = TypeVar("Result")
log = structlog.get_logger()


async def pull(artifact: Artifact, source: Source, name: str, *, tries: int | None = None) -> bool:
    """Have the artifact at its path, verified; False when it was there already.

    Waits while another process is about it. A part that is left of an earlier pull of the same version is gone on
    with. A source that cannot be reached is tried again, for ever or `tries` times without a byte in between. `name`
    is what the source is called, without secrets. How far it is `artifact.pulled()` shows, in every process.

    Raises ArtifactFault; its record is left then, and the part too unless the disk is full or the checksum wrong.
    """
    async with artifact.sole_writer():
        if await _sound(artifact):
            return False
        work = _Pull(artifact, source, name, tries)
        try:
            await work.run()
        except ArtifactFault as fault:
            await work.failed(fault)
            raise
    return True


async def _sound(artifact: Artifact) -> bool:
    try:
        return await sha256(artifact.path) == artifact.checksum
    except FileNotFoundError:
        return False
    except OSError as fault:
        raise ArtifactFault("storage", f"{artifact.path} cannot be read: {fault.strerror}") from None


class _Pull:
    """One pull, by the only writer of the part."""

    def __init__(self, artifact: Artifact, source: Source, name: str, tries: int | None) -> None:
        self._artifact = artifact
        self._source = source
        self._tries = tries
        self._record = PullRecord(name)

    async def run(self) -> None:
        """Fetch, verify, place. Raises ArtifactFault."""
        await self._on_disk(self._take_up)
        resumed = await self._received() > 0
        digest = await self._fetched()
        if digest != self._artifact.checksum and resumed:
            # The source is not to blame yet: a loss of power may have spoilt what was there before.
            log.warning("a resumed model has a wrong checksum and is pulled anew", path=str(self._artifact.path))
            await self._on_disk(self._artifact.discard)
            digest = await self._fetched()
        if digest != self._artifact.checksum:
            raise ArtifactFault("checksum", f"MODEL_CHECKSUM is not the SHA-256 of what came: {digest}")
        await self._on_disk(self._artifact.place)

    async def failed(self, fault: ArtifactFault) -> None:
        """Leave word of why, and on a full disk or with a wrong checksum nothing else."""
        try:
            if fault.reason in ("disk_full", "checksum"):
                await self._on_disk(self._artifact.discard)
            await self._note(reason=fault.reason, detail=fault.detail)
        except ArtifactFault as second:
            log.warning("no word can be left of a failed pull", reason=fault.reason, because=second.detail)

    def _take_up(self) -> None:
        """Go on with the part of an earlier pull from the same source, or clear it away."""
        earlier = self._artifact.record()
        if earlier is not None and earlier.source == self._record.source:
            self._record = msgspec.structs.replace(self._record, etag=earlier.etag, total=earlier.total)
        else:
            self._artifact.discard()
        self._artifact.write_record(self._record)

    async def _fetched(self) -> str:
        """The SHA-256 of the part, once it is whole."""
        pause, failures = FIRST_PAUSE, 0
        while True:
            before = await self._received()
            try:
                await self._fetch_rest(before)
                return await self._hashed()
            except SourceFault as fault:
                if not fault.again:
                    raise ArtifactFault(fault.reason, fault.detail) from fault
                if fault.anew:
                    await self._on_disk(self._artifact.discard)
                if await self._received() > before:
                    pause, failures = FIRST_PAUSE, 0
                failures += 1
                if self._tries is not None and failures >= self._tries:
                    raise ArtifactFault(fault.reason, fault.detail) from fault
                await self._note(trouble=fault.detail)
                log.warning("model source failed, to be tried again", reason=fault.reason, received=before)
                await anyio.sleep(max(min(fault.retry_after, LONGEST_REQUEST), pause * random.uniform(0.5, 1)))  # noqa: S311
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _hashed(self) -> str:
        try:
            return await sha256(self._artifact.part)
        except OSError as fault:
            raise self._fault(fault) from fault

    async def _fetch_rest(self, offset: int) -> None:
        if offset and self._record.total == offset:
            return
        async with self._source.open(offset, self._record.etag) as body:
            await self._check_room(body)
            await self._note(etag=body.etag, total=body.total, trouble=None)
            await self._write(body)
        received = await self._received()
        if body.total is None:
            await self._note(total=received)
        elif received != body.total:
            raise SourceFault(
                "unreachable", f"{received} of {body.total} bytes came", again=True, anew=received > body.total
            )

    async def _check_room(self, body: Body) -> None:
        if body.total is None:
            return
        held = await self._received() - body.offset
        needed = body.total - body.offset
        free = (await self._on_disk(shutil.disk_usage, self._artifact.part.parent)).free + held
        if needed > free:
            raise ArtifactFault(
                "disk_full", f"{size(needed)} more are needed in {self._artifact.part.parent}, {size(free)} are free"
            )

    async def _write(self, body: Body) -> None:
        file = await self._on_disk(self._opened, body.offset)
        waiting = bytearray()
        try:
            async for chunk in body.chunks:
                waiting += chunk
                if len(waiting) >= WRITTEN_AT_ONCE:
                    await self._on_disk(_append, file, waiting)
        finally:
            # What has come is kept, however the pull ends.
            with anyio.CancelScope(shield=True):
                await self._on_disk(_close, file, waiting)

    def _opened(self, offset: int) -> IO[bytes]:
        file = self._artifact.part.open("ab")
        file.truncate(offset)
        return file

    async def _note(self, **changed: object) -> None:
        record = msgspec.structs.replace(self._record, **changed)
        if record != self._record:
            self._record = record
            await self._on_disk(self._artifact.write_record, record)

    async def _received(self) -> int:
        return await self._on_disk(self._artifact.received)

    async def _on_disk(self, work: Callable[..., Result], *arguments: object) -> Result:
        """The result of blocking work with files, done in a thread. Raises ArtifactFault."""
        try:
            return await anyio.to_thread.run_sync(work, *arguments)
        except OSError as fault:
            raise self._fault(fault) from fault

    def _fault(self, fault: OSError) -> ArtifactFault:
        folder = self._artifact.part.parent
        if fault.errno in _FULL:
            return ArtifactFault("disk_full", f"{folder} has no more room: {fault.strerror}")
        return ArtifactFault("storage", f"{folder} cannot be written: {fault.strerror}")


def _append(file: IO[bytes], waiting: bytearray) -> None:
    file.write(waiting)
    file.flush()
    waiting.clear()


def _close(file: IO[bytes], waiting: bytearray) -> None:
    """Writes the rest, down to the disk."""
    with file:
        _append(file, waiting)
        os.fsync(file.fileno())
