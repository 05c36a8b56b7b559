"""A file of an object store, S3 or Google Cloud Storage; where and as whom comes from AWS_* and GOOGLE_* variables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread

from lyo_rt.models.address import Bucket
from lyo_rt.models.source import Body, SourceFault
from lyo_rt.storage.buckets import InsecureEndpoint, open_bucket

if TYPE_CHECKING:
    from obstore import BytesStream, GetOptions, GetResult
    from obstore.store import GCSStore, S3Store

CHUNK_BYTES = 64 * 1024
"""The library drops what it has gathered of a chunk when the connection breaks."""


class ObjectSource:
    """One object; ranges of one version by If-Match. The library's own retries are off: the pull goes on by itself."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._where = f"{bucket.scheme}://{bucket.bucket}/{bucket.key}"
        self._store: S3Store | GCSStore | None = None

    @asynccontextmanager
    async def open(self, offset: int, etag: str | None) -> AsyncIterator[Body]:
        """As Source.open."""
        found = await self._get({"range": {"offset": offset}, "if_match": etag} if offset and etag else {})
        chunks = self._chunks(found.stream(min_chunk_size=CHUNK_BYTES))
        yield Body(chunks, found.range[0], found.meta["size"], found.meta["e_tag"])

    async def _get(self, options: "GetOptions") -> "GetResult":
        import obstore  # a native library of 15 MB, for those who keep their model in a bucket
        from obstore.exceptions import BaseError

        try:
            if self._store is None:
                self._store = await anyio.to_thread.run_sync(_opened, self._bucket)
            return await obstore.get_async(self._store, self._bucket.key, options=options)
        except (BaseError, FileNotFoundError) as fault:
            raise self._fault(fault) from fault

    async def _chunks(self, stream: "BytesStream") -> AsyncIterator[bytes]:
        from obstore.exceptions import BaseError

        try:
            async for chunk in stream:
                yield bytes(chunk)
        except BaseError as fault:
            raise self._fault(fault) from fault

    def _fault(self, fault: Exception) -> SourceFault:
        from obstore import exceptions as kinds

        told = f"{self._where}: {' '.join(str(fault).split())[:300]}"
        if isinstance(fault, FileNotFoundError):
            return SourceFault("not_found", f"there is no object {self._where}")
        if isinstance(fault, (kinds.PermissionDeniedError, kinds.UnauthenticatedError)):
            return SourceFault("refused", f"{self._where} is not open to these credentials")
        if isinstance(fault, kinds.PreconditionError):
            return SourceFault("unreachable", f"{self._where} has changed", again=True, anew=True)
        if isinstance(fault, kinds.GenericError):
            return SourceFault("unreachable", told, again=True)
        return SourceFault("refused", told)


def _opened(bucket: Bucket) -> "S3Store | GCSStore":
    """Raises SourceFault. Blocks."""
    try:
        return open_bucket(bucket.scheme, bucket.bucket, retries={"max_retries": 0})
    except InsecureEndpoint as fault:
        raise SourceFault("refused", str(fault)) from fault
