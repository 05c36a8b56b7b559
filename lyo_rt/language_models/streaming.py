"""A provider's stream into a sink, under three deadlines, ended at once when the reader goes."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import msgspec

from lyo_rt.language_models.port import ModelFault, TextSink, Usage, Written


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds to wait for the first text, for each piece after it, and for the whole answer."""

    first_token: float
    token: float
    total: float


class Piece(msgspec.Struct, frozen=True, gc=False):
    """What one chunk of a provider's stream says: some text, or who wrote it, or the price so far."""

    text: str = ""
    model: str | None = None
    usage: Usage | None = None


async def relay(
    provider: str, model: str, pieces: AsyncGenerator[Piece, None], sink: TextSink, timeouts: Timeouts
) -> Written:
    """Every piece's text into `sink`, in order; returns when the stream has ended properly.

    Only waiting for the provider counts against the deadlines, a slow sink does not. Raises ModelFault: timeout,
    malformed when there was no text at all, and whatever `pieces` raises. `pieces` is closed in any case, and has a
    second to end the provider's connection, also when the caller is being cancelled.
    """
    usage, began = Usage(), False
    patience = _Patience(timeouts)
    try:
        with patience.scope:
            patience.waits()
            async for piece in pieces:
                patience.heard(began=began)
                model = piece.model or model
                usage = piece.usage or usage
                if piece.text:
                    began = True
                    await sink.text(piece.text)
                patience.waits(began=began)
    finally:
        patience.ends()
        with anyio.CancelScope(shield=True), anyio.move_on_after(1):
            await pieces.aclose()
    if patience.scope.cancelled_caught:
        raise ModelFault(provider, "timeout", f"gave up waiting for {'the next' if began else 'the first'} token")
    if not began:
        raise ModelFault(provider, "malformed", "an answer without text")
    return Written(provider=provider, model=model, usage=usage)


async def pumped(pieces: AsyncIterator[Piece]) -> AsyncGenerator[Piece, None]:
    """The same pieces, read by a task of its own that awaits nothing but the next one.

    For an SDK that closes its connection in the same turn of the loop when it is cancelled there, but cancelled
    between two pieces (while a sink is slow) leaves it open for seconds, and the provider writes on at our cost.
    """
    # unbounded, so that the reader never waits here; an answer is bounded by its token limit
    queue: asyncio.Queue[Piece | None] = asyncio.Queue()
    reader = asyncio.create_task(_read(pieces, queue))
    try:
        while (piece := await queue.get()) is not None:
            yield piece
        await reader
    finally:
        await _end(reader)


class _Patience:
    """Cancels `scope` when the provider was waited for longer than the timeouts allow.

    One timer for the whole stream, set again when it goes off too early: a deadline of its own for each token would
    cost 11 µs.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        self.scope = anyio.CancelScope()
        self._timeouts = timeouts
        self._left = timeouts.total
        self._silent = 0.0
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = math.inf

    def waits(self, *, began: bool = False) -> None:
        """From now on the provider is waited for."""
        limit = self._timeouts.token if began else self._timeouts.first_token - self._silent
        self._since = self._loop.time()
        self._due = self._since + max(0.0, min(limit, self._left))
        if self._due < self._looks_at:
            self._look_later()

    def heard(self, *, began: bool) -> None:
        """The provider has sent something."""
        waited = self._loop.time() - self._since
        self._left -= waited
        if not began:
            self._silent += waited
        self._due = math.inf

    def ends(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look_later(self) -> None:
        self.ends()
        self._looks_at = self._due
        self._timer = None if self._due == math.inf else self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        if self._loop.time() >= self._due:
            self.scope.cancel()
        else:
            self._look_later()


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
