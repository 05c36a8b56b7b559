"""The ASGI application for WebSockets: which door a path is, and who may enter."""

import re
from uuid import UUID

import anyio

from actors.feeds import Feeds
from api.asgi import Receive, Scope, Send, refuse
from api.realtime.compression import negotiate_no_compression
from api.realtime.credentials import check_origin, token_of
from api.realtime.pace import Pace
from api.realtime.session_door import Sessions
from api.realtime.socket import Disconnected, Patience, Socket
from api.realtime.task_door import serve_task
from api.responses import as_problem
from api.services import Services
from lyo_rt.frames import SUBPROTOCOL
from lyo_rt.generation import service as generation
from lyo_rt.problems import Draining, NotAuthenticated, NotFound
from lyo_rt.security.tokens import Identity

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
        self._services = services
        self._feeds = feeds
        self._sessions = sessions
        self._patience = patience
        self._open: set[Socket] = set()
        self.watchers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = Socket(scope, receive, send, self._patience)
        self._open.add(socket)
        try:
            try:
                who, task = await self._enter(scope)
            except Exception as error:
                await refuse(scope, receive, send, as_problem(error))
                return
            if task is None:
                subprotocol = SUBPROTOCOL if SUBPROTOCOL in _offered(scope) else None
                await self._sessions.serve(socket, who, subprotocol)
            else:
                await self._watch(socket, task)
        except Disconnected:
            return
        finally:
            self._open.discard(socket)
            await socket.drain()

    async def _enter(self, scope: Scope) -> tuple[Identity | None, UUID | None]:
        """Who comes, and to which task's door; no task means `/v1/ws`. Raises what refuses the handshake."""
        if self._services.draining():
            raise Draining
        check_origin(scope, self._services.settings)
        who = self._who(scope)
        if scope["path"] == "/v1/ws":
            return who, None
        if (door := TASK_DOOR.fullmatch(scope["path"])) is None:
            raise NotFound("There is no WebSocket here.")
        return who, await self._visible(door[1], who)

    async def close(self) -> None:
        """Close every socket with 1012: going away, resume elsewhere. Who does not read is not waited for."""
        with anyio.move_on_after(GOODBYE_SECONDS):
            async with anyio.create_task_group() as closing:
                for socket in self._open:
                    closing.start_soon(socket.close, 1012, "server going away; resume")

    def _who(self, scope: Scope) -> Identity | None:
        token = token_of(scope)
        return None if token is None else self._services.accounts.identify(token)

    async def _visible(self, id: str, who: Identity | None) -> UUID:
        if who is None and not self._services.settings.task_url_capability:
            raise NotAuthenticated("Send an access token: Authorization: Bearer, or ?token=.")
        try:
            task = UUID(id)
        except ValueError:
            raise NotFound("There is no such task.") from None
        database = self._services.database
        found = await (generation.get_own(database, task, who.user_id) if who else generation.get(database, task))
        if found is None:
            raise NotFound("There is no such task.")
        return task

    async def _watch(self, socket: Socket, task: UUID) -> None:
        self.watchers += 1
        try:
            await serve_task(socket, self._feeds, task, Pace(self._services.clock))
        finally:
            self.watchers -= 1


def _offered(scope: Scope) -> list[str]:
    offered: list[str] = scope.get("subprotocols") or []
    return offered
