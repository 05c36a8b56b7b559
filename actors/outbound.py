"""What waits for one socket, bounded by meaning (REALTIME §3).

Nothing waits as long as the client reads: a frame goes straight to its line. Otherwise control frames always go; too
many of them waiting means that the socket is too slow. Adjacent pieces of one answer merge. What is told of a stream
and does not fit is dropped: the stream is then behind, nothing more of it is taken, and it is read on from the log
once the socket has caught up.
"""

from typing import Protocol

import anyio
import msgspec

from lyo_rt.frames import Codec, Delta
from lyo_rt.outgoing import Outgoing
from lyo_rt.problems import Problem, TooSlow

BUDGET_BYTES = 1024 * 1024
BATCH_BYTES = 64 * 1024


class Line(Protocol):
    """The way to one client. The calls never wait and never raise."""

    def write(self, frame: Outgoing) -> bool:
        """Send the frame now; False when the client does not take it now: it will wait."""
        ...

    def wake(self) -> None:
        """Something waits for `batch`, or the queue has been closed."""
        ...

    def fail(self, problem: Problem) -> None:
        """The session is over because of `problem`; what waited has been dropped."""
        ...


class Awaited:
    """A line that takes nothing at once: everything waits for whoever calls Outbound.take()."""

    def __init__(self) -> None:
        self.more = anyio.Event()

    def write(self, frame: Outgoing) -> bool:  # noqa: ARG002
        """See Line."""
        return False

    def wake(self) -> None:
        """See Line."""
        self.more.set()

    def fail(self, problem: Problem) -> None:  # noqa: ARG002
        """See Line; `batch` raises it."""
        self.more.set()


class _Gone:
    """The line to a client that has left: whatever is sent is gone too."""

    def write(self, frame: Outgoing) -> bool:  # noqa: ARG002
        return True

    def wake(self) -> None:
        return

    def fail(self, problem: Problem) -> None:  # noqa: ARG002
        return


GONE = _Gone()


class _Entry:
    __slots__ = ("control", "delta", "frame", "reach", "size", "texts")

    def __init__(self, frame: Outgoing, size: int, control: bool) -> None:
        self.frame = frame
        self.size = size
        self.control = control
        self.delta = frame.frame if isinstance(frame.frame, Delta) else None
        self.texts = [self.delta.text] if self.delta else []
        self.reach = self.delta.at + len(self.delta.text) if self.delta else -1

    def whole(self) -> Outgoing:
        """With the texts of all the pieces that were merged into it."""
        if self.delta is None or len(self.texts) < 2:
            return self.frame
        return Outgoing(msgspec.structs.replace(self.delta, text="".join(self.texts)))


