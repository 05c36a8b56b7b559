"""What is kept for a while only: removed once an hour by every instance; doing it twice removes nothing more."""

import anyio
import structlog

from lyo_rt import idempotency, leases, streams
from lyo_rt.accounts import known_addresses, mailed_tokens, tickets
from lyo_rt.accounts.minors import repository as minors
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.generation import service as generation
from lyo_rt.language_models import upkeep
from lyo_rt.mail import repository as mail
from lyo_rt.media.service import Library
from lyo_rt.privacy.exports import Exports
from lyo_rt.problems import Unavailable
from lyo_rt.settings import Retention

EVERY_SECONDS = 3600.0

log = structlog.get_logger()


async def keep_house(
    database: Database, library: Library, exports: Exports, retention: Retention, clock: Clock
) -> None:
    """Remove what is past its time, for ever: idempotency keys, closed leases and the answers of language models after
    24 hours, unused tickets and mailed tokens, addresses at which nobody has signed in for long, settled mails, the
    old events of streams that have no end, files that no upload refers to, exports whose time is over, and tasks that
    ended so long ago as `retention` says.
    """
    while True:
        try:
            keys = await idempotency.purge(database, now=clock.now())
            closed = await leases.purge(database)
            unused = await tickets.purge(database, now=clock.now())
            unused += await mailed_tokens.purge(database, now=clock.now())
            unused += await minors.purge(database, now=clock.now())
            addresses = await known_addresses.purge(database, now=clock.now())
            mails = await mail.purge(database, before=clock.now() - retention.mails)
            events = sum([await streams.trim(database, names, days) for names, days in retention.stream_days.items()])
            ended = 0
            if retention.tasks is not None:
                ended = await generation.purge(database, before=clock.now() - retention.tasks)
            answers = await upkeep.purge(database, now=clock.now())
            files = await library.sweep() + await exports.sweep()
            stale = await upkeep.leave_stale_ambiguous(database, now=clock.now())
            log.debug(
                "kept house",
                idempotency_keys=keys,
                leases=closed,
                tickets=unused,
                addresses=addresses,
                mails=mails,
                events=events,
                tasks=ended,
                answers=answers,
                files=files,
                stale_calls=stale,
            )
        except Unavailable as fault:
            log.warning("could not keep house", error=str(fault))
        await anyio.sleep(EVERY_SECONDS)
