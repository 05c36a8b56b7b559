"""One stream as one session follows it: a sink that puts straight into the outbound queue."""

from uuid import UUID

from actors.feed_contract import Joined
from actors.outbound import Outbound
from lyo_rt.frames import Delta, Typist
from lyo_rt.outgoing import Outgoing
from lyo_rt.streams import StreamEvent

WAITING_LIMIT = 1000
"""Kept while the stream is being joined; what comes then is read on later."""


class Subscription:
    """What comes before `release` waits, so that the answer that speaks of the subscription goes out first."""

    __slots__ = ("_full", "_outbound", "_waiting", "epoch", "reader", "seq", "stream")

    def __init__(self, stream: str, outbound: Outbound, reader: UUID, epoch: int = 1, seq: int = 0) -> None:
        """`epoch` and `seq`: of the last event that `reader` has, or will have been sent."""
        self.stream = stream
        self.reader = reader
        self.epoch = epoch
        self.seq = seq
        self._outbound = outbound
        self._waiting: list[StreamEvent | Outgoing] | None = []
        self._full = False

    def event(self, event: StreamEvent) -> bool:
        """See Sink."""
        if self._waiting is not None:
            return self._wait(event)
        taken = self._outbound.stored(self.stream, event.outgoing)
        if taken:
            self.epoch, self.seq = event.epoch, event.seq
        return taken

    def unlogged(self, frame: Outgoing) -> None:
        """See Sink."""
        match frame.frame:
            case Typist() as typist:
                if self._waiting is None and typist.user != str(self.reader):
                    self._outbound.passing(frame)
            case _ if self._waiting is not None:
                self._wait(frame)
            case Delta() as delta:
                self._outbound.piece(frame, delta)
            case _:
                self._outbound.stored(self.stream, frame)

    def ended(self) -> None:
        """The socket itself is told to reconnect."""

    def release(self, joined: Joined) -> None:
        """Pass on what waited, and from now on at once."""
        self.epoch, self.seq = joined.epoch, joined.seq
        waiting, self._waiting = self._waiting or [], None
        for entry in waiting:
            if isinstance(entry, StreamEvent):
                self.event(entry)
            else:
                self.unlogged(entry)
        if self._full:
            self._outbound.fall_behind(self.stream)

    def _wait(self, entry: StreamEvent | Outgoing) -> bool:
        if self._waiting is None or self._full or len(self._waiting) >= WAITING_LIMIT:
            self._full = True
            return False
        self._waiting.append(entry)
        return True
