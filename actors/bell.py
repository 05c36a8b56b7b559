"""Waits for those who wait for something to be done, and does it for one after the other."""

from collections.abc import Awaitable, Callable

import anyio
import structlog

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.problems import Unavailable

log = structlog.get_logger()


class Bell:
    """Rung when somebody asks, or may have."""

    def __init__(self) -> None:
        self.rung = anyio.Event()

    def heard(self, payload: bytes) -> None:  # noqa: ARG002  (it says only that there is somebody)
        self.rung.set()

    def lost(self) -> None:
        self.rung.set()


async def attend(serve: Callable[[], Awaitable[bool]], broadcast: Broadcast, topic: str, *, every: float) -> None:
    """Serve all who wait, for ever; instances share them. `serve` serves one and says whether there was one.

    Looks when it is hinted on `topic` that somebody asks, and `every` so many seconds for those whose hint was lost.
    """
    bell = Bell()
    async with broadcast.listen(topic, bell):
        while True:
            bell.rung = anyio.Event()
            try:
                while await serve():
                    pass
            except Unavailable as fault:
                log.warning("cannot serve who waits", topic=topic, error=str(fault))
            with anyio.move_on_after(every):
                await bell.rung.wait()
