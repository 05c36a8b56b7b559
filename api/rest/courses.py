"""Courses: asked for, listed, read."""

from datetime import datetime
from uuid import UUID

from quart import Blueprint, Response, request
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.briefs import GenerateCourse
from api.kickoff import kick_off, task_of, wait_for_end
from api.openapi import answers
from api.preferences import preferred_wait
from api.requests import page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.courses import repository
from lyo_rt.courses.records import CourseRecord, CourseSummary
from lyo_rt.cursor import Page
from lyo_rt.generation.records import Accepted
from lyo_rt.problems import Fault, InvalidInput, NotFound

blueprint = Blueprint("courses", __name__)

SCOPES = ("all", "own", "published")


@blueprint.post("/v1/courses:generate", endpoint="generate")
@blueprint.post("/v1/courses/generate", endpoint="generate_slash")
@answers(
    Accepted,
    status=202,
    idempotency="required",
    limit="ai",
    headers={"Preference-Applied": "what was honoured of Prefer (RFC 7240)"},
)
@signed_in
@validate_request(GenerateCourse)
async def generate(data: GenerateCourse) -> Response:
    """Have a course written.

    Answers at once; the task tells of the progress (its WebSocket, its events, or polling), the provisional course
    grows lesson by lesson and becomes the result. With `Prefer: wait=N` the answer waits up to N seconds (at most 30)
    for the end of the task.
    """
    response = await kick_off(data, route="courses.generate", required=True)
    if (seconds := preferred_wait(request.headers.get("Prefer"))) is not None:
        await wait_for_end(task_of(response), seconds)
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


@blueprint.get("/v1/courses")
@answers(
    Page[CourseSummary],
    page=True,
    query={"scope": ("own, published, or all of both; all when not given", {"type": "string", "enum": SCOPES})},
)
@signed_in
async def list_courses() -> Response:
    """List courses, newest first."""
    learner = who()
    scope = request.args.get("scope", "all")
    if scope not in SCOPES:
        raise InvalidInput(errors=[Fault("query:scope", f"must be one of {', '.join(SCOPES)}")])
    name = f"courses:{scope}:{learner.user_id}"
    limit, after = page_request(name, tuple[datetime, UUID])
    rows = await repository.list_courses(
        services().database, learner.user_id, scope=scope, after=after, limit=limit + 1
    )
    return json_answer(services().cursors.page(name, rows, limit, lambda row: (row.created_at, row.id)))


@blueprint.get("/v1/courses/<course_id>")
@answers(CourseRecord, problems=(NotFound,))
@signed_in
async def read_course(course_id: str) -> Response:
    """Read one course, by its id or slug.

    `lessons[]` name their items, `items[]` hold them, `modules[]` group the lessons and say which are planned. While
    the course is `generating`, the lessons that are finished are there.
    """
    found = await repository.visible_course(services().database, course_id, who().user_id)
    course = await repository.read_course(services().database, found) if found else None
    if course is None:
        raise NotFound("There is no such course.")
    return json_answer(course)
