"""A course's generation, begun by a request and waited for by it."""

from uuid import UUID, uuid4

import anyio
from quart import Response

from actors.follower import follow
from api.authentication import who
from api.briefs import GenerateCourse
from api.requests import once_foretold
from api.responses import json_answer
from api.services import services
from lyo_rt.database.changes import Changes
from lyo_rt.generation.records import TERMINAL, Accepted
from lyo_rt.streams import StreamEvent, task_stream


async def kick_off(data: GenerateCourse, *, route: str, required: bool) -> Response:
    """Begin the course, once per Idempotency-Key (`required` or not) of `route`; the 202 that tells of its task."""
    learner, accepted = who().user_id, Accepted(task_id=uuid4(), provisional_course_id=uuid4())

    def begin(changes: Changes, behind: str) -> None:
        services().workshop.generate(changes, accepted, learner, data.brief(), behind=behind)

    answer = json_answer(accepted, 202, {"Location": f"/v1/tasks/{accepted.task_id}", "Retry-After": "1"})
    return await once_foretold(answer, begin, user_id=learner, route=route, required=required)


def task_of(accepted: Response) -> UUID:
    """The task that a kick-off's answer tells of."""
    return UUID(accepted.headers["Location"].rpartition("/")[2])


async def wait_for_end(task: UUID, seconds: float) -> None:
    """Until the task has ended, `seconds` at most."""
    with anyio.move_on_after(seconds):
        async with follow(services().feeds, task_stream(task)) as follower:
            while True:
                event = await follower.next()
                if isinstance(event, StreamEvent) and event.data.get("state") in TERMINAL:
                    return
