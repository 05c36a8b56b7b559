"""How fast a client may send."""

from bisect import bisect_right

from lyo_rt.clock import Clock
from lyo_rt.problems import TooManyRequests

FRAMES_PER_MINUTE = 120


class Pace:
    """At most so many frames in any minute."""

    def __init__(self, clock: Clock, per_minute: int = FRAMES_PER_MINUTE) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._times: list[float] = []

    def count(self) -> None:
        """One more. Raises TooManyRequests."""
        now = self._clock.monotonic()
        if len(self._times) >= self._per_minute:
            del self._times[: bisect_right(self._times, now - 60)]
        if len(self._times) >= self._per_minute:
            raise TooManyRequests(f"More than {self._per_minute} frames in a minute.", retry_after=60)
        self._times.append(now)
