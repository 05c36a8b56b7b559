"""Tasks: polled, listed, cancelled, followed as Server-Sent Events."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec
from quart import Blueprint, Response, request

from actors.feeds import Feeds
from actors.follower import follow
from api.authentication import signed_in, who
from api.event_stream import BEAT, BEAT_SECONDS, encoded, event_stream, resumed
from api.openapi import answers
from api.requests import page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.cursor import Page
from lyo_rt.frames import Resume
from lyo_rt.generation import service
from lyo_rt.generation.records import TERMINAL, TaskProgress, TaskRecord
from lyo_rt.problems import NotFound
from lyo_rt.streams import StreamEvent, task_stream

blueprint = Blueprint("tasks", __name__, url_prefix="/v1/tasks")


@blueprint.get("")
@answers(Page[TaskRecord], page=True)
@signed_in
async def list_tasks() -> Response:
    """List your tasks, newest first."""
    learner = who()
    scope = f"tasks:{learner.user_id}"
    limit, after = page_request(scope, tuple[datetime, UUID])
    rows = await service.list_own(services().database, learner.user_id, after=after, limit=limit + 1)
    return json_answer(services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.task_id)))


@blueprint.get("/<uuid:task_id>", endpoint="read")
@blueprint.get("/<uuid:task_id>/status", endpoint="status")
@answers(TaskRecord, problems=(NotFound,))
@signed_in
async def read_task(task_id: UUID) -> Response:
    """Read the state of a task.

    `progressPct` never goes back. `resultId` is the finished course.
    """
    task = await _own(task_id)
    return json_answer(task, headers={} if task.ended else {"Retry-After": "1"})


@blueprint.post("/<uuid:task_id>/cancel")
@answers(TaskRecord, status=202, problems=(NotFound,))
@signed_in
async def cancel_task(task_id: UUID) -> Response:
    """Cancel a task.

    It ends within a second as `CANCELLED`, and nothing half-written remains. A task that has ended stays as it is.
    """
    async with services().database.transaction() as transaction:
        task = await services().workshop.cancel(transaction, who().user_id, task_id)
    return json_answer(task, 202, {"Location": f"/v1/tasks/{task_id}", "Retry-After": "1"})


@blueprint.get("/<uuid:task_id>/events")
@answers(TaskProgress, problems=(NotFound,), media_type="text/event-stream")
@signed_in
async def task_events(task_id: UUID) -> Response:
    """Follow a task as Server-Sent Events.

    The latest state comes at once, then every change, each event named `progress` with its place as `id`; the stream
    ends with the task. With `Last-Event-ID` it goes on behind that event without a gap.
    """
    await _own(task_id)
    stream = task_stream(task_id)
    after = resumed(stream, request.headers.get("Last-Event-ID"))
    return event_stream(_progress(services().feeds, stream, after))


async def _progress(feeds: Feeds, stream: str, after: Resume | None) -> AsyncIterator[bytes]:
    async with follow(feeds, stream, after) as follower:
        while True:
            event = await follower.within(BEAT_SECONDS)
            if isinstance(event, StreamEvent):
                yield encoded(event.name, msgspec.json.encode(event.data), id=f"{event.epoch}-{event.seq}")
                if event.data.get("state") in TERMINAL:
                    return
            else:
                yield BEAT


async def _own(task_id: UUID) -> TaskRecord:
    task = await service.get_own(services().database, task_id, who().user_id)
    if task is None:
        raise NotFound("There is no such task.")
    return task
