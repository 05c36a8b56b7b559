"""A parent's consent as children ask for it, and what was agreed to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from quart import Blueprint, Response, request
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.openapi import answers
from api.profile_requests import Strict
from api.requests import page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts import agreements
from lyo_rt.accounts.agreements import Agreement
from lyo_rt.accounts.minors.records import ConsentState
from lyo_rt.accounts.rules import LONGEST_EMAIL, email_address
from lyo_rt.cursor import Page
from lyo_rt.mail.rules import preferred
from lyo_rt.problems import Conflict

blueprint = Blueprint("consent", __name__, url_prefix="/v1/users/me")

PRIVATE = {"Cache-Control": "private, no-cache"}


class AskRequest(Strict):
    """The e-mail address of a parent."""

    model_config = Strict.model_config | {"json_schema_extra": {"examples": [{"parent_email": "parent@example.com"}]}}

    parent_email: Annotated[str, AfterValidator(email_address)] = Field(
        description="kept sealed, and forgotten with the account",
        json_schema_extra={"format": "email", "maxLength": LONGEST_EMAIL},
    )


@blueprint.get("/consent")
@answers(ConsentState)
@signed_in
async def read() -> Response:
    """Read whether a parent has to agree, and has.

    When `consent` has become `given`, refresh the access token: the new one opens what is for learning.
    """
    return json_answer(await services().parents.state(who()), headers=PRIVATE)


@blueprint.post("/consent")
@answers(ConsentState, status=202, problems=(Conflict,))
@signed_in
@validate_request(AskRequest)
async def ask(data: AskRequest) -> Response:
    """Ask a parent for their consent, by mail.

    No other mail goes out within a minute, nor while three links are still good; the answer is the same. Another
    address takes the place of the one before, until a parent has agreed: from then on only they can agree again.
    """
    language = preferred(request.accept_languages.values())
    await services().parents.ask(who(), email=data.parent_email, language=language)
    headers = {"Location": "/v1/users/me/consent", "Retry-After": "60"}
    return json_answer(await services().parents.state(who()), 202, PRIVATE | headers)


@blueprint.get("/agreements")
@answers(Page[Agreement], page=True)
@signed_in
async def list_agreements() -> Response:
    """List what one has agreed to, or a parent has, newest first: which version of which text, when, by whom."""
    learner = who().user_id
    scope = f"agreements:{learner}"
    limit, after = page_request(scope, tuple[datetime, UUID])
    rows = await agreements.list_agreements(services().database, learner, after=after, limit=limit + 1)
    return json_answer(services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.id)))
