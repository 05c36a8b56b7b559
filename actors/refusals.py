"""Has the sign-ins that were refused written to the audit log, every half minute and at the end."""

from collections.abc import Awaitable, Callable

import anyio
import structlog

from lyo_rt.problems import Unavailable

LAST_SECONDS = 2.0

log = structlog.get_logger()


async def write_down(write: Callable[[], Awaitable[int]], every: float) -> None:
    """Write, for ever; what a database that is away does not take is written the next time."""
    try:
        while True:
            await anyio.sleep(every)
            await _written(write)
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(LAST_SECONDS):
            await _written(write)


async def _written(write: Callable[[], Awaitable[int]]) -> None:
    try:
        await write()
    except Unavailable as fault:
        log.warning("refused sign-ins are not in the audit log yet", error=str(fault))
