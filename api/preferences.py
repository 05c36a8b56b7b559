"""`Prefer` (RFC 7240): how long a client is ready to wait."""

import re

WAIT_MAX = 30


def preferred_wait(prefer: str | None, unasked: int | None = None) -> int | None:
    """The seconds of `wait=N`, at most 30; `unasked` without one, and None when `respond-async` stands beside it."""
    preferences = [part.partition(";")[0].strip().lower() for part in (prefer or "").split(",")]
    if "respond-async" in preferences:
        return None
    for preference in preferences:
        if found := re.fullmatch(r'wait\s*=\s*"?(\d{1,4})"?', preference):
            return min(int(found[1]), WAIT_MAX)
    return unasked
