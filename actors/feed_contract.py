"""Who follows a feed, and what a feed reads from the truth."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from lyo_rt.outgoing import Outgoing
from lyo_rt.streams import Head, StreamEvent
from lyo_rt.tutoring.records import Unfinished


class Sink(Protocol):
    """Who follows a stream here. The calls never wait and never raise."""

    def event(self, event: StreamEvent) -> bool:
        """The next event of the log; False when it was not taken: the sink will leave, and join behind what it took."""
        ...

    def unlogged(self, frame: Outgoing) -> None:
        """What is in no log: a Delta or a Snapshot of an answer, or a Typist."""
        ...

    def ended(self) -> None:
        """This instance is going away: nothing more will come from here."""
        ...


class StreamLog(Protocol):
    """What a feed reads from the truth. Each call raises Unavailable when it cannot be read now."""

    async def head(self, stream: str) -> Head: ...

    async def newest(self, stream: str) -> tuple[Head, StreamEvent | None]:
        """Where the stream is now, and its newest event."""
        ...

    async def heads(self, streams: Sequence[str]) -> Mapping[str, Head]:
        """The heads of many streams at once, without those that have none."""
        ...

    async def read_after(self, stream: str, seq: int) -> Sequence[StreamEvent]: ...

    async def end_of(self, stream: str, message: str) -> int | None:
        """The seq of the end of this answer, when it has ended."""
        ...

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
