"""`/v1/ws`: the persistent session. Pumps bytes to and from the session's actor, nothing more."""

from collections.abc import Callable
from uuid import uuid4

import anyio
import structlog

from actors.crashes import NEVER
from actors.feeds import Feeds
from actors.mailbox import Address, AskFailed
from actors.outbound import Outbound
from actors.session import HEARTBEAT_SECONDS, CaughtUp, Commands, Received, Rejected, SessionActor, SessionMessage
from actors.supervisor import Supervisor
from api.realtime.pace import Pace
from api.realtime.socket import Disconnected, Socket, first
from lyo_rt import frames
from lyo_rt.clock import Clock
from lyo_rt.problems import BadFrame, InternalFault, NotAuthenticated, Problem, TooSlow
from lyo_rt.security.tokens import Identity

FRAME_SECONDS = 30.0
"""What the actor may take for one frame; a command's database work included."""
FAILED = "this session has failed here; resume it"

log = structlog.get_logger()


class Sessions:
    """All sockets of `/v1/ws` on this instance."""

    def __init__(
        self, supervisor: Supervisor, feeds: Feeds, commands: Commands, clock: Clock, *, instance: str
    ) -> None:
        self._supervisor = supervisor
        self._feeds = feeds
        self._commands = commands
        self._clock = clock
        self._instance = instance
        self._live: dict[Socket, Outbound] = {}

    async def serve(self, socket: Socket, who: Identity | None, subprotocol: str | None) -> None:
        """One socket from its handshake to its end."""
        await socket.accept(subprotocol)
        outbound = Outbound()
        session = uuid4()
        address = self._supervisor.start(
            "session",
            session,
            lambda: SessionActor(
                session, self._feeds, self._commands, outbound, self._clock, instance=self._instance, who=who
            ),
            policy=NEVER,
        )
        self._live[socket] = outbound
        try:
            code, reason = await self._pump(socket, address, outbound)
        finally:
            del self._live[socket]
            address.stop()
        await socket.close(code, reason)

    async def _pump(self, socket: Socket, address: Address[SessionMessage], outbound: Outbound) -> tuple[int, str]:
        """Until the session ends, by either side; the close code that says why."""
        code, reason = 1000, ""
        try:
            async with anyio.create_task_group() as pumps:
                pumps.start_soon(self._write, socket, address, outbound, pumps.cancel_scope.cancel)
                await self._read(socket, address)
        except* Disconnected:
            pass
        except* AskFailed:
            # The actor's crash has been logged where it happened.
            code, reason = InternalFault.close_code, FAILED
        except* Problem as group:
            problem = first(group)
            code, reason = problem.close_code, problem.detail
        except* Exception as group:
            log.error("session failed", exc_info=group)
            code, reason = InternalFault.close_code, FAILED
        return code, reason

    async def _read(self, socket: Socket, address: Address[SessionMessage]) -> None:
        pace = Pace(self._clock)
        data = await _heard(
            socket, socket.patience.hello, NotAuthenticated(f"No hello came in {socket.patience.hello:.0f} seconds.")
        )
        silent = TooSlow(
            f"Nothing was heard for {socket.patience.silence:.0f} seconds; send a ping every {HEARTBEAT_SECONDS}."
        )
        while True:
            pace.count()
            await address.ask(_message(data), timeout=FRAME_SECONDS)
            data = await _heard(socket, socket.patience.silence, silent)

    async def _write(
        self, socket: Socket, address: Address[SessionMessage], outbound: Outbound, end: Callable[[], None]
    ) -> None:
        while (data := await outbound.take()) is not None:
            await socket.write(data)
            if outbound.caught_up():
                address.tell(CaughtUp())
        end()

    def announce(self, spread: float) -> None:
        """Tell every session to come back, each at its own moment within `spread` seconds."""
        for place, outbound in enumerate(self._live.values()):
            after_ms = round(1000 * spread * place / len(self._live))
            outbound.control(frames.encode(frames.Reconnect(after_ms, "drain")))

    def statistics(self) -> dict[str, int]:
        """`sockets` open, `queued_bytes` waiting for them, `dropped` frames that were left to a later read."""
        return {
            "sockets": len(self._live),
            "queued_bytes": sum(outbound.bytes for outbound in self._live.values()),
            "dropped": sum(outbound.dropped for outbound in self._live.values()),
        }


def _message(data: str | bytes) -> SessionMessage:
    try:
        return Received(frames.decode(data))
    except BadFrame as problem:
        return Rejected(frames.identifier(data), problem)


async def _heard(socket: Socket, seconds: float, otherwise: Problem) -> str | bytes:
    """What the client sends next. Raises `otherwise` when nothing comes in time, Disconnected."""
    with anyio.move_on_after(seconds):
        return await socket.read()
    raise otherwise
