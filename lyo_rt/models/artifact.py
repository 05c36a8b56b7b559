"""The model's file on the disk: whole at its path, or as a part beside it; never half at its path.

    <path>        the model, put there by a rename once its SHA-256 is right
    <path>.part   what has come of it
    <path>.pull   the record of that pull (PullRecord, as JSON): enough for any process to go on with it
    <path>.lock   held while a process writes to the part; holds the id of this place, the same for all who share it

All of these block and belong into a thread, but for those that say `async`.
"""

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import msgspec

from lyo_rt.models.records import ArtifactFault, Condition, PullRecord

HASHED_AT_ONCE = 4 * 1024 * 1024
LOCK_SECONDS = 0.2
"""Between two tries to take the lock."""

Stamp = tuple[int, int, int]
"""Inode, size and time of change: another stamp is another file, or another content."""


class Artifact:
    """The place of one model, known by its SHA-256 in lower-case hex."""

    def __init__(self, path: Path, checksum: str) -> None:
        self.path = path
        self.checksum = checksum
        self.part = path.with_name(f"{path.name}.part")
        self._record = path.with_name(f"{path.name}.pull")
        self._lock = path.with_name(f"{path.name}.lock")

    def stamp(self) -> Stamp | None:
        """What is at the path now; None when there is nothing."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return (status.st_ino, status.st_size, status.st_mtime_ns)

    def pulled(self) -> Condition:
        """How far a pull has come, whoever is about it."""
        record = self.record()
        if record is None:
            return Condition("absent")
        received = self.received()
        if record.reason is not None:
            return Condition("failed", received, record.total, record.reason, record.detail)
        if record.total is not None and received >= record.total:
            return Condition("verifying", received, record.total)
        return Condition("pulling", received, record.total, detail=record.trouble)

    def record(self) -> PullRecord | None:
        """The record of a pull that has begun and not ended well; None without one that can be read."""
        try:
            return msgspec.json.decode(self._record.read_bytes(), type=PullRecord)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def write_record(self, record: PullRecord) -> None:
        """Replaces the record as a whole."""
        new = self._record.with_name(f"{self._record.name}.new")
        new.write_bytes(msgspec.json.encode(record))
        new.replace(self._record)

    def received(self) -> int:
        """Bytes of the part."""
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    def discard(self) -> None:
        """Removes the part."""
        self.part.unlink(missing_ok=True)

    def place(self) -> None:
        """The part becomes the model, in one step that a crash or a loss of power cannot halve."""
        self.part.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._record.unlink(missing_ok=True)

    def place_id(self) -> UUID:
        """The id of this place, made at the first call; makes the folder too. Raises ArtifactFault."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise _storage(self._lock, fault) from None
        try:
            if found := _id_in(lock):
                return found
            # Only who makes the id holds the lock before there is one, and no longer than that takes.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (found := _id_in(lock)) is None:
                found = uuid4()
                os.pwrite(lock, str(found).encode(), 0)
            return found
        finally:
            os.close(lock)

    @asynccontextmanager
    async def sole_writer(self) -> AsyncIterator[None]:
        """Waits until no other process writes to the part; none does until the block is left, or this process dies.

        Raises ArtifactFault.
        """
        await anyio.to_thread.run_sync(self.place_id)
        lock = os.open(self._lock, os.O_RDWR)
        try:
            while not _taken(lock):  # noqa: ASYNC110  another process gives it back, or its death does
                await anyio.sleep(LOCK_SECONDS)
            yield
        finally:
            os.close(lock)


async def sha256(path: Path, told: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file in hex. It is taken in a thread, which gives `told` the bytes so far.

    Cancelling ends it. Raises OSError.
    """
    return await anyio.to_thread.run_sync(_sha256, path, told)


def _sha256(path: Path, told: Callable[[int], None] | None) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(HASHED_AT_ONCE):
            anyio.from_thread.check_cancelled()
            digest.update(chunk)
            done += len(chunk)
            if told is not None:
                told(done)
    return digest.hexdigest()


def _id_in(lock: int) -> UUID | None:
    with suppress(ValueError):
        return UUID(os.pread(lock, 36, 0).decode("ascii", "replace"))
    return None


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _storage(path: Path, fault: OSError) -> ArtifactFault:
    return ArtifactFault("storage", f"{path} cannot be written: {fault.strerror}")
