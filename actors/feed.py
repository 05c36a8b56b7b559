"""One live stream on one instance: the log's events and the drafts' pieces, in order, once, to everyone who follows.

What is heard in order goes straight on. At a gap, a loss, or a piece that does not fit, the truth is read: the log,
and the draft's store. Whatever was heard before a reading begins is in what it reads, because hints follow their
commit and pieces their draft; so only what is heard meanwhile has to be kept.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress

import anyio
import msgspec
import structlog

from actors.feed_contract import Joined, Sink, StreamLog
from lyo_rt import frames
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.frames import Delta, Snapshot, Typist
from lyo_rt.outgoing import Outgoing
from lyo_rt.problems import Unavailable
from lyo_rt.streams import Hint, StreamEvent, topic

REPLAY_LIMIT = 5000
"""A sink that comes back further behind than this is not replayed to: it fetches the state instead."""
BACKLOG_LIMIT = 2000
"""Messages kept while the truth is read; beyond it they are dropped, and it is read once more."""
ENDED_REMEMBERED = 32
"""Answers whose late pieces are known for what they are."""

log = structlog.get_logger()


class DraftText(msgspec.Struct):
    """The text of one answer as everyone here has been given it."""

    revision: int
    text: str

    def reaches(self, revision: int, length: int) -> bool:
        """Whether so much of that revision is in it, or it is of a later one."""
        return (self.revision, len(self.text)) >= (revision, length)


Announced = Hint | Delta | Snapshot | Typist


class Feed:
    """One stream. `heard` and `lost` are for the broadcast; all that waits is called under `lock`."""

    def __init__(self, stream: str, log: StreamLog, broadcast: Broadcast, repair: Callable[["Feed"], None]) -> None:
        """`repair` has `catch_up` called soon; it does not wait."""
        self.stream = stream
        self.sinks: set[Sink] = set()
        self.lock = anyio.Lock()
        self.opened = self.closed = False
        self.epoch = 0
        """0 until the log has been read."""
        self.last = 0
        """The seq of the last event passed on."""
        self._newest: StreamEvent | None = None
        """That event, where it is known."""
        self._log = log
        self._broadcast = broadcast
        self._ask_repair = repair
        self._drafts: dict[str, DraftText] = {}
        self._ended: deque[str] = deque(maxlen=ENDED_REMEMBERED)
        self._backlog: list[tuple[Announced, bytes]] | None = None
        self._read_again = False
        self._exits = AsyncExitStack()

    # -- told by the broadcast, never waits

    def heard(self, payload: bytes) -> None:
        """A hint or a piece from some instance."""
        try:
            message = _announced.decode(payload)
        except msgspec.DecodeError as fault:
            log.warning("message not understood; the log is read", stream=self.stream, error=str(fault))
            self.lost()
            return
        if self._backlog is not None:
            self._keep(message, payload)
        elif not self._apply(message, payload):
            self._start_repair()

    def foretold(self, payload: bytes) -> bool:
        """A message that the broadcast is still to bring, from this instance itself; whether it was passed on.

        One that does not fit is left to that: only the broadcast keeps pieces and events in their order.
        """
        return self._backlog is None and self.opened and self._apply(_announced.decode(payload), payload)

    def lost(self) -> None:
        """Messages may be missing."""
        self._read_again = True
        self._start_repair()

    def _keep(self, message: Announced, payload: bytes) -> None:
        if self._backlog is not None:
            if len(self._backlog) >= BACKLOG_LIMIT:
                self._backlog.clear()
                self._read_again = True
            self._backlog.append((message, payload))

    def _start_repair(self) -> None:
        if self._backlog is None:
            self._backlog = []
            self._ask_repair(self)

    def _apply(self, message: Announced, payload: bytes) -> bool:
        """Pass one message on; False when something is missing before it."""
        match message:
            case Hint():
                return self._apply_hint(message)
            case Delta():
                return message.message in self._ended or self._apply_delta(message, payload)
            case Snapshot():
                known = self._drafts.get(message.message)
                if message.message not in self._ended and (
                    known is None or not known.reaches(message.revision, len(message.text))
                ):
                    self._drafts[message.message] = DraftText(message.revision, message.text)
                    self._tell(Outgoing(message, payload))
                return True
            case Typist():
                self._tell(Outgoing(message, payload))
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
        known = self._drafts.get(delta.message)
        if known is None or delta.revision > known.revision:
            if delta.at:
                return False
            self._drafts[delta.message] = DraftText(delta.revision, delta.text)
            self._tell(Outgoing(delta, payload))
            return True
        if delta.revision < known.revision:
            return True
        overlap = len(known.text) - delta.at
        if overlap < 0:
            return False
        if fresh := delta.text[overlap:]:
            frame = Outgoing(delta, payload)
            if overlap:
                frame = Outgoing(msgspec.structs.replace(delta, at=len(known.text), text=fresh))
            known.text += fresh
            self._tell(frame)
        return True

    def _is_whole(self, end: StreamEvent) -> bool:
        draft = self._drafts.get(end.data["message"])
        return draft is not None and (draft.revision, len(draft.text)) == (end.data["revision"], end.data["length"])

    def _pass_on(self, event: StreamEvent) -> None:
        self.last, self._newest = event.seq, event
        if event.name == frames.END:
            self._drafts.pop(event.data["message"], None)
            self._ended.append(event.data["message"])
        for sink in tuple(self.sinks):
            sink.event(event)

    def _tell(self, frame: Outgoing) -> None:
        for sink in tuple(self.sinks):
            sink.unlogged(frame)

    def _snapshot(self, message: str, revision: int, text: str) -> None:
        self._drafts[message] = DraftText(revision, text)
        self._tell(Outgoing(Snapshot(self.stream, message, revision, text)))

    # -- reading the truth, under the lock

    async def open(self) -> None:
        """Listen, then learn where the stream is. Raises Unavailable; the feed is then to be closed."""
        self.opened = True
        self._backlog = []
        await self._exits.enter_async_context(self._broadcast.listen(topic(self.stream), self))
        await self.catch_up()

    async def close(self) -> None:
        """Stop listening; the feed is not used again."""
        self.closed = True
        with anyio.CancelScope(shield=True), anyio.move_on_after(5):
            await self._exits.aclose()

    async def catch_up(self) -> None:
        """Read what is missing and pass it on, until nothing heard meanwhile shows that more is. Raises Unavailable."""
        while self._backlog is not None:
            self._backlog = []
            self._read_again = False
            await self._read_log()
            await self._read_draft()
            heard, self._backlog = self._backlog, None
            if self._read_again or not all(self._apply(message, payload) for message, payload in heard):
                self._backlog = []

    async def _read_log(self) -> None:
        if not self.epoch:
            head, self._newest = await self._log.newest(self.stream)
            self.epoch, self.last = head.epoch, head.top
            return
        head = await self._log.head(self.stream)
        if head.epoch != self.epoch:
            self.epoch, self.last, self._newest = head.epoch, 0, None
            self._drafts.clear()
        while self.last < head.top:
            events = await self._log.read_after(self.stream, self.last)
            if not events:
                self.last = head.top
            for event in events:
                if event.name == frames.END and not self._is_whole(event):
                    await self._complete(event)
                self._pass_on(event)

    async def _complete(self, end: StreamEvent) -> None:
        """Give everyone the whole stored text before the end that speaks of it."""
        answer = await self._log.answer(end.data["message"])
        if answer is not None and answer.revision == end.data["revision"]:
            self._snapshot(end.data["message"], answer.revision, answer.text)

    async def _read_draft(self) -> None:
        """The text of the answer being written: from the draft's store, or the checkpoint when that knows more."""
        if not self.stream.startswith("conversation:"):
            return
        answer = await self._log.writing(self.stream)
        if answer is None:
            return
        message, revision, text = str(answer.message), answer.revision, answer.text
        stored = None
        # With the broadcast away there is the checkpoint; when it is back, `lost` has this read again.
        with suppress(Unavailable):
            stored = await self._broadcast.read_draft(message)
        if stored is not None and (stored.revision, len(stored.text)) >= (revision, len(text)):
            revision, text = stored.revision, stored.text
        known = self._drafts.get(message)
        if known is None or not known.reaches(revision, len(text)):
            self._snapshot(message, revision, text)

    # -- one sink's beginning, under the lock

    async def join(self, sink: Sink, after: frames.Resume | None, limit: int | None) -> Joined:
        """Everything behind `after` that has been passed on, then what comes, each once. Raises Unavailable.

        Without `after`: only what comes, and of a task its latest state at once. `limit`: how many events are
        replayed at most.
        """
        if after is not None and self._is_behind(after):
            self._start_repair()
            await self.catch_up()
        place, recovered = await self._place(after, limit)
        position = place
        while position < self.last:
            events = await self._read_from(position)
            if not events or events[0].seq != position + 1:
                # What was asked for has been deleted or trimmed.
                return self._admit(sink, after, Joined(self.epoch, self.last, False))
            for event in events:
                if event.name == frames.END:
                    await self._tell_rest(sink, event, after)
                if not sink.event(event):
                    return Joined(self.epoch, place, recovered)
                position = event.seq
        return self._admit(sink, after, Joined(self.epoch, place, recovered))

    async def _read_from(self, position: int) -> Sequence[StreamEvent]:
        """What has been passed on behind `position`, or the beginning of it."""
        if self._newest is not None and self._newest.seq == self.last == position + 1:
            return [self._newest]
        return [event for event in await self._log.read_after(self.stream, position) if event.seq <= self.last]

    def _is_behind(self, after: frames.Resume) -> bool:
        """Whether the sink, coming from another instance, has seen more than has been heard here."""
        known = self._drafts.get(str(after.message))
        return (after.seq is not None and (after.epoch or 0, after.seq) > (self.epoch, self.last)) or (
            after.message is not None and (known is None or not known.reaches(after.revision or 0, after.at or 0))
        )

    async def _place(self, after: frames.Resume | None, limit: int | None) -> tuple[int, bool]:
        """The seq behind which to begin, and whether that is what was asked for."""
        last = self.last
        oldest = 0 if limit is None else last - limit
        if after is not None and after.seq is not None:
            recovered = after.epoch == self.epoch and oldest <= after.seq <= last
            return (after.seq if recovered else last), recovered
        if after is not None and after.message is not None and str(after.message) not in self._drafts:
            end = await self._log.end_of(self.stream, str(after.message))
            return (end - 1 if end is not None and oldest < end <= last else last), True
        return (max(last - 1, 0) if self.stream.startswith("task:") else last), True

    def _admit(self, sink: Sink, after: frames.Resume | None, joined: Joined) -> Joined:
        self.sinks.add(sink)
        for message, draft in self._drafts.items():
            self._tell_text(sink, message, draft, after)
        return joined

    async def _tell_rest(self, sink: Sink, end: StreamEvent, after: frames.Resume | None) -> None:
        """Before an answer's end, what the sink lacks of its text."""
        answer = await self._log.answer(end.data["message"])
        if answer is not None and answer.revision == end.data["revision"]:
            self._tell_text(sink, end.data["message"], DraftText(answer.revision, answer.text), after)

    def _tell_text(self, sink: Sink, message: str, draft: DraftText, after: frames.Resume | None) -> None:
        """To a sink that was inside this answer the rest of it, to one that is new to it all of it."""
        frame: Delta | Snapshot = Snapshot(self.stream, message, draft.revision, draft.text)
        if after is not None and str(after.message) == message and after.revision == draft.revision:
            at = after.at or 0
            if at >= len(draft.text):
                # Of one revision there is one text: who has more of it was told before the broadcast was.
                return
            frame = Delta(self.stream, message, draft.revision, at, draft.text[at:])
        sink.unlogged(Outgoing(frame))


_announced: msgspec.json.Decoder[Announced] = msgspec.json.Decoder(Announced)
