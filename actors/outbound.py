"""What waits for one socket, bounded by meaning (REALTIME §3).

Control frames always go; too many of them waiting means that the socket is too slow. Adjacent pieces of one answer
merge. What is told of a stream and does not fit is dropped: the stream is then behind, nothing more of it is taken,
and it is read on from the log once the socket has caught up.
"""

import math
from collections import deque
from collections.abc import Callable

import anyio
import msgspec

from lyo_rt import frames
from lyo_rt.frames import Delta
from lyo_rt.problems import Problem, TooSlow

BUDGET_BYTES = 1024 * 1024


class _Entry(msgspec.Struct):
    data: bytes
    control: bool = False
    delta: Delta | None = None


class Outbound:
    """A queue with one reader. The methods that put never wait and never raise.

    `budget`: bytes that may wait, and as many again of control frames alone. One frame larger than that is taken by an
    empty queue.
    """

    def __init__(self, budget: int = BUDGET_BYTES) -> None:
        self._budget = budget
        self._entries: deque[_Entry] = deque()
        self._more = anyio.Event()
        self._end: Problem | None = None
        self._closed = False
        self._behind: set[str] = set()
        self._told_behind = False
        self._control = 0
        self._alarm_at = math.inf
        self._ring: Callable[[], None] = self._more.set
        self.bytes = 0
        """Waiting now."""
        self.dropped = 0
        """Frames that were left to a later read of the log."""

    def control(self, data: bytes) -> None:
        """A frame that must go. When the budget is full of such frames the queue ends with TooSlow."""
        if self._control and self._control + len(data) > self._budget:
            self.fail(TooSlow("The socket does not read what it asked for."))
        else:
            self._put(_Entry(data, control=True))

    def stored(self, stream: str, data: bytes) -> bool:
        """A frame that can be read again from the log; False when it was dropped, and the stream is behind."""
        return self._fits(stream, len(data)) and self._put(_Entry(data))

    def piece(self, delta: Delta, data: bytes) -> bool:
        """A piece of an answer, merged with the piece before it when that one still waits; False when dropped."""
        last = self._entries[-1] if self._entries else None
        if last is None or last.delta is None or not _continues(last.delta, delta):
            return self._fits(delta.stream, len(data)) and self._put(_Entry(data, delta=delta))
        merged = msgspec.structs.replace(last.delta, text=last.delta.text + delta.text)
        encoded = frames.encode(merged)
        if not self._fits(delta.stream, len(encoded) - len(last.data)):
            return False
        self.bytes += len(encoded) - len(last.data)
        last.data, last.delta = encoded, merged
        return True

    def fall_behind(self, stream: str) -> None:
        """Take nothing more of `stream` until it has been read on from the log."""
        self._behind.add(stream)

    def caught_up(self) -> bool:
        """Whether all that waited has gone and streams are behind; True once, until `take_behind`."""
        due = bool(self._behind) and not self._entries and not self._told_behind
        self._told_behind = self._told_behind or due
        return due

    def take_behind(self) -> set[str]:
        """The streams that are behind; from now on they are taken again."""
        self._told_behind = False
        behind, self._behind = self._behind, set()
        return behind

    async def take(self) -> bytes | None:
        """The next frame, waiting for it; None once the queue is closed and empty. Raises what it was failed with."""
        while True:
            if anyio.current_time() >= self._alarm_at:
                self._alarm_at = math.inf
                self._ring()
            if self._end is not None:
                raise self._end
            if self._entries:
                return self._pop()
            if self._closed:
                return None
            self._more = anyio.Event()
            with anyio.move_on_after(self._alarm_at - anyio.current_time()):
                await self._more.wait()

    def alarm(self, at: float, ring: Callable[[], None]) -> None:
        """Have whoever takes call `ring` at that time of the event loop, in place of the alarm before.

        One task less in every session: 6.5 KB of 25.
        """
        self._alarm_at, self._ring = at, ring
        self._more.set()

    def _pop(self) -> bytes:
        entry = self._entries.popleft()
        self.bytes -= len(entry.data)
        self._control -= len(entry.data) * entry.control
        return entry.data

    def fail(self, problem: Problem) -> None:
        """What waits is dropped, nothing more is taken, and the reader gets `problem`."""
        self._end = self._end or problem
        self._entries.clear()
        self.bytes = self._control = 0
        self._more.set()

    def close(self) -> None:
        """Nothing more will come; what waits still goes."""
        self._closed = True
        self._more.set()

    def _fits(self, stream: str, more: int) -> bool:
        if self._entries and self.bytes + more > self._budget:
            self._behind.add(stream)
        if stream in self._behind:
            self.dropped += 1
            return False
        return True

    def _put(self, entry: _Entry) -> bool:
        if self._end is None:
            self._entries.append(entry)
            self.bytes += len(entry.data)
            self._control += len(entry.data) * entry.control
            self._more.set()
        return True


def _continues(before: Delta, after: Delta) -> bool:
    return (
        before.message == after.message
        and before.revision == after.revision
        and before.at + len(before.text) == after.at
    )
