"""`/v1/ws/tasks/{id}`: the simple door of the seeds. The state at once, then each change, in four members."""

from uuid import UUID

import anyio
import msgspec

from actors.feeds import Feeds
from actors.follower import follow
from api.realtime.pace import Pace
from api.realtime.socket import Disconnected, Socket, first
from lyo_rt.generation.records import TERMINAL
from lyo_rt.problems import Problem
from lyo_rt.streams import StreamEvent, task_stream


async def serve_task(socket: Socket, feeds: Feeds, task: UUID, pace: Pace) -> None:
    """One watcher until the task has ended (close 1000) or the client has gone."""
    await socket.accept()
    code, reason = 1000, "the task has ended"
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_listen, socket, pace)
            await _tell(socket, feeds, task)
            tasks.cancel_scope.cancel()
    except* Disconnected:
        pass
    except* Problem as group:
        problem = first(group)
        code, reason = problem.close_code, problem.detail
    await socket.close(code, reason)


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
