"""What is kept for a while only: removed once an hour by every instance; doing it twice removes nothing more."""

from datetime import timedelta

import anyio
import structlog

from lyo_rt import idempotency, leases, streams
from lyo_rt.accounts import known_addresses, mailed_tokens, tickets
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.language_models import upkeep
from lyo_rt.mail import repository as mail
from lyo_rt.media.service import Library
from lyo_rt.privacy.exports import Exports
from lyo_rt.problems import Unavailable

EVERY_SECONDS = 3600.0
MAIL_KEPT = timedelta(days=7)
"""Settled mails: that one was sent or given up, and of what; no longer to whom."""
STREAM_DAYS = {"ops": 7, "course:%": 30, "user:%": 90}
"""How long streams that end with nothing are kept, by their names as LIKE has them."""

log = structlog.get_logger()


async def keep_house(database: Database, library: Library, exports: Exports, clock: Clock) -> None:
    """Remove what is past its time, for ever: idempotency keys, closed leases and the answers of language models after
    24 hours, unused tickets and mailed tokens, addresses at which nobody has signed in for long, settled mails, the
    old events of streams that have no end, files that no upload refers to, and exports whose time is over.
    """
    while True:
        try:
            keys = await idempotency.purge(database, now=clock.now())
            closed = await leases.purge(database)
            unused = await tickets.purge(database, now=clock.now())
            unused += await mailed_tokens.purge(database, now=clock.now())
            addresses = await known_addresses.purge(database, now=clock.now())
            mails = await mail.purge(database, before=clock.now() - MAIL_KEPT)
            events = sum([await streams.trim(database, names, days) for names, days in STREAM_DAYS.items()])
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
                answers=answers,
                files=files,
                stale_calls=stale,
            )
        except Unavailable as fault:
            log.warning("could not keep house", error=str(fault))
        await anyio.sleep(EVERY_SECONDS)
