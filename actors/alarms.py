"""What is to happen at a time, for thousands of sessions, in one task.

A task of its own that waited for the end of the session's token was 6.5 KB of 25.
"""

import heapq
import itertools
import math
from collections.abc import Callable

import anyio

SLACK_SECONDS = 1e-4
"""A timer may ring a clock tick early."""
CANCELLED_KEPT = 1000
"""Cancelled alarms that may lie among the others before they are swept out (asyncio does the same with its timers)."""


class Alarms:
    """`run` must be running in the root task group."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._cancelled = 0
        self._sooner = anyio.Event()
        self._asleep_until = -math.inf

    def at(self, when: float, ring: Callable[[], None]) -> "Alarm":
        """Call `ring` at `when` (seconds of the event loop's clock), unless the alarm is cancelled before."""
        alarm = Alarm(self, ring)
        heapq.heappush(self._heap, (when, next(self._numbers), alarm))
        if when < self._asleep_until:
            self._sooner.set()
        return alarm

    async def run(self) -> None:
        """Ring what is due, for ever."""
        while True:
            self._ring_all()
            self._sooner = anyio.Event()
            self._asleep_until = self._heap[0][0] if self._heap else math.inf
            with anyio.move_on_after(self._asleep_until - anyio.current_time()):
                await self._sooner.wait()
            self._asleep_until = -math.inf

    def _ring_all(self) -> None:
        now = anyio.current_time() + SLACK_SECONDS
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2].ring()

    def sweep(self) -> None:
        """Told of each cancelled alarm: when they are the most of all, they go."""
        self._cancelled += 1
        if self._cancelled > CANCELLED_KEPT and self._cancelled > len(self._heap) // 2:
            self._cancelled = 0
            self._heap = [entry for entry in self._heap if not entry[2].cancelled]
            heapq.heapify(self._heap)


class Alarm:
    """One of them; it rings once at most."""

    __slots__ = ("_alarms", "_ring")

    def __init__(self, alarms: Alarms, ring: Callable[[], None]) -> None:
        self._alarms = alarms
        self._ring: Callable[[], None] | None = ring

    @property
    def cancelled(self) -> bool:
        """Whether it has rung or will not ring."""
        return self._ring is None

    def ring(self) -> None:
        """It is time."""
        ring, self._ring = self._ring, None
        if ring is not None:
            ring()

    def cancel(self) -> None:
        """It is not to ring any more."""
        if self._ring is not None:
            self._ring = None
            self._alarms.sweep()
