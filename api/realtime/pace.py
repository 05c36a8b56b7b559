"""How fast a client may send."""

from collections import deque

from lyo_rt.clock import Clock
from lyo_rt.problems import TooManyRequests

FRAMES_PER_MINUTE = 120


class Pace:
    """At most so many frames in any minute."""

    def __init__(self, clock: Clock, per_minute: int = FRAMES_PER_MINUTE) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._times: deque[float] = deque()

    def count(self) -> None:
        """One more. Raises TooManyRequests."""
        now = self._clock.monotonic()
        while self._times and now - self._times[0] >= 60:
            self._times.popleft()
        if len(self._times) >= self._per_minute:
            raise TooManyRequests(f"More than {self._per_minute} frames in a minute.", retry_after=60)
        self._times.append(now)
