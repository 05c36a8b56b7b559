"""A whole course in one call: the same generation as `courses:generate`, waited for."""

from uuid import UUID

from quart import Blueprint, Response, request
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.briefs import GenerateCourse
from api.kickoff import kick_off, task_of, wait_for_end
from api.openapi import answers
from api.preferences import preferred_wait
from api.requests import REPLAYED
from api.responses import json_answer
from api.services import services
from lyo_rt.courses import repository
from lyo_rt.courses.whole import WholeCourse, whole_course
from lyo_rt.generation import service
from lyo_rt.generation.records import Accepted, TaskRecord
from lyo_rt.problems import BudgetExhausted, Conflict, ModelUnavailable, NotFound, kept

blueprint = Blueprint("generated-courses", __name__)

WAIT_SECONDS = 25
"""How long the course is waited for when the client names no time (SPEC §4)."""
RETRY_AFTER = 30.0


@blueprint.post("/v1/ai/generate-course")
@answers(
    WholeCourse,
    also={202: Accepted},
    idempotency="optional",
    limit="ai",
    problems=(NotFound, Conflict, ModelUnavailable, BudgetExhausted),
    headers={"Preference-Applied": "what was honoured of Prefer (RFC 7240)"},
)
@signed_in
@validate_request(GenerateCourse)
async def generate_course(data: GenerateCourse) -> Response:
    """Have a course written and wait for it.

    Waits up to 25 seconds, or `Prefer: wait=N` (at most 30), for the whole course; what takes longer, and every
    request with `Prefer: respond-async`, answers 202 with the task that goes on. The same Idempotency-Key waits for
    the same course again.
    """
    prefer = request.headers.get("Prefer")
    response = await kick_off(data, route="ai.generate-course", required=False)
    seconds = preferred_wait(prefer, WAIT_SECONDS)
    if seconds is not None:
        await wait_for_end(task_of(response), seconds)
        response = await _finished(task_of(response), response)
    if prefer is not None and (seconds is None or preferred_wait(prefer) is not None):
        response.headers["Preference-Applied"] = "respond-async" if seconds is None else f"wait={seconds}"
    return response


async def _finished(id: UUID, accepted: Response) -> Response:
    """The course of a task that is done, or the 202 while it goes on.

    Raises what it failed with, Conflict when it was cancelled, NotFound when the course is gone since.
    """
    task = await service.get_own(services().database, id, who().user_id)
    if task is None or not task.ended:
        return accepted
    if task.state == "CANCELLED":
        raise Conflict("The task was cancelled.")
    if task.state == "ERROR":
        wait = (task.retry_at - services().clock.now()).total_seconds() if task.retry_at else RETRY_AFTER
        raise kept(task.code, task.message or "", retry_after=wait)
    answer = json_answer(await _whole(task))
    if REPLAYED in accepted.headers:
        answer.headers[REPLAYED] = accepted.headers[REPLAYED]
    return answer


async def _whole(task: TaskRecord) -> WholeCourse:
    database = services().database
    course = await repository.read_course(database, task.result_id) if task.result_id else None
    work = await service.work(database, task.task_id)
    if course is None or work is None:
        raise NotFound("There is no such course any more.")
    seconds = (task.updated_at - task.created_at).total_seconds()
    return whole_course(course, weeks=work.brief.weeks, seconds=seconds)
