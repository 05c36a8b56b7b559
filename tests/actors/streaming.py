"""What tests of live streams need: a log over lists, an author, and a client that keeps the protocol's rules."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import anyio
import msgspec
from anyio.lowlevel import checkpoint

from actors.feed import DraftText
from actors.feed_contract import Joined
from actors.feeds import Feeds
from actors.outbound import BUDGET_BYTES, Awaited, Outbound
from lyo_rt import frames, streams
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.frames import Codec, Delta, Resume, Snapshot
from lyo_rt.outgoing import Outgoing
from lyo_rt.problems import Unavailable
from lyo_rt.streams import Head, StreamEvent
from lyo_rt.tutoring.records import Unfinished

MOMENT = datetime(2026, 11, 21, tzinfo=UTC)


class LoopClock:
    """The time of the event loop, virtual or not, as the product's clock; the day begins at MOMENT."""

    def now(self) -> datetime:
        """See Clock."""
        return MOMENT + timedelta(seconds=anyio.current_time())

    def monotonic(self) -> float:
        """See Clock."""
        return anyio.current_time()


class Queue(Outbound):
    """An outbound queue in which everything waits for whoever calls `taken`."""

    def __init__(self, *, budget: int = BUDGET_BYTES) -> None:
        self.awaited = Awaited()
        super().__init__(self.awaited, budget=budget)

    async def taken(self) -> list[bytes]:
        """The next frames as JSON; none once the queue is closed and empty."""
        return [frame.payload(Codec.JSON) for frame in await self.take(self.awaited)]


