"""What is asked of PostgreSQL when that is away for a moment."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from lyo_rt.problems import Unavailable

Result = TypeVar("Result")


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
