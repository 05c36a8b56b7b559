"""All live streams of one instance: each is opened by the first who follows it, and closed behind the last.

A feed whose truth cannot be read now is repaired until it can. Besides, the heads of all streams followed here are
looked at every few seconds: an instance that dies between a commit and its hint leaves nobody else to tell of it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import structlog

from actors.feed import REPLAY_LIMIT, Feed
from actors.feed_contract import Joined, Sink, StreamLog
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.frames import Resume
from lyo_rt.problems import Unavailable
from lyo_rt.streams import TOPIC

PARALLEL_REPAIRS = 8
LOOK_SECONDS = 2.0
HEADS_PER_LOOK = 100
"""In one statement, 0.5 ms of the loop; a thousand held it up for 5."""

log = structlog.get_logger()


class Feeds:
    """`run` must be running in the root task group."""

    def __init__(self, stream_log: StreamLog, broadcast: Broadcast, *, look_seconds: float = LOOK_SECONDS) -> None:
        """`look_seconds`: between looks at the heads."""
        self._log = stream_log
        self._broadcast = broadcast
        self._look_seconds = look_seconds
        self._feeds: dict[str, Feed] = {}
        self._broken: set[Feed] = set()
        self._wake = anyio.Event()
        self._ended = False
        self._repairs = 0

    async def join(
        self, stream: str, sink: Sink, after: Resume | None = None, *, limit: int | None = REPLAY_LIMIT
    ) -> Joined:
        """Follow `stream` with `sink` behind `after` until `leave`; the sink is told before this returns.

        `limit`: how many events are replayed at most; None for a sink that only reads on. A sink that does not take
        an event follows no more, until it joins again. Raises Unavailable when the log cannot be read.
        """
        while True:
            feed = self._feeds.get(stream)
            if feed is None:
                feed = self._feeds[stream] = Feed(stream, self._log, self._broadcast, self._ask_repair)
            async with self._holding(feed):
                if feed.closed:
                    continue
                if not feed.opened:
                    await feed.open()
                joined = await feed.join(sink, after, limit)
                if self._ended:
                    sink.ended()
                return joined

    async def leave(self, stream: str, sink: Sink) -> None:
        """Tell `sink` nothing more."""
        feed = self._feeds.get(stream)
        if feed is None:
            return
        feed.sinks.discard(sink)
        if not feed.sinks and not feed.lock.locked():
            await self._close(feed)

    @asynccontextmanager
    async def _holding(self, feed: Feed) -> AsyncIterator[None]:
        """The feed's lock; whoever lets go of it closes a feed that nobody follows."""
        async with feed.lock:
            try:
                yield
            finally:
                if not feed.sinks and not feed.closed:
                    await self._close(feed)

    async def _close(self, feed: Feed) -> None:
        if self._feeds.get(feed.stream) is feed:
            del self._feeds[feed.stream]
        await feed.close()

    def _ask_repair(self, feed: Feed) -> None:
        self._repairs += 1
        self._broken.add(feed)
        self._wake.set()

    def foretold(self, topic: str, payload: bytes) -> bool:
        """What this instance has written, before the broadcast has been around the server with it.

        Whether somebody follows the topic here, and has it now.
        """
        feed = self._feeds.get(topic.removeprefix(TOPIC))
        return feed is not None and feed.foretold(payload)

    async def run(self) -> None:
        """Repair what asks for it, several feeds at once, for ever."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._look_for_ever)
            limit = anyio.CapacityLimiter(PARALLEL_REPAIRS)
            while True:
                await self._wake.wait()
                self._wake = anyio.Event()
                broken, self._broken = self._broken, set()
                for feed in broken:
                    tasks.start_soon(self._repair, feed, limit)

    async def _repair(self, feed: Feed, limit: anyio.CapacityLimiter) -> None:
        """Until it succeeds: the log may be away for a while, what waits is bounded."""
        delay = 0.05
        while not feed.closed:
            try:
                async with limit, self._holding(feed):
                    if not feed.closed:
                        await feed.catch_up()
                return
            except Unavailable as fault:
                log.warning("stream repair waits for the log", stream=feed.stream, error=str(fault))
            await anyio.sleep(delay)
            delay = min(delay * 2, 2.0)

    async def _look_for_ever(self) -> None:
        """At every stream once in the time between two looks, some of them at a time."""
        while True:
            streams = tuple(self._feeds)
            parts = [streams[place : place + HEADS_PER_LOOK] for place in range(0, len(streams), HEADS_PER_LOOK)]
            pause = self._look_seconds / max(1, len(parts))
            try:
                for part in parts:
                    await anyio.sleep(pause)
                    await self._look(part)
            except Unavailable as fault:
                log.warning("cannot look at the heads of streams", streams=len(streams), error=str(fault))
                parts = []
            if not parts:
                await anyio.sleep(self._look_seconds)

    async def _look(self, streams: tuple[str, ...]) -> None:
        """Have those repaired that were not told of everything."""
        for stream, head in (await self._log.heads(streams)).items():
            feed = self._feeds.get(stream)
            if feed is not None and feed.epoch and (head.epoch, head.top) > (feed.epoch, feed.last):
                feed.lost()

    def end(self) -> None:
        """Tell everyone who follows, or comes to follow, that this instance is going away."""
        self._ended = True
        for feed in self._feeds.values():
            for sink in tuple(feed.sinks):
                sink.ended()

    def statistics(self) -> dict[str, int]:
        """`streams` followed here, `sinks` following them, `repairs` so far."""
        return {
            "streams": len(self._feeds),
            "sinks": sum(len(feed.sinks) for feed in self._feeds.values()),
            "repairs": self._repairs,
        }
