"""What waits for one socket, bounded by meaning (REALTIME §3).

Control frames always go. Adjacent pieces of one answer merge. Stored events beyond the budget are dropped: the stream
is noted as behind, and read again from the log once the socket has caught up. A budget full of what cannot be dropped
means the socket is too slow.
"""

from collections import deque

import anyio
import msgspec

from lyo_rt import frames
from lyo_rt.frames import Delta
from lyo_rt.problems import TooSlow

BUDGET_BYTES = 1024 * 1024


class _Entry(msgspec.Struct):
    data: bytes
    delta: Delta | None = None


class Outbound:
    """A queue with one reader. The methods that put never wait."""

    def __init__(self, budget: int = BUDGET_BYTES) -> None:
        self._budget = budget
        self._entries: deque[_Entry] = deque()
        self._waiting = anyio.Event()
        self._closed = False
        self.bytes = 0
        self.behind: set[str] = set()
        """Streams of which events or pieces were dropped; the session joins them again."""
        self.dropped = 0
        self.sent = 0

    def control(self, data: bytes) -> None:
        """A frame that must go. Raises TooSlow when the budget is full of such frames."""
        if self.bytes + len(data) > self._budget:
            self._drop_stored()
            if self.bytes + len(data) > self._budget:
                raise TooSlow("The socket does not read what it asked for.")
        self._put(_Entry(data))

    def stored(self, stream: str, data: bytes) -> bool:
        """A frame that can be read again from the log; False when it was dropped, and the stream is behind."""
        if stream in self.behind:
            return False
        if self.bytes + len(data) > self._budget:
            self._fall_behind(stream)
            return False
        self._put(_Entry(data))
        return True

    def piece(self, delta: Delta, data: bytes) -> bool:
        """A piece of an answer, merged with the piece before it when that one still waits; False when dropped."""
        if delta.stream in self.behind:
            return False
        last = self._entries[-1] if self._entries else None
        if last is not None and last.delta is not None and _continues(last.delta, delta):
            merged = msgspec.structs.replace(last.delta, text=last.delta.text + delta.text)
            encoded = frames.encode(merged)
            if self.bytes + len(encoded) - len(last.data) <= self._budget:
                self.bytes += len(encoded) - len(last.data)
                last.data, last.delta = encoded, merged
                return True
        if self.bytes + len(data) > self._budget:
            self._fall_behind(delta.stream)
            return False
        self._put(_Entry(data, delta))
        return True

    async def take(self) -> bytes | None:
        """The next frame, waiting for it; None once the queue is closed and empty."""
        while not self._entries:
            if self._closed:
                return None
            self._waiting = anyio.Event()
            await self._waiting.wait()
        entry = self._entries.popleft()
        self.bytes -= len(entry.data)
        self.sent += 1
        return entry.data

    def close(self) -> None:
        """Nothing more will come; what waits still goes."""
        self._closed = True
        self._waiting.set()

    def _put(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self.bytes += len(entry.data)
        self._waiting.set()

    def _fall_behind(self, stream: str) -> None:
        self.dropped += 1
        self.behind.add(stream)

    def _drop_stored(self) -> None:
        """Pieces of answers give way to a control frame; their streams are read again."""
        for entry in [entry for entry in self._entries if entry.delta is not None]:
            if entry.delta is not None:
                self._fall_behind(entry.delta.stream)
                self._entries.remove(entry)
                self.bytes -= len(entry.data)


def _continues(before: Delta, after: Delta) -> bool:
    return (
        before.message == after.message
        and before.revision == after.revision
        and before.at + len(before.text) == after.at
    )
