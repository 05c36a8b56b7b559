"""The counts of one instance, in its memory. Never waits."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol, TypeVar

from lyo_rt.clock import Clock
from lyo_rt.limits.guesses import FORGOTTEN_SECONDS, Guess, hold_after
from lyo_rt.limits.policies import FORGIVEN_SECONDS, MICROSECONDS, Policy, Standing, holds

MOST_LOGS = 100_000
"""Beyond that those longest untouched are forgotten: about 30 MB of learners who asked a few times."""
SWEPT = 2
"""Logs looked at for each one touched, so that those of whom nobody asks any more go."""


class InProcessStore:
    """See Store."""

    def __init__(self, clock: Clock, *, most: int = MOST_LOGS) -> None:
        self._clock = clock
        self._most = most
        self._logs: OrderedDict[tuple[str, str], _Log] = OrderedDict()
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()

    def __len__(self) -> int:
        return len(self._logs) + len(self._guesses)

    async def count(self, subject: str, policies: Sequence[Policy]) -> Sequence[Standing]:
        """See Store."""
        now = self._now()
        _sweep(self._logs, now, self._most)
        logs = [self._log(subject, policy.name) for policy in policies]
        waits = [log.wait(policy, now) for log, policy in zip(logs, policies, strict=True)]
        refused = any(waits)
        return [
            (log.refuse(policy, now, wait) if refused else log.admit(policy, now))
            for log, policy, wait in zip(logs, policies, waits, strict=True)
        ]

    async def guess(self, subject: str) -> Guess:
        """See Store."""
        now = self._now()
        _sweep(self._guesses, now, self._most)
        made = self._guesses.get(subject)
        if made is None or made.forget_at <= now:
            made = self._guesses[subject] = _Guesses()
        self._guesses.move_to_end(subject)
        if made.held_until > now:
            return Guess(made.number, (made.held_until - now) / MICROSECONDS, 0)
        made.number += 1
        hold = hold_after(made.number)
        made.held_until = now + hold * MICROSECONDS
        made.forget_at = made.held_until + FORGOTTEN_SECONDS * MICROSECONDS
        return Guess(made.number, 0, hold)

    async def forget_guesses(self, subject: str) -> None:
        """See Store."""
        self._guesses.pop(subject, None)

    def _now(self) -> int:
        return round(self._clock.monotonic() * MICROSECONDS)

    def _log(self, subject: str, name: str) -> "_Log":
        key = subject, name
        log = self._logs.get(key)
        if log is None:
            log = self._logs[key] = _Log()
        self._logs.move_to_end(key)
        return log


class _Forgettable(Protocol):
    forget_at: int


Key = TypeVar("Key")
Kept = TypeVar("Kept", bound=_Forgettable)


def _sweep(kept: OrderedDict[Key, Kept], now: int, most: int) -> None:
    for _ in range(min(SWEPT, len(kept))):
        key, one = kept.popitem(last=False)
        if one.forget_at > now:
            kept[key] = one
    while len(kept) > most:
        kept.popitem(last=False)


class _Guesses:
    """Those made at one account in a row."""

    __slots__ = ("forget_at", "held_until", "number")

    def __init__(self) -> None:
        self.number = self.held_until = self.forget_at = 0


class _Log:
    """The moments of the requests of one subject under one policy, the oldest first, and its offences."""

    __slots__ = ("forget_at", "held_until", "moments", "offences")

    def __init__(self) -> None:
        self.moments: deque[int] = deque()
        self.offences = self.held_until = self.forget_at = 0

    def wait(self, policy: Policy, now: int) -> int:
        """Microseconds until a request is admitted; 0 when one is now."""
        moments = self.moments
        while moments and moments[0] <= now - policy.window:
            moments.popleft()
        if self.offences and now >= self.held_until + FORGIVEN_SECONDS * MICROSECONDS:
            self.offences = 0
        full = len(moments) - policy.quota
        natural = moments[full] + policy.window - now if full >= 0 else 0
        return max(natural, self.held_until - now, 0)

    def admit(self, policy: Policy, now: int) -> Standing:
        self.moments.append(now)
        self.forget_at = max(self.forget_at, now + policy.window)
        return self._standing(policy, self.moments[0] + policy.window - now)

    def refuse(self, policy: Policy, now: int, wait: int) -> Standing:
        """Another policy's refusal when `wait` is 0: then nothing is noted here."""
        if wait == 0:
            return self._standing(policy, self.moments[0] + policy.window - now if self.moments else 0)
        if now >= self.held_until:
            penalties = holds(policy)
            wait = max(wait, penalties[min(self.offences, len(penalties) - 1)])
            self.offences += 1
            self.held_until = now + wait
            self.forget_at = self.held_until + FORGIVEN_SECONDS * MICROSECONDS
        return Standing(policy, 0, wait / MICROSECONDS, refused=True)

    def _standing(self, policy: Policy, until_more: int) -> Standing:
        return Standing(policy, policy.quota - len(self.moments), until_more / MICROSECONDS, refused=False)
