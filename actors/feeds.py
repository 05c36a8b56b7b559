"""Live streams on one instance: the log's events and the drafts' pieces, in order, once, to everyone here who listens.

One `Feed` per stream that somebody here follows. It merges the broadcast's hints with the log once for all its sinks:
what arrives in order goes straight on; a gap, a loss or a draft that does not fit is repaired from the log (and the
draft's store) while newer messages wait. Sinks join behind a cursor: listen, read the log, merge, go live
(REALTIME §3).
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import anyio
import msgspec
import structlog

from lyo_rt import frames
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.frames import Delta, Snapshot
from lyo_rt.problems import Unavailable
from lyo_rt.streams import Head, Hint, StreamEvent, topic
from lyo_rt.tutoring.records import Unfinished

REPLAY_LIMIT = 5000
"""A sink further behind than this is not replayed to: it fetches the state instead."""
BACKLOG_LIMIT = 2000
"""Messages kept while a repair is under way; beyond it they are dropped and the log is read once more."""

log = structlog.get_logger()


class Sink(Protocol):
    """Who follows a stream here. The calls never wait and never raise."""

    def event(self, event: StreamEvent) -> None:
        """The next event of the log."""
        ...

    def text(self, frame: Delta | Snapshot, encoded: bytes) -> None:
        """A piece of an answer, or all of it so far."""
        ...

    def ended(self) -> None:
        """This instance is going away: nothing more will come from here."""
        ...


class StreamLog(Protocol):
    """What a feed reads from the truth."""

    async def head(self, stream: str) -> Head: ...
    async def read_after(self, stream: str, seq: int) -> Sequence[StreamEvent]: ...
    async def writing(self, stream: str) -> Unfinished | None:
        """The answer being written in this stream's conversation."""
        ...

    async def answer(self, message: str) -> Unfinished | None:
        """An answer of this id."""
        ...


class Joined(msgspec.Struct, frozen=True):
    """Where a sink stands after joining; not `recovered`: events were left out, fetch the state."""

    epoch: int
    seq: int
    recovered: bool


class DraftText:
    """The text of one answer as everyone here has been given it."""

    __slots__ = ("revision", "text")

    def __init__(self, revision: int, text: str) -> None:
        self.revision = revision
        self.text = text


