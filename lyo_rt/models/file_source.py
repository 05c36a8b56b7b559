"""A file of this machine, perhaps on a mounted share."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import anyio
import anyio.to_thread

from lyo_rt.models.source import Body, SourceFault

CHUNK_BYTES = 1024 * 1024


class FileSource:
    """A copy is made of it: whoever writes to the original later changes nothing that is loaded."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    @asynccontextmanager
    async def open(self, offset: int, etag: str | None) -> AsyncIterator[Body]:
        """As Source.open; the version is the file's inode, size and time of change."""
        async with anyio.wrap_file(await anyio.to_thread.run_sync(self._opened)) as file:
            status = os.fstat(file.wrapped.fileno())
            version = f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"
            begins = offset if etag == version else 0
            await file.seek(begins)
            yield Body(self._chunks(file), begins, status.st_size, version)

    def _opened(self) -> IO[bytes]:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            raise SourceFault("not_found", f"there is no file {self._path}") from None
        except OSError as fault:
            raise SourceFault("refused", f"{self._path} cannot be read: {fault.strerror}") from None

    async def _chunks(self, file: anyio.AsyncFile[bytes]) -> AsyncIterator[bytes]:
        try:
            while chunk := await file.read(CHUNK_BYTES):
                yield chunk
        except OSError as fault:
            raise SourceFault("unreachable", f"{self._path} cannot be read: {fault.strerror}", again=True) from fault
