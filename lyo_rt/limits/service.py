"""Who may ask how often: the policies of the settings over a store, and what happens when that cannot be asked."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from lyo_rt.limits.guesses import Guess
from lyo_rt.limits.policies import NAMES, Name, Policy, Standing, parse
from lyo_rt.limits.store import Store
from lyo_rt.problems import TooManyRequests, Unavailable
from lyo_rt.settings import Settings

CLOSED: frozenset[Name] = frozenset({"auth"})
"""Guessing passwords must not become free by taking Redis down; all else goes on uncounted meanwhile."""
CLOSED_SECONDS = 2
GUESSED = "There were too many wrong passwords with this e-mail."


class Limits:
    """One instance's. `count` is asked before a request is looked at."""

    def __init__(self, store: Store, policies: Mapping[Name, Policy]) -> None:
        """A name without a policy is not limited."""
        self._store = store
        self._policies = policies
        self._tally: Counter[str] = Counter()

    def any_of(self, names: Sequence[Name]) -> bool:
        """Whether any of these is limited."""
        return not self._policies.keys().isdisjoint(names)

    async def count(self, names: Sequence[Name], subject: str, *, premium: bool = False) -> Sequence[Standing]:
        """Where `subject` stands now under the policies of these names, with this request; see Store.count.

        Raises Unavailable for `auth` when nothing can be counted; other requests are then admitted, under no policy.
        """
        policies = [policy for name in names if (policy := self._policies.get(name)) is not None]
        if not policies:
            return ()
        if premium:
            policies = [policy.premium() for policy in policies]
        try:
            standings = await self._store.count(subject, policies)
        except Unavailable:
            if CLOSED.isdisjoint(names):
                self._tally["uncounted"] += 1
                return ()
            raise self._closed() from None
        self._tally["refused" if any(one.refused for one in standings) else "counted"] += 1
        return standings

    async def admit(self, names: Sequence[Name], subject: str, *, premium: bool = False) -> None:
        """As `count`; raises TooManyRequests when it is too often."""
        if (problem := refusal(await self.count(names, subject, premium=premium))) is not None:
            raise problem

    async def guess(self, subject: str) -> Guess | None:
        """One more guess at a password, not looked at yet; None where sign-ins are not limited.

        Raises TooManyRequests when it has to wait, Unavailable when nothing can be counted.
        """
        if "auth" not in self._policies:
            return None
        try:
            guess = await self._store.guess(subject)
        except Unavailable:
            raise self._closed() from None
        if guess.wait:
            self._tally["refused"] += 1
            seconds = math.ceil(guess.wait)
            raise TooManyRequests(f"{GUESSED} Try again in {seconds} s.", retry_after=seconds)
        return guess

    async def guessed(self, subject: str) -> None:
        """The guess was right. Where that cannot be noted the next ones wait longer than they must."""
        with suppress(Unavailable):
            await self._store.forget_guesses(subject)

    def _closed(self) -> Unavailable:
        self._tally["closed"] += 1
        return Unavailable("Nobody can sign in for a moment; try again.", retry_after=CLOSED_SECONDS)

    def statistics(self) -> dict[str, int]:
        """Requests `counted`, `refused`, and while the store was away: admitted `uncounted`, refused as `closed`."""
        return {name: self._tally[name] for name in ("counted", "refused", "uncounted", "closed")}


def refusal(standings: Sequence[Standing]) -> TooManyRequests | None:
    """What to tell who is over a limit."""
    over = [one for one in standings if one.refused]
    if not over:
        return None
    seconds = math.ceil(max(one.seconds for one in over))
    limits = " and ".join(f"{one.policy.quota} requests in {one.policy.seconds} s ({one.policy.name})" for one in over)
    return TooManyRequests(f"That was too often: {limits} are allowed. Try again in {seconds} s.", retry_after=seconds)


def policies_of(settings: Settings) -> dict[Name, Policy]:
    """The policies that are not switched off."""
    found: dict[Name, Policy] = {}
    for name in NAMES:
        quota, seconds = parse(getattr(settings, f"rate_limit_{name}"))
        if quota:
            found[name] = Policy(name, quota, seconds)
    return found