class Feed:
    """One stream on this instance."""

    def __init__(self, stream: str, log: StreamLog, broadcast: Broadcast, repair: Callable[["Feed"], None]) -> None:
        self.stream = stream
        self.sinks: set[Sink] = set()
        self.lock = anyio.Lock()
        self.closed = False
        self.last = 0
        self.epoch = 1
        self._log = log
        self._broadcast = broadcast
        self._ask_repair = repair
        self._drafts: dict[str, DraftText] = {}
        self._ended: deque[str] = deque(maxlen=32)
        self._backlog: list[bytes] | None = None
        self._read_again = False
        self.opened = False
        self._exits = AsyncExitStack()

    # -- told by the broadcast, never waits

    def heard(self, payload: bytes) -> None:
        """A hint or a piece from some instance."""
        if self._backlog is None:
            if not self._apply(payload):
                self._start_repair()
                self._keep(payload)
        else:
            self._keep(payload)

    def lost(self) -> None:
        """Messages may be missing."""
        self._read_again = True
        self._start_repair()

    def _keep(self, payload: bytes) -> None:
        if self._backlog is not None:
            if len(self._backlog) >= BACKLOG_LIMIT:
                self._backlog.clear()
            self._backlog.append(payload)

    def _start_repair(self) -> None:
        if self._backlog is None:
            self._backlog = []
            self._ask_repair(self)

    def _apply(self, payload: bytes) -> bool:
        """Pass one message on; False when something is missing before it."""
        message = _announced.decode(payload)
        match message:
            case Hint():
                return self._apply_hint(message)
            case Delta():
                return self._apply_delta(message, payload)
            case Snapshot():
                if message.message in self._ended:
                    return True
                self._drafts[message.message] = DraftText(message.revision, message.text)
                self._text(message, payload)
                return True

    def _apply_hint(self, hint: Hint) -> bool:
        if hint.epoch == self.epoch and hint.seq <= self.last:
            return True
        if hint.event is None or hint.epoch != self.epoch or hint.seq != self.last + 1:
            return False
        if hint.event.name == frames.END and not self._is_whole(hint.event):
            return False
        self._pass_on(hint.event)
        return True

    def _apply_delta(self, delta: Delta, payload: bytes) -> bool:
        if delta.message in self._ended:
            return True
        draft = self._drafts.get(delta.message)
        if draft is None or delta.revision > draft.revision:
            if delta.at:
                return False
            self._drafts[delta.message] = DraftText(delta.revision, delta.text)
        elif delta.revision < draft.revision or delta.at < len(draft.text):
            return True
        elif delta.at > len(draft.text):
            return False
        else:
            draft.text += delta.text
        self._text(delta, payload)
        return True

    def _is_whole(self, end: StreamEvent) -> bool:
        draft = self._drafts.get(end.data["message"])
        return draft is not None and (draft.revision, len(draft.text)) == (end.data["revision"], end.data["length"])

    def _pass_on(self, event: StreamEvent) -> None:
        self.last = event.seq
        if event.name == frames.END:
            self._drafts.pop(event.data["message"], None)
            self._ended.append(event.data["message"])
        for sink in tuple(self.sinks):
            sink.event(event)

    def _text(self, frame: Delta | Snapshot, encoded: bytes) -> None:
        for sink in tuple(self.sinks):
            sink.text(frame, encoded)

    # -- reading the truth, under the lock

    async def open(self) -> None:
        """Listen, then learn where the stream is; messages heard meanwhile are merged."""
        self.opened = True
        self._backlog = []
        await self._exits.enter_async_context(self._broadcast.listen(topic(self.stream), self))
        head = await self._log.head(self.stream)
        self.epoch, self.last = head.epoch, head.top
        await self._catch_up()

    async def close(self) -> None:
        """Stop listening; the feed is not used again."""
        self.closed = True
        with anyio.CancelScope(shield=True), anyio.move_on_after(5):
            await self._exits.aclose()

    async def repair(self) -> None:
        """Read what is missing and pass it on, then what waited."""
        async with self.lock:
            if not self.closed:
                await self._catch_up()

    async def _catch_up(self) -> None:
        while self._backlog is not None:
            self._read_again = False
            await self._read_log()
            await self._read_drafts()
            waiting, self._backlog = self._backlog, [] if self._read_again else None
            for place, payload in enumerate(waiting):
                if not self._apply(payload):
                    self._backlog = waiting[place if self._is_ahead(payload) else place + 1 :]
                    break

    def _is_ahead(self, payload: bytes) -> bool:
        """Whether what did not fit, although all was just read, is of the log's future; all else is stale."""
        hint = _announced.decode(payload)
        return isinstance(hint, Hint) and hint.epoch == self.epoch and hint.seq > self.last

    async def _read_log(self) -> None:
        head = await self._log.head(self.stream)
        if head.epoch != self.epoch:
            self.epoch, self.last = head.epoch, 0
        while events := await self._log.read_after(self.stream, self.last):
            for event in events:
                if event.name == frames.END and not self._is_whole(event):
                    await self._complete(event)
                self._pass_on(event)

    async def _complete(self, end: StreamEvent) -> None:
        """Give everyone the whole stored text before the end that speaks of it."""
        answer = await self._log.answer(end.data["message"])
        if answer is not None and answer.revision == end.data["revision"]:
            self._snapshot(end.data["message"], answer.revision, answer.text)

    async def _read_drafts(self) -> None:
        if not self.stream.startswith("conversation:"):
            return
        answer = await self._log.writing(self.stream)
        if answer is None:
            return
        message, revision, text = str(answer.message), answer.revision, answer.text
        stored = await self._broadcast.read_draft(message)
        if stored is not None and (stored.revision, len(stored.text)) >= (revision, len(text)):
            revision, text = stored.revision, stored.text
        known = self._drafts.get(message)
        if known is None or (known.revision, len(known.text)) < (revision, len(text)):
            self._snapshot(message, revision, text)

    def _snapshot(self, message: str, revision: int, text: str) -> None:
        frame = Snapshot(self.stream, message, revision, text)
        self._drafts[message] = DraftText(revision, text)
        self._text(frame, frames.encode(frame))

    async def join(self, sink: Sink, after: frames.Resume | None) -> Joined:
        """Under the lock: everything behind `after` that has been passed on, then what comes, each once.

        Without `after`: only what comes, and of a task its latest state at once.
        """
        position = self.last
        recovered = True
        if after is not None and after.seq is not None:
            recovered = after.epoch == self.epoch and self.last - REPLAY_LIMIT <= after.seq <= self.last
            position = after.seq if recovered else self.last
        elif self.stream.startswith("task:"):
            position = max(self.last - 1, 0)
        start = position
        while position < self.last:
            for event in await self._log.read_after(self.stream, position):
                if event.seq <= self.last:
                    if event.name == frames.END:
                        await self._tell_rest(sink, event, after)
                    sink.event(event)
                    position = event.seq
        self.sinks.add(sink)
        for message, draft in self._drafts.items():
            frame = self._resumed(message, draft, after)
            if frame is not None:
                sink.text(frame, frames.encode(frame))
        return Joined(self.epoch, start if recovered else self.last, recovered)

    async def _tell_rest(self, sink: Sink, end: StreamEvent, after: frames.Resume | None) -> None:
        """Before an answer's end, what the sink lacks of its text."""
        answer = await self._log.answer(end.data["message"])
        if answer is not None and answer.revision == end.data["revision"]:
            frame = self._resumed(end.data["message"], DraftText(answer.revision, answer.text), after)
            if frame is not None:
                sink.text(frame, frames.encode(frame))

    def _resumed(self, message: str, draft: DraftText, after: frames.Resume | None) -> Delta | Snapshot | None:
        """What a sink that was inside this answer, or is new to it, must be given."""
        if after is not None and str(after.message) == message and after.revision == draft.revision:
            at = after.at or 0
            if at == len(draft.text):
                return None
            if at < len(draft.text):
                return Delta(self.stream, message, draft.revision, at, draft.text[at:])
        return Snapshot(self.stream, message, draft.revision, draft.text)


