"""`/v1/ws`: the persistent session. Pumps bytes to and from the session's actor, nothing more."""

from typing import Protocol
from uuid import uuid4

from actors.alarms import Alarms
from actors.courtesy import Courtesy
from actors.crashes import NEVER
from actors.feeds import Feeds
from actors.mailbox import Address
from actors.outbound import Outbound
from actors.session import Commands, SessionActor, SessionMessage
from actors.supervisor import Supervisor
from api.realtime.direct import DirectStream, direct_of
from api.realtime.direct_session import DirectSession
from api.realtime.inbound import Intake
from api.realtime.message_session import MessageSession
from api.realtime.pace import Pace
from api.realtime.socket import Socket
from lyo_rt.clock import Clock
from lyo_rt.frames import Codec, Reconnect
from lyo_rt.outgoing import Outgoing
from lyo_rt.security.tokens import Identity


class Session(Protocol):
    """One live session, however its bytes come and go."""

    @property
    def outbound(self) -> Outbound: ...

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye to the client."""
        ...


class Sessions:
    """All sockets of `/v1/ws` on this instance."""

    def __init__(
        self,
        supervisor: Supervisor,
        feeds: Feeds,
        commands: Commands,
        clock: Clock,
        alarms: Alarms,
        courtesy: Courtesy,
        *,
        instance: str,
    ) -> None:
        self._supervisor = supervisor
        self._feeds = feeds
        self._commands = commands
        self._clock = clock
        self._alarms = alarms
        self._courtesy = courtesy
        self._instance = instance
        self._live: set[Session] = set()

    async def serve(self, socket: Socket, who: Identity | None, codec: Codec | None) -> None:
        """One socket from its handshake on; `codec` is the subprotocol chosen, None when none was.

        Returns at the session's end; or at once, when the socket has a direct stream: that then goes on without a task
        of the application, and `socket` must not be used any more (`socket.detached`).
        """
        await socket.accept(codec.value if codec else None)
        stream = direct_of(socket.scope)
        if stream is None:
            await self._by_messages(socket, who, codec or Codec.JSON)
        else:
            socket.detached = True
            self._directly(stream, socket, who, codec or Codec.JSON)

    async def _by_messages(self, socket: Socket, who: Identity | None, codec: Codec) -> None:
        session = MessageSession(socket, Intake(codec, Pace(self._clock), self._courtesy))
        self._live.add(session)
        try:
            code, reason = await session.serve(self._start(session.outbound, who))
        finally:
            self._live.discard(session)
        await socket.close(code, reason)

    def _directly(self, stream: DirectStream, socket: Socket, who: Identity | None, codec: Codec) -> None:
        intake = Intake(codec, Pace(self._clock), self._courtesy)
        session = DirectSession(stream, intake, socket.patience, self._alarms, self._live.discard)
        self._live.add(session)
        session.begin(self._start(session.outbound, who))

    def _start(self, outbound: Outbound, who: Identity | None) -> Address[SessionMessage]:
        session = uuid4()
        return self._supervisor.start(
            "session",
            session,
            lambda: SessionActor(
                session,
                self._feeds,
                self._commands,
                outbound,
                self._clock,
                self._alarms,
                instance=self._instance,
                who=who,
            ),
            policy=NEVER,
        )

    def announce(self, spread: float) -> None:
        """Tell every session to come back, each at its own moment within `spread` seconds."""
        for place, session in enumerate(tuple(self._live)):
            after_ms = round(1000 * spread * place / len(self._live))
            session.outbound.control(Outgoing(Reconnect(after_ms, "drain")))

    def live(self) -> tuple[Session, ...]:
        """Those that are open now."""
        return tuple(self._live)

    def statistics(self) -> dict[str, int]:
        """`sockets` open, `queued_bytes` waiting for them, `dropped` frames that were left to a later read."""
        return {
            "sockets": len(self._live),
            "queued_bytes": sum(session.outbound.bytes for session in self._live),
            "dropped": sum(session.outbound.dropped for session in self._live),
        }
