"""What is done about calls whose end nobody has written, and answers whose time is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from lyo_rt.database.pool import Queries

KEPT = timedelta(days=1)
"""How long answers are kept: as long as leases of ended work."""
LONGEST_CALL = timedelta(hours=2)
"""Twice the most that AI_TOTAL_TIMEOUT can be."""


async def leave_ambiguous(queries: Queries, instances: Sequence[int]) -> int:
    """The calls that were in flight on instances that are lost; returns how many. Breakers wait for none of them."""
    lost: int = await queries.fetchval(
        """
        WITH lost AS (
            UPDATE ai_usage SET outcome = 'ambiguous', ended_at = clock_timestamp()
            WHERE instance = ANY($1::bigint[]) AND outcome = 'started' RETURNING id
        ), released AS (
            UPDATE ai_breakers SET probe = NULL, probe_until = NULL WHERE probe IN (SELECT id FROM lost)
        )
        SELECT count(*) FROM lost
        """,
        list(instances),
    )
    return lost


async def leave_stale_ambiguous(queries: Queries, *, now: datetime) -> int:
    """The calls whose end could not be written when it came, the database being away; returns how many."""
    tag = await queries.execute(
        "UPDATE ai_usage SET outcome = 'ambiguous', ended_at = $1 WHERE outcome = 'started' AND started_at < $2",
        now,
        now - LONGEST_CALL,
    )
    return int(tag.rpartition(" ")[2])


async def purge(queries: Queries, *, now: datetime) -> int:
    """Delete the answers older than a day; returns how many."""
    tag = await queries.execute("DELETE FROM ai_answers WHERE created_at < $1", now - KEPT)
    return int(tag.rpartition(" ")[2])
