"""What a session's client sends, given to its actor one frame at a time."""

import structlog

from actors.courtesy import Courtesy
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


class Intake:
    """How the frames of one session come in."""

    __slots__ = ("_courtesy", "_pace", "codec")

    def __init__(self, codec: Codec, pace: Pace, courtesy: Courtesy) -> None:
        self.codec = codec
        self._pace = pace
        self._courtesy = courtesy

    async def give(self, address: Address[SessionMessage], data: str | bytes) -> None:
        """Have the actor receive one frame, and wait for that. Raises the Problem that ends the session."""
        self._pace.count()
        try:
            with self._courtesy.serving():
                await address.ask(self._message(data), timeout=FRAME_SECONDS)
        except AskFailed:
            # The actor's crash has been logged where it happened.
            raise InternalFault(FAILED) from None

    def _message(self, data: str | bytes) -> SessionMessage:
        try:
            return Received(frames.decode(data, self.codec))
        except BadFrame as problem:
            return Rejected(frames.identifier(data, self.codec), problem)


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
