"""The ASGI application for WebSockets: which door a path is, and who may enter."""

import re

import anyio

from actors.feeds import Feeds
from api.asgi import Receive, Scope, Send, refuse
from api.realtime import direct
from api.realtime.compression import negotiate_no_compression
from api.realtime.credentials import check_origin, identified
from api.realtime.session_door import Sessions
from api.realtime.socket import Disconnected, Patience, Socket
from api.realtime.task_door import Named, TaskDoor
from api.responses import as_problem
from api.services import Services
from lyo_rt.frames import Codec
from lyo_rt.problems import Draining, NotFound
from lyo_rt.security.tokens import Identity

SPOKEN = {codec.value: codec for codec in Codec}
"""The subprotocols of `/v1/ws`."""
GOODBYE = "server going away; resume"
GOODBYE_SECONDS = 1.0
TASK_DOOR = re.compile(r"/v1/(?:ws/tasks|tasks/ws)/([0-9a-fA-F-]{36})")


class Realtime:
    """`/v1/ws` and the simple doors."""

    def __init__(
        self,
        services: Services,
        feeds: Feeds,
        sessions: Sessions,
        patience: Patience = Patience(),  # noqa: B008
    ) -> None:
        negotiate_no_compression()
        direct.install()
        self._services = services
        self._sessions = sessions
        self._tasks = TaskDoor(services, feeds)
        self._patience = patience
        self._open: set[Socket] = set()

    @property
    def watchers(self) -> int:
        """Sockets of the simple doors that are open."""
        return self._tasks.watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = Socket(scope, receive, send, self._patience)
        self._open.add(socket)
        try:
            try:
                with self._services.courtesy.serving():
                    who, task = await self._enter(scope)
            except Exception as error:
                await refuse(scope, receive, send, as_problem(error))
                return
            if task is None:
                await self._sessions.serve(socket, who, _chosen(scope))
            else:
                await self._tasks.serve(socket, task, who)
        except Disconnected:
            return
        finally:
            self._open.discard(socket)
            if not socket.detached:
                await socket.drain()

    async def _enter(self, scope: Scope) -> tuple[Identity | None, Named | None]:
        """Who comes, and to which task's door; no task means `/v1/ws`. Raises what refuses the handshake."""
        if self._services.draining():
            raise Draining
        check_origin(scope, self._services.settings)
        door = TASK_DOOR.fullmatch(scope["path"])
        if door is None and scope["path"] != "/v1/ws":
            raise NotFound("There is no WebSocket here.")
        who = await identified(scope, self._services)
        return who, await self._tasks.find(door[1], who) if door else None

    async def close(self) -> None:
        """Close every socket with 1012: going away, resume elsewhere. Who does not read is not waited for."""
        with anyio.move_on_after(GOODBYE_SECONDS):
            async with anyio.create_task_group() as closing:
                for session in self._sessions.live():
                    closing.start_soon(session.close, 1012, GOODBYE)
                for watcher in self._tasks.live():
                    closing.start_soon(watcher.close, 1012, GOODBYE)
                for socket in self._open:
                    closing.start_soon(socket.close, 1012, GOODBYE)


def _chosen(scope: Scope) -> Codec | None:
    """The first subprotocol the client offers that is spoken here (RFC 6455 §4.1: in its order of preference)."""
    return next((SPOKEN[name] for name in scope.get("subprotocols") or () if name in SPOKEN), None)
