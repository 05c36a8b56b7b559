"""What is limited, how it is written in the settings, and how long who goes too far is held off."""

import re
from typing import Literal

import msgspec

Name = Literal["general", "ai", "auth", "upload", "search", "socket"]
NAMES: tuple[Name, ...] = ("general", "ai", "auth", "upload", "search", "socket")

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
PREMIUM = 5
"""So many times as often may premium learners ask."""
LONGEST_HOLD_SECONDS = 3600
FORGIVEN_SECONDS = 3600
"""After the last hold; then the next one counts as the first."""
MICROSECONDS = 1_000_000


class Policy(msgspec.Struct, frozen=True):
    """At most `quota` requests in any `seconds` (a sliding window, open at its far end)."""

    name: str
    quota: int
    seconds: int

    @property
    def window(self) -> int:
        """Microseconds: both stores count in whole ones, so that the window's edge is exact."""
        return self.seconds * MICROSECONDS

    def premium(self) -> "Policy":
        """The same for a premium learner."""
        return msgspec.structs.replace(self, quota=self.quota * PREMIUM)


class Standing(msgspec.Struct, frozen=True):
    """Where somebody stands under a policy, this request counted if it was admitted.

    `seconds` until there is more quota; when `refused`, until a request is admitted again.
    """

    policy: Policy
    remaining: int
    seconds: float
    refused: bool


def parse(text: str) -> tuple[int, int]:
    """The quota and the seconds of `100/minute`; a quota of 0 is no limit. Raises ValueError."""
    if text == "0":
        return 0, 0
    found = re.fullmatch(r"([0-9]{1,6})/(second|minute|hour|day)", text)
    if found is None:
        raise ValueError("must be N/second, N/minute, N/hour or N/day, or 0 for no limit")
    return int(found[1]), UNITS[found[2]]


def holds(policy: Policy) -> tuple[int, ...]:
    """Microseconds that the first offence, the second, ... is held off for; further ones as the last.

    The first waits only until the window has room again; then each is held off twice as long, an hour at most.
    """
    found, hold = [0], policy.seconds
    while hold < LONGEST_HOLD_SECONDS:
        found.append(hold * MICROSECONDS)
        hold *= 2
    return (*found, LONGEST_HOLD_SECONDS * MICROSECONDS)
