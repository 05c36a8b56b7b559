"""What a pull asks of a source: the bytes of one version of a file, from an offset on."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from lyo_rt.models.records import Reason


class SourceFault(Exception):
    """The source did not give what was asked of it; `detail` is one line for operators, without secrets.

    `again`: another try may do better, at the earliest after `retry_after` seconds. `anew`: it has to begin at the
    first byte.
    """

    def __init__(
        self, reason: Reason, detail: str, *, again: bool = False, anew: bool = False, retry_after: float = 0.0
    ) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail
        self.again = again
        self.anew = anew
        self.retry_after = retry_after


class Body(msgspec.Struct, frozen=True):
    """What a source gives: `chunks` from `offset` on, of a file of `total` bytes (None: it does not tell).

    `etag` is the file's version; None when the source cannot be asked for the rest of the same version.
    """

    chunks: AsyncIterator[bytes]
    offset: int
    total: int | None
    etag: str | None


class Source(Protocol):
    """One file somewhere."""

    def open(self, offset: int, etag: str | None) -> AbstractAsyncContextManager[Body]:
        """The file from `offset` on if it is still the version `etag`, else from its beginning.

        Raises SourceFault, here and while the chunks are read.
        """
        ...
