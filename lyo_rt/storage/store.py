"""Files by name, the same over a folder, S3 and Google Cloud Storage: written once, read in pieces, deleted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import IO, TYPE_CHECKING
from uuid import UUID, uuid4

import anyio.to_thread
import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from lyo_rt.problems import Unavailable
from lyo_rt.settings import InvalidSettings, Settings
from lyo_rt.storage.address import Bucket, Folder, Place, parse
from lyo_rt.storage.buckets import InsecureEndpoint, open_bucket

if TYPE_CHECKING:
    from obstore.store import GCSStore, RetryConfig, S3Store

    Opened = GCSStore | LocalStore | S3Store

PIECE_BYTES = 1024 * 1024
"""Read at a time: what a slow reader holds in memory, and one request to a bucket."""
TIMEOUTS = {"connect_timeout": "3s", "timeout": "10s"}
RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}


class NoSuchFile(Exception):
    """Nothing is kept under this name."""


class StorageFault(Exception):
    """The place cannot be used as it is configured; the text is one line for operators, without secrets."""


class Storage:
    """Files of one place. A name is never used twice, so what is under it never changes.

    Every method raises Unavailable when the place cannot be reached or refuses.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._opened: Opened | None = None

    async def put(self, name: UUID, content: bytes) -> None:
        """Keep `content`, all of it or nothing."""
        with _unavailable():
            await obstore.put_async(await self._store(), _key(name), content, use_multipart=False)

    async def put_file(self, name: UUID, file: IO[bytes]) -> None:
        """Keep what is in `file` from where it stands, all of it or nothing; it need not fit into memory."""
        with _unavailable():
            await obstore.put_async(await self._store(), _key(name), file)

    async def read(self, name: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but without `end`, in pieces, of which the first has been read already.

        Raises NoSuchFile.
        """
        first = await self._piece(name, start, min(end, start + PIECE_BYTES))

        async def pieces() -> AsyncIterator[bytes]:
            yield first
            for begins in range(start + PIECE_BYTES, end, PIECE_BYTES):
                yield await self._piece(name, begins, min(end, begins + PIECE_BYTES))

        return pieces()

    async def delete(self, name: UUID) -> None:
        """Keep it no longer; it need not be there."""
        with _unavailable(), suppress(FileNotFoundError):
            await obstore.delete_async(await self._store(), _key(name))

    async def check(self) -> None:
        """Write, read and delete a file. Raises StorageFault when that is not possible."""
        name, content = uuid4(), b"written when lyo-rt started"
        try:
            await self.put(name, content)
            if await self._piece(name, 0, len(content)) != content:
                raise StorageFault("what was written is not what is read")
            await self.delete(name)
        except InsecureEndpoint as fault:
            raise StorageFault(str(fault)) from fault
        except NoSuchFile as fault:
            raise StorageFault("what was written cannot be found") from fault
        except (Unavailable, BaseError, OSError, ValueError) as fault:
            raise StorageFault(str(fault.__cause__ or fault).strip().partition("\n")[0][:300]) from fault

    async def _piece(self, name: UUID, start: int, end: int) -> bytes:
        with _unavailable():
            try:
                return bytes(await obstore.get_range_async(await self._store(), _key(name), start=start, end=end))
            except FileNotFoundError as fault:
                raise NoSuchFile from fault

    async def _store(self) -> "Opened":
        if self._opened is None:
            self._opened = await anyio.to_thread.run_sync(_open, self._place)
        return self._opened


async def open_storage(settings: Settings) -> Storage:
    """The storage of the settings, tried. Raises InvalidSettings when it does not work."""
    place = parse(settings.storage_url)
    if isinstance(place, Folder) and place.path is None:
        place = Folder((settings.lyo_data_dir / "media").absolute())
    storage = Storage(place)
    try:
        await storage.check()
    except StorageFault as fault:
        raise InvalidSettings([f"STORAGE_URL: {settings.storage_url} cannot be used: {fault}"]) from None
    return storage


def _key(name: UUID) -> str:
    """In 256 folders: some file systems slow down with very many files in one."""
    return f"{name.hex[:2]}/{name.hex}"


def _open(place: Place) -> "Opened":
    """Makes a folder that is not there, or reads the variables and files of credentials: blocks."""
    match place:
        case Folder(path):
            return LocalStore(path, mkdir=True)
        case Bucket(scheme, name, prefix):
            return open_bucket(scheme, name, prefix=prefix or None, retries=RETRIES, timeouts=TIMEOUTS)


@contextmanager
def _unavailable() -> Iterator[None]:
    """What obstore raises when the place is away or refuses becomes Unavailable."""
    try:
        yield
    except (BaseError, OSError) as fault:
        raise Unavailable("Files cannot be reached now; try again in a moment.", retry_after=5) from fault
