"""`/v1/ws/tasks/{id}`: the simple door of the seeds. The state at once, then each change, in four members."""

from contextlib import nullcontext
from uuid import UUID

import anyio
import msgspec

from actors.feeds import Feeds
from actors.follower import follow
from api.admission import admitted
from api.doors import let_in
from api.realtime.direct import DirectStream, direct_of
from api.realtime.direct_watcher import Watcher
from api.realtime.pace import Pace
from api.realtime.socket import Disconnected, Socket, first
from api.services import Services
from lyo_rt import frames
from lyo_rt.generation import service as generation
from lyo_rt.generation.records import TERMINAL, TaskRecord
from lyo_rt.problems import BadFrame, NotAuthenticated, NotFound, Problem
from lyo_rt.security.tokens import Identity
from lyo_rt.streams import StreamEvent, task_stream


class Named(msgspec.Struct, frozen=True):
    """The task that a handshake names; `task` once the client may see it."""

    id: UUID
    task: TaskRecord | None = None


class TaskDoor:
    """The simple door of one instance."""

    def __init__(self, services: Services, feeds: Feeds) -> None:
        self._services = services
        self._feeds = feeds
        self._by_messages = 0
        self._direct: set[Watcher] = set()

    @property
    def watchers(self) -> int:
        """How many there are."""
        return self._by_messages + len(self._direct)

    def live(self) -> tuple[Watcher, ...]:
        """Those on direct streams."""
        return tuple(self._direct)

    async def find(self, id: str, who: Identity | None) -> Named:
        """The task behind a handshake's path. Without `who` where an id alone does not suffice, it is not looked up.

        Raises NotFound for what is no task's id, or not a task that `who` may watch.
        """
        try:
            task = UUID(id)
        except ValueError:
            raise NotFound("There is no such task.") from None
        if who is None and not self._services.settings.task_url_capability:
            return Named(task)
        return Named(task, await self._check(task, who))

    async def serve(self, socket: Socket, named: Named, who: Identity | None) -> None:
        """One watcher until the task has ended (close 1000), the client has gone, or may not watch any longer.

        Without `who`, where an id alone does not suffice, the first frame must be `hello` with a token; what is wrong
        with it is told by the close code.
        """
        await socket.accept()
        stream = direct_of(socket.scope)
        if stream is not None and named.task is not None:
            socket.detached = True
            await self._directly(stream, socket, named.task, who)
            return
        self._by_messages += 1
        code, reason = 1000, "the task has ended"
        try:
            await self._watch(socket, named.id, who)
        except* Disconnected:
            pass
        except* Problem as group:
            problem = first(group)
            code, reason = problem.close_code, problem.detail
        finally:
            self._by_messages -= 1
        await socket.close(code, reason)

    async def _directly(self, stream: DirectStream, socket: Socket, task: TaskRecord, who: Identity | None) -> None:
        services = self._services
        watcher = Watcher(stream, self._feeds, Pace(services.clock), socket.patience, self._direct.discard)
        self._direct.add(watcher)
        if who is not None:
            left = (who.expires_at - services.clock.now()).total_seconds()
            watcher.admit(who, left, services.accounts.revocations, services.alarms)
        with services.courtesy.serving():
            await watcher.begin(task, services.entrance)

    async def _watch(self, socket: Socket, task: UUID, who: Identity | None) -> None:
        pace = Pace(self._services.clock)
        if who is None and not self._services.settings.task_url_capability:
            who = await self._introduced(socket, pace)
            await self._check(task, who)
        with nullcontext() if who is None else admitted(self._services, who):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_listen, socket, pace)
                await _tell(socket, self._feeds, task)
                tasks.cancel_scope.cancel()

    async def _introduced(self, socket: Socket, pace: Pace) -> Identity:
        with anyio.move_on_after(socket.patience.hello):
            data = await socket.read()
            pace.count()
            frame = frames.decode(data)
            if not isinstance(frame, frames.Hello):
                raise BadFrame("The first frame must be hello.")
            if frame.token is None:
                raise NotAuthenticated("Send an access token in the handshake or in hello.")
            return let_in(self._services.accounts.identify(frame.token))
        raise NotAuthenticated(f"No hello came in {socket.patience.hello:.0f} seconds.")

    async def _check(self, task: UUID, who: Identity | None) -> TaskRecord:
        database = self._services.database
        found = await (generation.get_own(database, task, who.user_id) if who else generation.get(database, task))
        if found is None:
            raise NotFound("There is no such task.")
        return found


async def _tell(socket: Socket, feeds: Feeds, task: UUID) -> None:
    async with follow(feeds, task_stream(task)) as follower:
        while True:
            event = await follower.next()
            if isinstance(event, StreamEvent) and event.name == "progress":
                await socket.write(msgspec.json.encode(event.data))
                if event.data["state"] in TERMINAL:
                    return


async def _listen(socket: Socket, pace: Pace) -> None:
    """What a watcher sends means nothing; that it has gone, or floods, does."""
    while True:
        await socket.read()
        pace.count()