@asynccontextmanager
async def running(feeds: Feeds) -> AsyncIterator[Feeds]:
    """The feeds, repaired while the block runs."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feeds.run)
        yield feeds
        tasks.cancel_scope.cancel()


class Logbook:
    """A StreamLog over lists. A reading takes `pause` before and after the moment it is true of."""

    def __init__(self, pause: Callable[[], Awaitable[None]] = checkpoint) -> None:
        self.pause = pause
        self.events: dict[str, list[StreamEvent]] = {}
        self.epochs: dict[str, int] = {}
        self.answers: dict[str, Unfinished] = {}
        self.away = False
        self.forgotten = 0
        """Events up to this seq are kept no more."""
        self.readings = 0

    def append(self, stream: str, name: str, data: dict[str, Any]) -> StreamEvent:
        """Commit one event."""
        log = self.events.setdefault(stream, [])
        event = StreamEvent(stream, self.epochs.setdefault(stream, 1), len(log) + 1, name, data, MOMENT)
        log.append(event)
        return event

    def delete(self, stream: str) -> bytes:
        """Forget a stream; its hint."""
        self.events[stream] = []
        self.epochs[stream] = self.epochs.get(stream, 1) + 1
        return msgspec.json.encode(streams.Hint(self.epochs[stream], 0))

    def top(self, stream: str) -> int:
        """The newest seq."""
        return len(self.events.get(stream, ()))

    async def _read(self, look: Callable[[], Any]) -> Any:
        self.readings += 1
        await self.pause()
        if self.away:
            raise Unavailable
        seen = look()
        await self.pause()
        return seen

    async def head(self, stream: str) -> Head:
        found: Head = await self._read(lambda: Head(self.epochs.get(stream, 1), self.top(stream)))
        return found

    async def newest(self, stream: str) -> tuple[Head, StreamEvent | None]:
        def look() -> tuple[Head, StreamEvent | None]:
            kept = self.events.get(stream, [])[self.forgotten :]
            return Head(self.epochs.get(stream, 1), self.top(stream)), kept[-1] if kept else None

        found: tuple[Head, StreamEvent | None] = await self._read(look)
        return found

    async def heads(self, streams: Sequence[str]) -> Mapping[str, Head]:
        found: dict[str, Head] = await self._read(
            lambda: {one: Head(self.epochs[one], self.top(one)) for one in streams if one in self.epochs}
        )
        return found

    async def read_after(self, stream: str, seq: int) -> Sequence[StreamEvent]:
        found: list[StreamEvent] = await self._read(
            lambda: self.events.get(stream, [])[max(seq, self.forgotten) :][:500]
        )
        return found

    async def end_of(self, stream: str, message: str) -> int | None:
        def look() -> int | None:
            ends = (event for event in self.events.get(stream, ()) if event.name == frames.END)
            return next((event.seq for event in ends if event.data["message"] == message), None)

        found: int | None = await self._read(look)
        return found

    async def writing(self, stream: str) -> Unfinished | None:  # noqa: ARG002  (there is one conversation)
        found: Unfinished | None = await self._read(
            lambda: next((answer for answer in self.answers.values() if answer.status == "writing"), None)
        )
        return found

    async def answer(self, message: str) -> Unfinished | None:
        found: Unfinished | None = await self._read(lambda: self.answers.get(message))
        return found


class Author:
    """Writes to one stream by way of one broadcast: events, and answers piece by piece."""

    def __init__(
        self, stream: str, log: Logbook, broadcast: Broadcast, nearby: Callable[[str, bytes], None] | None = None
    ) -> None:
        """`nearby`: see Database.nearby."""
        self.stream = stream
        self.log = log
        self.broadcast = broadcast
        self._nearby = nearby

    async def say(self, **data: Any) -> StreamEvent:
        """One event, committed and announced."""
        event = self.log.append(self.stream, "said", data)
        await self.announce(event)
        return event

    async def announce(self, event: StreamEvent) -> None:
        """Tell of what was committed."""
        topic, hint = streams.topic(self.stream), streams.encode_hint(event)
        if self._nearby is not None:
            self._nearby(topic, hint)
        await self.broadcast.publish(topic, hint)

    def begin(self) -> "Written":
        """An answer of which nothing has been written."""
        return Written(self)


class Written:
    """One answer, as its author has it."""

    def __init__(self, author: Author) -> None:
        self.id = str(uuid4())
        self.revision = 1
        self.text = ""
        self._author = author
        self.checkpoint()

    def checkpoint(self, status: str = "writing") -> None:
        """Store the text so far."""
        self._author.log.answers[self.id] = Unfinished(UUID(self.id), self.revision, self.text, status)

    async def write(self, piece: str) -> None:
        """The next piece."""
        at, self.text = len(self.text), self.text + piece
        delta = Delta(self._author.stream, self.id, self.revision, at, piece)
        extended = await self._author.broadcast.extend_draft(
            self.id,
            streams.topic(self._author.stream),
            revision=self.revision,
            at=at,
            text=piece,
            payload=frames.encode(delta),
        )
        assert extended

    async def restart(self) -> None:
        """Begin anew under the next revision."""
        self.revision, self.text = self.revision + 1, ""
        await self.write("")
        self.checkpoint()

    async def end(self) -> StreamEvent:
        """Store it whole, and tell its end."""
        self.checkpoint("complete")
        data = {
            "message": self.id,
            "revision": self.revision,
            "status": "complete",
            "length": len(self.text),
            "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
        }
        event = self._author.log.append(self._author.stream, frames.END, data)
        await self._author.announce(event)
        await self._author.broadcast.drop_draft(self.id)
        return event


class Client:
    """A sink that applies what it is told by the protocol's rules, and notes under `faults` what breaks them."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.epoch = 1
        self.seq = 0
        self.texts: dict[str, DraftText] = {}
        self.told: list[StreamEvent | Delta | Snapshot] = []
        """All, in order."""
        self.ends: dict[str, str] = {}
        """The text of each answer when its end was told."""
        self.faults: list[str] = []
        self.away = False
        """The instance has said goodbye."""
        self._joining: list[StreamEvent | Delta | Snapshot] | None = None

    def event(self, event: StreamEvent) -> bool:
        """See Sink."""
        self._take(event)
        return True

    def unlogged(self, outgoing: Outgoing) -> None:
        """See Sink."""
        frame, encoded = outgoing.frame, outgoing.payload(Codec.JSON)
        if not isinstance(frame, Delta | Snapshot):
            return
        if msgspec.json.decode(encoded, type=Delta | Snapshot) != frame:
            self.faults.append(f"{encoded!r} is not {frame}")
        self._take(frame)

    def ended(self) -> None:
        """See Sink."""
        self.away = True

    @property
    def place(self) -> Resume:
        """Where it is: in the events, and in the answer that is being written."""
        place = Resume(self.stream, self.epoch, self.seq)
        for message, draft in self.texts.items():
            place = msgspec.structs.replace(place, message=UUID(message), revision=draft.revision, at=len(draft.text))
        return place

    async def join(self, feeds: Feeds, after: Resume | None = None) -> Joined:
        """Follow; what is told meanwhile counts once it is known behind which event that is."""
        self._joining = []
        try:
            joined = await feeds.join(self.stream, self, after)
        except BaseException:
            self._joining = None
            raise
        heard, self._joining = self._joining, None
        if after is not None and after.seq is not None and joined.recovered and joined.seq != after.seq:
            self.faults.append(f"joined behind {joined.seq}, asked for {after.seq}")
        self.epoch, self.seq = joined.epoch, joined.seq
        for entry in heard:
            self._take(entry)
        return joined

    def _take(self, entry: StreamEvent | Delta | Snapshot) -> None:
        if self._joining is not None:
            self._joining.append(entry)
            return
        self.told.append(entry)
        match entry:
            case StreamEvent():
                self._event(entry)
            case Delta():
                self._delta(entry)
            case Snapshot():
                known = self.texts.get(entry.message)
                if known is not None and known.reaches(entry.revision, len(entry.text) + 1):
                    self.faults.append(f"{entry} is less than {known}")
                self.texts[entry.message] = DraftText(entry.revision, entry.text)

    def _event(self, event: StreamEvent) -> None:
        expected = (self.epoch, self.seq + 1) if event.epoch == self.epoch else (event.epoch, 1)
        if (event.epoch, event.seq) != expected:
            self.faults.append(f"event {event.epoch}-{event.seq} behind {self.epoch}-{self.seq}")
        self.epoch, self.seq = event.epoch, event.seq
        if event.name != frames.END:
            return
        message = event.data["message"]
        draft = self.texts.pop(message, None)
        self.ends[message] = draft.text if draft else ""
        digest = hashlib.sha256(self.ends[message].encode()).hexdigest()
        if draft is None or (draft.revision, len(draft.text), digest) != (
            event.data["revision"],
            event.data["length"],
            event.data["sha256"],
        ):
            self.faults.append(f"the end of {message} found {draft}")

    def _delta(self, delta: Delta) -> None:
        known = self.texts.get(delta.message)
        if known is None or delta.revision > known.revision:
            if delta.at:
                self.faults.append(f"{delta} begins nothing")
            self.texts[delta.message] = DraftText(delta.revision, delta.text)
        elif (delta.revision, delta.at) != (known.revision, len(known.text)):
            self.faults.append(f"{delta} does not continue {known}")
        else:
            known.text += delta.text


def seqs(told: Iterable[object]) -> list[int]:
    """Of what was told, the events' seqs."""
    return [entry.seq for entry in told if isinstance(entry, StreamEvent)]


def texts(told: Iterable[object]) -> list[Delta | Snapshot]:
    """Of what was told, the pieces and snapshots."""
    return [entry for entry in told if isinstance(entry, Delta | Snapshot)]


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a plain value that no event tells of."""
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110
            await anyio.sleep(0.001)
