"""What is kept for a while only: removed once an hour by every instance; doing it twice removes nothing more."""

import anyio
import structlog

from lyo_rt import idempotency, leases
from lyo_rt.accounts import tickets
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.problems import Unavailable

EVERY_SECONDS = 3600.0

log = structlog.get_logger()


async def keep_house(database: Database, clock: Clock) -> None:
    """Remove what is past its time, for ever: idempotency keys and closed leases after 24 hours, unused tickets."""
    while True:
        try:
            keys = await idempotency.purge(database, now=clock.now())
            closed = await leases.purge(database)
            unused = await tickets.purge(database, now=clock.now())
            log.debug("kept house", idempotency_keys=keys, leases=closed, tickets=unused)
        except Unavailable as fault:
            log.warning("could not keep house", error=str(fault))
        await anyio.sleep(EVERY_SECONDS)
