"""The stats of a learner."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import anyio
import msgspec

from lyo_rt.activity import repository
from lyo_rt.activity.records import Stats
from lyo_rt.activity.rules import patterns
from lyo_rt.database.pool import Queries

PATTERN_DAYS = 90


async def stats_of(queries: Queries, user_id: UUID, *, timezone: str, now: datetime) -> Stats:
    """What a learner has done, as of `now`; `timezone` is the IANA name of theirs."""
    counts = await repository.count(queries, user_id)
    quarters = await repository.quarters(queries, user_id, since=now - timedelta(days=PATTERN_DAYS))
    # A zone is a file, read the first time.
    zone = await anyio.to_thread.run_sync(ZoneInfo, timezone)
    return Stats(**msgspec.structs.asdict(counts), patterns=patterns(quarters, zone))
