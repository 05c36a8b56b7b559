"""Teachers and their students."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from quart import Blueprint, Response, request
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.conditional import known
from api.openapi import answers
from api.requests import once, origin, page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.rules import LONGEST_EMAIL, email_address, email_key
from lyo_rt.cursor import Page
from lyo_rt.database.pool import Transaction
from lyo_rt.problems import Conflict, Fault, InvalidInput, NotFound
from lyo_rt.teaching import repository, service
from lyo_rt.teaching.records import State, Teaching

blueprint = Blueprint("teaching", __name__, url_prefix="/v1/teaching")

PRIVATE = {"Cache-Control": "private, no-cache"}
STATES = {"state": ("all when not given", {"type": "string", "enum": get_args(State)})}


class Invitation(BaseModel):
    """Whom a teacher wants to teach."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"email": "student@example.com"}]},
    )

    email: Annotated[str, AfterValidator(email_address)] = Field(
        description="of the student's account, there already or to come",
        json_schema_extra={"format": "email", "maxLength": LONGEST_EMAIL},
    )


@blueprint.post("/invitations")
@answers(Teaching, status=201, idempotency="optional", problems=(Conflict,))
@signed_in
@validate_request(Invitation)
async def invite(data: Invitation) -> Response:
    """Invite a student. For teachers.

    Whether there is an account with this e-mail is not told: who signs in with it finds the invitation. Inviting
    again, while it is open, gives the same invitation.
    """
    teacher = who()
    key = email_key(data.email)
    if key == email_key(teacher.email):
        raise InvalidInput(errors=[Fault("/email", "is your own")])

    async def work(transaction: Transaction) -> Response:
        now = services().clock.now()
        made = await service.invite(transaction, teacher.user_id, email=data.email, email_key=key, now=now)
        return json_answer(made, 201, {"Location": f"/v1/teaching/{made.id}"})

    return await once(work, user_id=teacher.user_id)


@blueprint.get("/invitations")
@answers(Page[Teaching], page=True)
@signed_in
async def list_invitations() -> Response:
    """List the open invitations addressed to one's e-mail, newest first."""
    learner = who()
    scope = f"invitations:{learner.user_id}"
    limit, after = page_request(scope, tuple[datetime, UUID])
    rows = await repository.list_invitations(services().database, learner.user_id, after=after, limit=limit + 1)
    return json_answer(_page(scope, rows, limit), headers=PRIVATE)


@blueprint.post("/invitations/<uuid:invitation_id>/accept")
@answers(Teaching, problems=(NotFound,))
@signed_in
async def accept(invitation_id: UUID) -> Response:
    """Accept an invitation.

    From now on the teacher sees one's progress, until either ends it. Takes no body.
    """
    return await _answer(invitation_id, accepted=True)


@blueprint.post("/invitations/<uuid:invitation_id>/decline")
@answers(Teaching, problems=(NotFound,))
@signed_in
async def decline(invitation_id: UUID) -> Response:
    """Decline an invitation. Takes no body."""
    return await _answer(invitation_id, accepted=False)


@blueprint.get("/students")
@answers(Page[Teaching], page=True, query=STATES)
@signed_in
async def list_students() -> Response:
    """List one's students and invitations, newest first. For teachers."""
    return await _list("students", repository.list_students)


@blueprint.get("/teachers")
@answers(Page[Teaching], page=True, query=STATES)
@signed_in
async def list_teachers() -> Response:
    """List those who teach one, or did, newest first."""
    return await _list("teachers", repository.list_teachers)


@blueprint.get("/<uuid:teaching_id>")
@answers(Teaching, problems=(NotFound,))
@signed_in
async def read(teaching_id: UUID) -> Response:
    """Read a relation of one's own, as its teacher or its student."""
    found = await repository.find_own(services().database, teaching_id, who().user_id)
    if found is None:
        raise NotFound(service.UNKNOWN)
    return json_answer(found, headers=PRIVATE)


@blueprint.delete("/<uuid:teaching_id>")
@answers(status=204, problems=(NotFound,))
@signed_in
async def end(teaching_id: UUID) -> Response:
    """End a relation, as its teacher or its student; or withdraw an invitation.

    From this moment on the teacher sees nothing more. What has ended stays ended.
    """
    now = services().clock.now()
    async with services().database.transaction() as transaction:
        await service.end(transaction, origin(), teaching_id, who().user_id, known=known, now=now)
    return Response(status=204)


async def _answer(invitation: UUID, *, accepted: bool) -> Response:
    now = services().clock.now()
    async with services().database.transaction() as transaction:
        teaching = await service.answer(transaction, origin(), invitation, who().user_id, accepted=accepted, now=now)
    return json_answer(teaching, headers=PRIVATE)


async def _list(name: str, listed: Callable[..., Awaitable[list[Teaching]]]) -> Response:
    state = request.args.get("state")
    faults = []
    if state is not None and state not in get_args(State):
        faults.append(Fault("query:state", f"must be one of {', '.join(get_args(State))}"))
    scope = f"{name}:{state}:{who().user_id}"
    limit, after = page_request(scope, tuple[datetime, UUID], faults)
    rows = await listed(services().database, who().user_id, state=state, after=after, limit=limit + 1)
    return json_answer(_page(scope, rows, limit), headers=PRIVATE)


def _page(scope: str, rows: list[Teaching], limit: int) -> Page[Teaching]:
    return services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.id))
