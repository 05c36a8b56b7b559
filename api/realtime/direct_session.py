"""A session on a direct stream: frames go to the transport from wherever they arise, without a task of their own."""

from collections.abc import Callable

import anyio

from actors.alarms import Alarms
from actors.mailbox import Address
from actors.outbound import Outbound
from actors.session import CaughtUp, SessionMessage
from api.realtime.direct import DirectStream
from api.realtime.inbound import FAILED, Intake, never_greeted, seen, silent, unread
from api.realtime.socket import LINGER_SECONDS, Patience
from lyo_rt.outgoing import Outgoing
from lyo_rt.problems import InternalFault, Problem


class DirectSession:
    """The stream's Peer, and its Outbound's Line."""

    __slots__ = (
        *(
            "_address",
            "_alarms",
            "_codec",
            "_deadline",
            "_discard",
            "_emptying",
            "_ended",
            "_greeted",
            "_heard_at",
            "_intake",
        ),
        *("_patience", "_stream", "outbound"),
    )

    def __init__(
        self,
        stream: DirectStream,
        intake: Intake,
        patience: Patience,
        alarms: Alarms,
        discard: Callable[["DirectSession"], None],
    ) -> None:
        """`discard` is called at the end."""
        self._stream = stream
        self._intake = intake
        self._codec = intake.codec
        self._patience = patience
        self._alarms = alarms
        self._discard = discard
        self._emptying = self._ended = self._greeted = False
        self._heard_at = anyio.current_time()
        self.outbound = Outbound(self, intake.codec)

    def begin(self, address: Address[SessionMessage]) -> None:
        """Take the stream over, on behalf of the session's actor."""
        self._address = address
        self._deadline = self._alarms.at(self._heard_at + self._patience.hello, self._look)
        self._stream.detach(self)

    # -- from the stream

    async def received(self, data: str | bytes) -> None:
        """See Peer. What the client sends next is read when the actor has received this."""
        if self._ended:
            return
        self._heard_at = anyio.current_time()
        if not self._greeted:
            self._greeted = True
            self._deadline.cancel()
            self._look()
        try:
            await self._intake.give(self._address, data)
        except Exception as error:
            self.fail(seen(error))

    def gone(self) -> None:
        """See Peer."""
        self._end()

    def _look(self) -> None:
        """The client's silence has lasted too long, or there was none, and it is looked at again."""
        patience = self._patience.silence if self._greeted else self._patience.hello
        due = self._heard_at + patience
        if anyio.current_time() >= due:
            self.fail(silent(patience) if self._greeted else never_greeted(patience))
        else:
            self._deadline = self._alarms.at(due, self._look)

    # -- from the outbound queue

    def write(self, frame: Outgoing) -> bool:
        """See Line."""
        return not self._emptying and self._stream.write(frame.framed(self._codec))

    def wake(self) -> None:
        """See Line."""
        if not self._emptying and not self._ended:
            self._emptying = True
            self._stream.task_group.spawn(self._empty)

    def fail(self, problem: Problem) -> None:
        """See Line."""
        self._end(problem.close_code, problem.detail)

    async def close(self, code: int, reason: str) -> None:
        """See Session; returns when the client has gone, or been cut off."""
        self._end(code, reason)
        await self._stream.ended()

    async def _empty(self) -> None:
        """Send what waits as fast as the client takes it."""
        try:
            while not self._ended and (batch := self.outbound.batch()):
                data = b"".join([frame.framed(self._codec) for frame in batch])
                while not self._stream.write(data) and not self._ended:
                    await self._room()
        except Exception as error:
            self.fail(seen(error))
        finally:
            self._emptying = False
        if self.outbound.ended:
            # An actor ends before its socket only by a crash.
            self.fail(InternalFault(FAILED))
        elif self.outbound.caught_up():
            self._address.tell(CaughtUp())

    async def _room(self) -> None:
        with anyio.move_on_after(self._patience.write):
            await self._stream.drained()
            return
        raise unread(self._patience.write)

    def _end(self, code: int = 1000, reason: str = "") -> None:
        if not self._ended:
            self._ended = True
            self._deadline.cancel()
            self._discard(self)
            self._address.stop()
            # A close frame has room for 123 bytes of reason (RFC 6455 §5.5.1).
            self._stream.finish(code, reason.encode()[:120].decode(errors="ignore"), LINGER_SECONDS)
            self.outbound.hang_up()  # it refers back to this, and is the actor's as well
