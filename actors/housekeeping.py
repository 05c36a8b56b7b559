"""What is kept for a while only: removed once an hour by every instance; doing it twice removes nothing more."""

import anyio
import structlog

from lyo_rt import idempotency, leases
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.problems import Unavailable

EVERY_SECONDS = 3600.0

log = structlog.get_logger()


async def keep_house(database: Database, clock: Clock) -> None:
    """Remove idempotency keys older than 24 hours and leases of work that ended as long ago, for ever."""
    while True:
        try:
            keys = await idempotency.purge(database, now=clock.now())
            closed = await leases.purge(database)
            log.debug("kept house", idempotency_keys=keys, leases=closed)
        except Unavailable as fault:
            log.warning("could not keep house", error=str(fault))
        await anyio.sleep(EVERY_SECONDS)
