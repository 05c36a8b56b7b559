"""Answers those who have forgotten their password, apart from the requests in which they ask.

What the answer costs, whom it goes to and whether there is one is not seen by who asks: they may be a stranger.
"""

from collections.abc import Awaitable, Callable

import anyio
import structlog

from lyo_rt.accounts.password_changes import FORGOTTEN
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.problems import Unavailable

LOOK_SECONDS = 5.0
"""Between looks, for those whose hint was lost."""

log = structlog.get_logger()


class Bell:
    """Rung when somebody asks, or may have."""

    def __init__(self) -> None:
        self.rung = anyio.Event()

    def heard(self, payload: bytes) -> None:  # noqa: ARG002  (it says only that there is somebody)
        self.rung.set()

    def lost(self) -> None:
        self.rung.set()


async def answer_forgotten(answer: Callable[[], Awaitable[bool]], broadcast: Broadcast) -> None:
    """Answer all who wait, for ever; instances share them. `answer` answers one and says whether there was one."""
    bell = Bell()
    async with broadcast.listen(FORGOTTEN, bell):
        while True:
            bell.rung = anyio.Event()
            try:
                while await answer():
                    pass
            except Unavailable as fault:
                log.warning("could not answer who has forgotten a password", error=str(fault))
            with anyio.move_on_after(LOOK_SECONDS):
                await bell.rung.wait()
