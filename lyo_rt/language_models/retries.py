"""Who retries: nobody but the router, by these rules (the SDKs' own retries are off)."""

import random
from collections.abc import Callable, Mapping

from lyo_rt.language_models.port import FaultKind, ModelFault

TRIES_AT_ONCE = 3
"""Of one provider, before it is the next one's turn."""
SHORT_SECONDS = 2.0
"""A longer wait is the next provider's turn."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0

QUICK: frozenset[FaultKind] = frozenset({"refused", "rate_limited", "server"})
"""They come at once and cost nothing, so asking the same provider again does not keep anybody waiting."""
FINAL: frozenset[FaultKind] = frozenset({"authentication", "invalid_request", "blocked", "truncated", "malformed"})
"""The same provider would answer the same request so again."""
UNRELATED: frozenset[FaultKind] = frozenset({"invalid_request", "blocked", "truncated"})
"""They say something of the request, nothing of the provider: its circuit breaker does not count them."""
UNBILLED: frozenset[FaultKind] = frozenset({"authentication", "invalid_request", *QUICK})
"""Nothing was written, so nothing is paid for."""


class Tries:
    """What one request has been through. `jitter(low, high)` draws a number between the two."""

    def __init__(self, jitter: Callable[[float, float], float] = random.uniform) -> None:
        self.count = 0
        self._jitter = jitter
        self._failed: dict[str, int] = {}
        self._final: set[str] = set()

    def failed(self, fault: ModelFault, *, shown: bool) -> float | None:
        """Seconds until the provider that failed is asked again, before any other; None: it is the next one's turn.

        `shown`: the learner has seen some of the answer, and should not see another beginning that breaks off.
        """
        self.count += 1
        failed = self._failed[fault.provider] = self._failed.get(fault.provider, 0) + 1
        if fault.kind in FINAL:
            self._final.add(fault.provider)
        if fault.kind not in QUICK or shown or failed % TRIES_AT_ONCE == 0:
            return None
        wait = max(self._pause(failed), fault.retry_after or 0.0)
        return wait if wait <= SHORT_SECONDS else None

    def is_over(self, provider: str) -> bool:
        """Whether the provider is not asked again for this request."""
        return provider in self._final

    def wait(self, cooling: Mapping[str, float], providers: tuple[str, ...]) -> float | None:
        """Seconds until the first of `providers` should be asked again, None when none should.

        `cooling`: seconds until those can be asked that cannot be now.
        """
        left = [name for name in providers if not self.is_over(name)]
        waits = [cooling.get(name) or self._pause(self._failed.get(name, 1)) for name in left]
        return min(waits, default=None)

    def _pause(self, failures: int) -> float:
        """Doubles with each failure; at least half of it, so that those who failed together come back apart."""
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (failures - 1))
        return self._jitter(longest / 2, longest)
