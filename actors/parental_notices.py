"""Tells parents when the tutor has seen signs of harm in what their child wrote, or was answered."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from actors.bell import attend
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.tutoring.repository import HARM, take_untold

LOOK_SECONDS = 10.0


async def warn_parents(
    database: Database,
    broadcast: Broadcast,
    warn: Callable[[Transaction, UUID], Awaitable[None]],
    clock: Clock,
) -> None:
    """Post what is to be told, for ever. `warn` mails the parent of a child; all flags so far are one mail."""

    async def tell() -> bool:
        async with database.transaction() as transaction:
            child = await take_untold(transaction, now=clock.now())
            if child is not None:
                await warn(transaction, child)
        return child is not None

    await attend(tell, broadcast, HARM, every=LOOK_SECONDS)
