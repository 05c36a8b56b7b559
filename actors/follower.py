"""One reader's view of one stream, pulled at its own pace: for event streams, simple doors, and those who wait."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from actors.feed_contract import Joined
from actors.feeds import Feeds
from lyo_rt.frames import Delta, Resume, Snapshot
from lyo_rt.outgoing import Outgoing
from lyo_rt.problems import Draining
from lyo_rt.streams import StreamEvent

WAITING_LIMIT = 256
"""Events and pieces kept for a reader; one that is slower reads on from the log."""


class Follower:
    """A sink with one reader; complete and in order however slow the reader is, in bounded memory."""

    def __init__(self, feeds: Feeds, stream: str) -> None:
        self._feeds = feeds
        self._stream = stream
        self._waiting: deque[StreamEvent | Delta | Snapshot] = deque()
        self._more = anyio.Event()
        self._behind = False
        self._ended = False
        self.joined = Joined(1, 0, True)
        self.epoch = 1
        self.seq = 0
        """Of the last event given out."""

    def event(self, event: StreamEvent) -> bool:
        return self._put(event)

    def unlogged(self, frame: Outgoing) -> None:
        if isinstance(frame.frame, Delta | Snapshot):
            self._put(frame.frame)

    def ended(self) -> None:
        self._ended = True
        self._more.set()

    def _put(self, entry: StreamEvent | Delta | Snapshot) -> bool:
        if len(self._waiting) >= WAITING_LIMIT:
            self._behind = True
        if not self._behind:
            self._waiting.append(entry)
        self._more.set()
        return not self._behind

    async def next(self) -> StreamEvent | Delta | Snapshot:
        """What comes next, waiting for it.

        Raises Draining when this instance is going away, Unavailable when the log must be read and cannot be.
        """
        while not self._waiting:
            if self._ended:
                raise Draining
            if self._behind:
                await self._read_on()
                continue
            self._more = anyio.Event()
            await self._more.wait()
        entry = self._waiting.popleft()
        if isinstance(entry, StreamEvent):
            self.epoch, self.seq = entry.epoch, entry.seq
        return entry

    async def _read_on(self) -> None:
        await self._feeds.leave(self._stream, self)
        self._behind = False
        try:
            place = Resume(self._stream, self.epoch, self.seq)
            joined = await self._feeds.join(self._stream, self, place, limit=None)
        except BaseException:
            self._behind = True
            raise
        if not joined.recovered:
            self.epoch, self.seq = joined.epoch, joined.seq

    async def within(self, seconds: float) -> StreamEvent | Delta | Snapshot | None:
        """What comes next, or None when nothing has come for `seconds`."""
        with anyio.move_on_after(seconds):
            return await self.next()
        return None

    async def join(self, after: Resume | None) -> None:
        """Begin behind `after`; see Feeds.join."""
        self.joined = await self._feeds.join(self._stream, self, after)
        self.epoch, self.seq = self.joined.epoch, self.joined.seq


@asynccontextmanager
async def follow(feeds: Feeds, stream: str, after: Resume | None = None) -> AsyncIterator[Follower]:
    """Follow `stream` behind `after` while the block runs; without `after`, a task's latest state comes first."""
    follower = Follower(feeds, stream)
    await follower.join(after)
    try:
        yield follower
    finally:
        with anyio.CancelScope(shield=True):
            await feeds.leave(stream, follower)