class Outbound:
    """A queue with one reader. The methods that put never wait and never raise.

    `budget`: bytes that may wait, and as many again of control frames alone. One frame larger than that is taken by an
    empty queue.
    """

    __slots__ = (
        *("_behind", "_closed", "_control", "_end", "_entries", "_told_behind"),
        *("budget", "bytes", "codec", "dropped", "line"),
    )

    def __init__(self, line: Line, codec: Codec = Codec.JSON, *, budget: int = BUDGET_BYTES) -> None:
        self.line = line
        self.codec = codec
        self.budget = budget
        self._entries: list[_Entry] = []
        self._end: Problem | None = None
        self._closed = False
        self._behind: set[str] | None = None
        self._told_behind = False
        self._control = 0
        self.bytes = 0
        """Waiting now."""
        self.dropped = 0
        """Frames that were left to a later read of the log."""

    def control(self, frame: Outgoing) -> None:
        """A frame that must go. When the budget is full of such frames the queue ends with TooSlow."""
        if self._at_once(frame):
            return
        size = len(frame.payload(self.codec))
        if self._control and self._control + size > self.budget:
            self.fail(TooSlow("The socket does not read what it asked for."))
        else:
            self._wait(frame, size, control=True)

    def stored(self, stream: str, frame: Outgoing) -> bool:
        """A frame that can be read again from the log; False when it was dropped, and the stream is behind."""
        if self._behind is not None and stream in self._behind:
            self.dropped += 1
            return False
        if self._at_once(frame):
            return True
        size = len(frame.payload(self.codec))
        if not self._has_room(stream, size):
            return False
        self._wait(frame, size)
        return True

    def piece(self, frame: Outgoing, delta: Delta) -> bool:
        """A piece of an answer, merged with the piece before it when that one still waits; False when dropped."""
        last = self._entries[-1] if self._entries else None
        if last is None or not _continues(last, delta):
            return self.stored(delta.stream, frame)
        # An upper bound: the merged frame has the members around the text once.
        size = len(frame.payload(self.codec))
        if not self._has_room(delta.stream, size):
            return False
        last.texts.append(delta.text)
        last.reach += len(delta.text)
        last.size += size
        self.bytes += size
        return True

    def passing(self, frame: Outgoing) -> None:
        """A frame that means nothing later: it goes now, or not at all."""
        self._at_once(frame)

    def fall_behind(self, stream: str) -> None:
        """Take nothing more of `stream` until it has been read on from the log."""
        self._behind = {stream} | (self._behind or set())

    def caught_up(self) -> bool:
        """Whether all that waited has gone and streams are behind; True once, until `take_behind`."""
        due = self._behind is not None and not self._entries and not self._told_behind
        self._told_behind = self._told_behind or due
        return due

    def take_behind(self) -> set[str]:
        """The streams that are behind; from now on they are taken again."""
        self._told_behind = False
        behind, self._behind = self._behind, None
        return behind or set()

    @property
    def ended(self) -> bool:
        """Whether nothing waits, and nothing will."""
        return self._closed and not self._entries

    def batch(self) -> list[Outgoing]:
        """The next frames, some 64 KiB of them, empty when none waits. Raises what the queue was failed with."""
        if self._end is not None:
            raise self._end
        size = count = 0
        while count < len(self._entries) and size < BATCH_BYTES:
            size += self._entries[count].size
            self._control -= self._entries[count].size * self._entries[count].control
            count += 1
        batch = [entry.whole() for entry in self._entries[:count]]
        del self._entries[:count]
        self.bytes -= size
        return batch

    async def take(self, awaited: Awaited) -> list[Outgoing]:
        """The next frames, waiting for them; none once the queue is closed and empty.

        Raises what it was failed with. `awaited` is this queue's line.
        """
        while not (batch := self.batch()) and not self._closed:
            awaited.more = anyio.Event()
            await awaited.more.wait()
        return batch

    def fail(self, problem: Problem) -> None:
        """What waits is dropped, nothing more is taken, and the reader gets `problem`."""
        if self._end is None:
            self._end = problem
            self._entries.clear()
            self.bytes = self._control = 0
            self.line.fail(problem)

    def hang_up(self) -> None:
        """The client has left. Its line is let go of."""
        self.line = GONE

    def close(self) -> None:
        """Nothing more will come; what waits still goes."""
        self._closed = True
        self.line.wake()

    def _at_once(self, frame: Outgoing) -> bool:
        return not self._entries and self._end is None and self.line.write(frame)

    def _has_room(self, stream: str, more: int) -> bool:
        if self._entries and self.bytes + more > self.budget:
            self.fall_behind(stream)
        if self._behind is not None and stream in self._behind:
            self.dropped += 1
            return False
        return True

    def _wait(self, frame: Outgoing, size: int, *, control: bool = False) -> None:
        if self._end is None:
            self._entries.append(_Entry(frame, size, control))
            self.bytes += size
            self._control += size * control
            self.line.wake()


def _continues(before: _Entry, after: Delta) -> bool:
    held = before.delta
    return (
        held is not None
        and (held.message, held.revision) == (after.message, after.revision)
        and before.reach == after.at
    )
