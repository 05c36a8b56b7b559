"""What an actor that works under leases is told, and what it asks of PostgreSQL when that is away for a moment."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import anyio
import msgspec

from lyo_rt.leases import Lease
from lyo_rt.problems import Unavailable

Result = TypeVar("Result")


class Take(msgspec.Struct, frozen=True):
    """This work is yours now."""

    lease: Lease


class Stop(msgspec.Struct, frozen=True):
    """Somebody asked for the end of this work: end it, and store that."""

    id: UUID


class Lost(msgspec.Struct, frozen=True):
    """The lease is another's, or this instance gives it back: stop, and store nothing."""

    id: UUID


WorkMessage = Take | Stop | Lost


async def persist(write: Callable[[], Awaitable[Result]], *, seconds: float = 60) -> Result:
    """The result of `write`, tried again while the database is away; every write here can be repeated safely.

    Raises Unavailable after `seconds`.
    """
    delay = 0.05
    with anyio.move_on_after(seconds):
        while True:
            try:
                return await write()
            except Unavailable:
                await anyio.sleep(delay)
                delay = min(delay * 2, 1.0)
    raise Unavailable("The database has been away for too long.")
