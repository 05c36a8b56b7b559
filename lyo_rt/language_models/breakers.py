"""One circuit breaker for each provider, shared by all instances: a row that is read and written on the way.

The statements that every call needs anyway (ledger.py) look at it and count, so a closed breaker costs no round trip
and takes no lock. Closed: failures in a row are counted. Open: nobody asks. Half-open, once that time is over: one
call of the whole cluster is let through at a time, until enough have succeeded or one has failed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from lyo_rt.database.pool import Queries, many

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 60
SUCCESSES_TO_CLOSE = 3
LONGEST_REST_SECONDS = 3600.0
"""A provider that asks for more is asked again after an hour."""
PROBED_SECONDS = 1.0
"""Between looks at a half-open breaker whose one call is under way."""

Verdict = Literal["success", "failure", "neither"]
State = Literal["closed", "open", "half-open"]

COUNT = f"""
    UPDATE ai_breakers AS b SET
        failures = CASE $12::text WHEN 'success' THEN 0 WHEN 'failure' THEN b.failures + 1 ELSE b.failures END,
        successes = CASE WHEN b.probe = $1 AND $12 = 'success' THEN (b.successes + 1) % {SUCCESSES_TO_CLOSE}
                         WHEN b.probe = $1 AND $12 = 'failure' THEN 0 ELSE b.successes END,
        open_until = CASE
            WHEN b.probe = $1 AND $12 = 'success' AND b.successes + 1 >= {SUCCESSES_TO_CLOSE} THEN NULL
            WHEN $12 = 'failure' AND (b.probe = $1 OR (b.open_until IS NULL AND b.failures + 1 >= {FAILURES_TO_OPEN}))
                THEN $9 + interval '{OPEN_SECONDS} seconds'
            ELSE b.open_until END,
        rest_until = greatest(b.rest_until, $9 + $13::float8 * interval '1 second'),
        probe = nullif(b.probe, $1),
        probe_until = CASE WHEN b.probe = $1 THEN NULL ELSE b.probe_until END
    WHERE b.provider = $11 AND EXISTS (SELECT FROM call) AND (SELECT count(*) FROM budget) >= 0
        AND ($12 = 'failure' OR b.probe = $1 OR ($12 = 'success' AND b.open_until IS NULL AND b.failures > 0))
"""  # noqa: S608  (constants)
"""The end of `ledger.settle`: what a call ($1, of provider $11, ended at $9) says of its provider ($12); $13 seconds of
rest it asked for. A success of a closed breaker without failures touches nothing."""


class Breaker(msgspec.Struct, frozen=True):
    """A provider's breaker as it is stored; all null is closed."""

    open_until: datetime | None = None
    rest_until: datetime | None = None
    probe_until: datetime | None = None
    provider: str = ""
    failures: int = 0

    def cooling(self, now: datetime) -> float:
        """Seconds until the provider can be asked; 0: it can be now, perhaps as the one call of a half-open breaker."""
        until = [moment for moment in (self.open_until, self.rest_until) if moment is not None and moment > now]
        if until:
            return (max(until) - now).total_seconds()
        if self.open_until is not None and self.probe_until is not None and self.probe_until > now:
            return min(PROBED_SECONDS, (self.probe_until - now).total_seconds())
        return 0.0

    def state(self, now: datetime) -> State:
        """Closed, open or half-open."""
        if self.open_until is None:
            return "closed"
        return "open" if self.open_until > now else "half-open"


async def add(queries: Queries, providers: Sequence[str]) -> None:
    """There is a breaker for each of `providers`."""
    await queries.execute(
        "INSERT INTO ai_breakers (provider) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", list(providers)
    )


async def list_breakers(queries: Queries) -> list[Breaker]:
    """All of them."""
    return many(
        Breaker,
        await queries.fetch("SELECT provider, failures, open_until, rest_until, probe_until FROM ai_breakers"),
    )
