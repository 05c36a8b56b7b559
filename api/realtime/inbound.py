"""What a session's client sends, given to its actor one frame at a time."""

import structlog

from actors.mailbox import Address, AskFailed
from actors.session import HEARTBEAT_SECONDS, Received, Rejected, SessionMessage
from api.realtime.pace import Pace
from lyo_rt import frames
from lyo_rt.frames import Codec
from lyo_rt.problems import BadFrame, InternalFault, NotAuthenticated, Problem, TooSlow

FRAME_SECONDS = 30.0
"""What the actor may take for one frame; a command's database work included."""
FAILED = "this session has failed here; resume it"

log = structlog.get_logger()


async def give(address: Address[SessionMessage], pace: Pace, data: str | bytes, codec: Codec) -> None:
    """Have the actor receive one frame, and wait for that. Raises the Problem that ends the session, if one does."""
    pace.count()
    try:
        await address.ask(_message(data, codec), timeout=FRAME_SECONDS)
    except AskFailed:
        # The actor's crash has been logged where it happened.
        raise InternalFault(FAILED) from None


def _message(data: str | bytes, codec: Codec) -> SessionMessage:
    try:
        return Received(frames.decode(data, codec))
    except BadFrame as problem:
        return Rejected(frames.identifier(data, codec), problem)


def seen(error: Exception) -> Problem:
    """What ends a session: the problem itself, or an internal fault, which is logged here."""
    if isinstance(error, Problem):
        return error
    log.error("session failed", exc_info=error)
    return InternalFault(FAILED)


def never_greeted(seconds: float) -> Problem:
    """No hello came in time."""
    return NotAuthenticated(f"No hello came in {seconds:.0f} seconds.")


def silent(seconds: float) -> Problem:
    """Nothing came for too long."""
    return TooSlow(f"Nothing was heard for {seconds:.0f} seconds; send a ping every {HEARTBEAT_SECONDS}.")


def unread(seconds: float) -> Problem:
    """The client takes nothing."""
    return TooSlow(f"The client has not read for {seconds:.0f} seconds.")
