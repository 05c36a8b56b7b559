"""A provider's stream into a sink, under three deadlines, ended at once when the reader goes.

The provider is read by a task of its own that awaits nothing but the next piece. Cancelled there, the SDK closes its
connection in the same turn of the loop; cancelled between two pieces (while a sink is slow), it leaves the connection
open for seconds, and the provider writes on at our cost.
"""

import asyncio
from collections.abc import AsyncIterator

import anyio
import msgspec

from lyo_rt.language_models.port import ModelFault, TextSink, Usage, Written


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds to wait for the first text, for each piece after it, and for the whole answer."""

    first_token: float
    token: float
    total: float


class Piece(msgspec.Struct, frozen=True):
    """What one chunk of a provider's stream says: some text, or who wrote it, or the price so far."""

    text: str = ""
    model: str | None = None
    usage: Usage | None = None


async def relay(provider: str, model: str, pieces: AsyncIterator[Piece], sink: TextSink, timeouts: Timeouts) -> Written:
    """Every piece's text into `sink`, in order; returns when the stream has ended properly.

    Only waiting for the provider counts against the deadlines, a slow sink does not. Raises ModelFault: timeout,
    malformed when there was no text at all, and whatever `pieces` raises.
    """
    # unbounded, so that the reader never waits here; an answer is bounded by its token limit
    queue: asyncio.Queue[Piece | None] = asyncio.Queue()
    reader = asyncio.create_task(_read(pieces, queue))
    usage, began = Usage(), False
    patience = _Patience(provider, timeouts)
    try:
        while (piece := await patience.next(queue, first=not began)) is not None:
            model = piece.model or model
            usage = piece.usage or usage
            if piece.text:
                began = True
                await sink.text(piece.text)
        await reader
    finally:
        await _end(reader)
    if not began:
        raise ModelFault(provider, "malformed", "an answer without text")
    return Written(provider=provider, model=model, usage=usage)


class _Patience:
    """Waits for pieces, as long as the timeouts allow."""

    def __init__(self, provider: str, timeouts: Timeouts) -> None:
        self._provider = provider
        self._timeouts = timeouts
        self._left = timeouts.total
        self._silent = 0.0

    async def next(self, queue: asyncio.Queue[Piece | None], *, first: bool) -> Piece | None:
        began = anyio.current_time()
        limit = self._timeouts.first_token - self._silent if first else self._timeouts.token
        with anyio.move_on_after(max(0.0, min(limit, self._left))):
            piece = await queue.get()
            waited = anyio.current_time() - began
            self._left -= waited
            self._silent += waited
            return piece
        what = "the first token" if first else "the next token"
        raise ModelFault(self._provider, "timeout", f"gave up waiting for {what}")


async def _read(pieces: AsyncIterator[Piece], queue: asyncio.Queue[Piece | None]) -> None:
    try:
        async for piece in pieces:
            queue.put_nowait(piece)
    finally:
        queue.put_nowait(None)


async def _end(reader: asyncio.Task[None]) -> None:
    """Ends the reader, and with it the provider's connection, even when the caller is being cancelled."""
    reader.cancel()
    with anyio.CancelScope(shield=True), anyio.move_on_after(1):
        await asyncio.wait([reader])
    if reader.done() and not reader.cancelled():
        reader.exception()  # asyncio warns of exceptions nobody has looked at
