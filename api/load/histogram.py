"""Latencies of a long run in little memory: logarithmic classes, each 1 % wide."""

from collections import Counter
from math import log

import msgspec

SMALLEST_SECONDS = 1e-6
WIDTH = 1.01
_STEP = log(WIDTH)


class Quantiles(msgspec.Struct, frozen=True):
    """Of `count` latencies, in milliseconds; the quantiles are up to 1 % too high."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


class Histogram:
    """Latencies in seconds."""

    def __init__(self) -> None:
        self.count = 0
        self._max = 0.0
        self._classes: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """One more."""
        self.count += 1
        self._max = max(self._max, seconds)
        self._classes[int(log(max(seconds, SMALLEST_SECONDS) / SMALLEST_SECONDS) / _STEP)] += 1

    def quantiles(self) -> Quantiles | None:
        """None while there are no latencies."""
        if not self.count:
            return None
        ordered = sorted(self._classes.items())
        p50, p95, p99 = (self._quantile(ordered, share) for share in (0.5, 0.95, 0.99))
        return Quantiles(self.count, p50, p95, p99, _ms(self._max))

    def _quantile(self, ordered: list[tuple[int, int]], share: float) -> float:
        left = share * self.count
        for place, count in ordered:
            left -= count
            if left <= 0:
                return _ms(min(self._max, SMALLEST_SECONDS * WIDTH ** (place + 1)))
        return _ms(self._max)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