_announced: msgspec.json.Decoder[Hint | Delta | Snapshot] = msgspec.json.Decoder(Hint | Delta | Snapshot)


class Feeds:
    """All feeds of one instance. `run` must be running in the root task group."""

    def __init__(self, stream_log: StreamLog, broadcast: Broadcast) -> None:
        self._log = stream_log
        self._broadcast = broadcast
        self._feeds: dict[str, Feed] = {}
        self._broken: set[Feed] = set()
        self._wake = anyio.Event()
        self._repairs = 0

    async def join(self, stream: str, sink: Sink, after: frames.Resume | None = None) -> Joined:
        """Follow `stream` with `sink` behind `after` until `leave`; the sink is told before this returns.

        Raises Unavailable when the log cannot be read.
        """
        while True:
            feed = self._feeds.get(stream)
            if feed is None:
                feed = self._feeds[stream] = Feed(stream, self._log, self._broadcast, self._ask_repair)
            async with feed.lock:
                if feed.closed:
                    continue
                try:
                    if not feed.opened:
                        await feed.open()
                    return await feed.join(sink, after)
                finally:
                    if not feed.sinks:
                        await self._close(feed)

    async def leave(self, stream: str, sink: Sink) -> None:
        """Tell `sink` nothing more."""
        feed = self._feeds.get(stream)
        if feed is None:
            return
        feed.sinks.discard(sink)
        async with feed.lock:
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

    async def run(self) -> None:
        """Repair what asks for it, several feeds at once, for ever."""
        async with anyio.create_task_group() as tasks:
            limit = anyio.CapacityLimiter(8)
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
                async with limit:
                    await feed.repair()
                return
            except Unavailable as fault:
                log.warning("stream repair waits for the log", stream=feed.stream, error=str(fault))
            await anyio.sleep(delay)
            delay = min(delay * 2, 2.0)

    def end(self) -> None:
        """Tell everyone who follows that this instance is going away."""
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
