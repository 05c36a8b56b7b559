"""What a multipart/form-data request brings: some short fields and one file, read as they arrive and bounded."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, cast

import anyio
from quart import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import NEED_DATA, Data, Epilogue, Event, Field, File, MultipartDecoder

from api.responses import BodyTooSlow
from lyo_rt.problems import BadRequest, Fault, Problem, TooLarge, UnsupportedMediaType

FORM_BYTES = 64 * 1024
"""What a form may have besides its file."""
FIELD_BYTES = 1024
PARTS = 16
FILE = "/file"
CHUNK = 32 * 1024
"""Given to the decoder at a time, which holds no more than FORM_BYTES back."""
IN_MEMORY_BYTES = 1024 * 1024
"""Of each upload; the rest waits in a temporary file."""
ARRIVAL_SECONDS = 300


class Upload:
    """The form as far as it has arrived. `faults` are what is wrong with it as a form, by JSON Pointer."""

    def __init__(self, spool: anyio.SpooledTemporaryFile[bytes], most: int) -> None:
        self._spool = spool
        self._most = most
        self._digest = hashlib.sha256()
        self._name = ""
        self._field: bytearray | None = None
        self._keeping = False
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.size = 0
        self.faults: list[Fault] = []

    @property
    def file(self) -> BinaryIO:
        """The file's bytes; reading them may block."""
        return cast("BinaryIO", self._spool.wrapped)

    @property
    def digest(self) -> str:
        """The file's SHA-256, as it came."""
        return self._digest.hexdigest()

    @property
    def usable(self) -> bool:
        """Whether there was one file, with something in it."""
        return all(fault.pointer != FILE for fault in self.faults)

    async def take(self, event: Event) -> None:
        """The next event of the decoder."""
        match event:
            case Field() | File():
                self._begin(event)
            case Data() if self._field is not None:
                self._field += event.data
                if not event.more_data:
                    self._end_field(bytes(self._field))
            case Data() if self._keeping:
                await self._keep(event.data)

    async def close(self) -> None:
        """The file is needed no longer."""
        await self._spool.aclose()

    def end(self) -> None:
        """Nothing more comes. Raises TooLarge."""
        if self.size > self._most:
            raise TooLarge(f"A file can have {self._most:,} bytes at most.")
        if self.usable and self.file_name is None:
            self.faults.append(Fault(FILE, "a file is needed"))
        elif self.usable and self.size == 0:
            self.faults.append(Fault(FILE, "is empty"))

    def _begin(self, part: Field | File) -> None:
        self._name = part.name or ""
        self._field, self._keeping = None, False
        if isinstance(part, Field):
            self._field = bytearray()
        elif pointer(self._name) != FILE:
            self.faults.append(Fault(pointer(self._name), "is no field for a file"))
        elif self.file_name is not None:
            self.faults.append(Fault(FILE, "only one file can be sent at a time"))
        else:
            self.file_name, self._keeping = part.filename, True

    async def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self.size <= self._most:
            self._digest.update(data)
            await self._spool.write(data)

    def _end_field(self, value: bytes) -> None:
        at = pointer(self._name)
        if at == FILE:
            self.faults.append(Fault(at, "must be sent as a file, with a file name"))
        elif self._name in self.fields:
            self.faults.append(Fault(at, "is there twice"))
        elif len(value) > FIELD_BYTES or b"\0" in value:
            self.faults.append(Fault(at, f"must have {FIELD_BYTES} bytes at most, and no NUL among them"))
        else:
            self.fields[self._name] = value.decode(errors="replace")


def pointer(name: str) -> str:
    """The JSON Pointer of a form's field."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


@asynccontextmanager
async def received(*, most: int) -> AsyncIterator[Upload]:
    """The form of the current request, with a file of `most` bytes at most; the file is gone after the block.

    Raises UnsupportedMediaType unless it is a form with files, BadRequest when it cannot be understood, TooLarge as
    soon as it is, and BodyTooSlow.
    """
    boundary = request.mimetype_params.get("boundary")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise UnsupportedMediaType("Send a form: multipart/form-data, with its boundary.")
    upload = Upload(anyio.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES), most)
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), FORM_BYTES, max_parts=PARTS)
    async with closing(upload):
        try:
            with anyio.fail_after(ARRIVAL_SECONDS):
                await _fill(upload, decoder, most + FORM_BYTES)
        except TimeoutError as fault:
            raise BodyTooSlow from fault
        upload.end()
        yield upload


@asynccontextmanager
async def closing(upload: Upload) -> AsyncIterator[None]:
    """The file is gone after the block, also when its request has been cancelled."""
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await upload.close()


async def _fill(upload: Upload, decoder: MultipartDecoder, most: int) -> None:
    """Reads to the end what is refused too, as far as `most` bytes: who is still sending would not see the answer."""
    total, fault = 0, None
    async for arrived in request.body:
        total += len(arrived)
        if total > most:
            raise TooLarge(headers={"Connection": "close"})
        fault = fault or await _decoded(upload, decoder, arrived)
    fault = fault or await _decoded(upload, decoder, None)
    if fault is not None:
        raise fault


async def _decoded(upload: Upload, decoder: MultipartDecoder, arrived: bytes | None) -> Problem | None:
    """What is wrong with the form so far, or None. `arrived` is None at its end."""
    chunks = [None] if arrived is None else [arrived[at : at + CHUNK] for at in range(0, len(arrived), CHUNK)]
    try:
        for chunk in chunks:
            decoder.receive_data(chunk)
            await _drain(upload, decoder)
    except RequestEntityTooLarge:
        return TooLarge("The form has too many parts, or too much besides its file.")
    except ValueError:
        return BadRequest("The form cannot be understood.")
    return None


async def _drain(upload: Upload, decoder: MultipartDecoder) -> None:
    while (event := decoder.next_event()) is not NEED_DATA and not isinstance(event, Epilogue):
        await upload.take(event)
