"""Answers those who have forgotten their password, apart from the requests in which they ask.

What the answer costs, whom it goes to and whether there is one is not seen by who asks: they may be a stranger.
"""

from collections.abc import Awaitable, Callable

from actors.bell import attend
from lyo_rt.accounts.password_changes import FORGOTTEN
from lyo_rt.broadcast.contract import Broadcast

LOOK_SECONDS = 5.0


async def answer_forgotten(answer: Callable[[], Awaitable[bool]], broadcast: Broadcast) -> None:
    """Answer all who wait, for ever. `answer` answers one and says whether there was one."""
    await attend(answer, broadcast, FORGOTTEN, every=LOOK_SECONDS)
