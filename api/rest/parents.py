"""What parents do with the links that are mailed to them. They have no account; the token says whose child it is."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import msgspec
from pydantic import ConfigDict, Field, SecretStr
from quart import Blueprint, Response
from quart_schema import validate_request

from api.openapi import answers
from api.profile_requests import Strict
from api.requests import request_id
from api.responses import json_answer
from api.rest.auth import LONGEST_TEXT
from api.services import services
from lyo_rt.mail.rules import spoken
from lyo_rt.privacy.repository import count_kept
from lyo_rt.privacy.service import cancel_work
from lyo_rt.security.tokens import Consent

blueprint = Blueprint("parents", __name__, url_prefix="/v1/parents")

NOT_STORED = {"Cache-Control": "no-store"}


class LinkRequest(Strict):
    """The token of a mailed link."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"token": "pYb2mXv0nQ4cJtK8wR6sLhZ1uF3gD5aEoI7yBxVqTNk", "language": "en"}]},
    )

    token: SecretStr = Field(max_length=LONGEST_TEXT, description="what stands behind the # of the link")
    language: str = Field("en", max_length=35, description="in which the page was read, a BCP 47 tag")


class ChildReview(msgspec.Struct, frozen=True):
    """What is kept of a child: the account, and how many rows of what else, by feature."""

    full_name: str
    email: str
    birth_date: date | None
    registered_at: datetime
    consent: Consent
    kept: Mapping[str, Mapping[str, int]]


class Sent(msgspec.Struct, frozen=True):
    """That something will be mailed."""

    mailed: Literal[True] = True


@blueprint.post("/agree")
@answers(status=204, signed_in=False)
@validate_request(LinkRequest)
async def agree(data: LinkRequest) -> Response:
    """Agree that one's child learns here.

    A token is good once, for seven days; one that is not is answered with 422 and a fault at `/token`, here and below.
    Consent opens learning to the child from its next access token on. A day later a second mail confirms it.
    """
    token, language = data.token.get_secret_value(), spoken(data.language)
    await services().parents.agree(token, language=language, request_id=request_id())
    return Response(status=204)


@blueprint.post("/review")
@answers(ChildReview, signed_in=False)
@validate_request(LinkRequest)
async def review(data: LinkRequest) -> Response:
    """See what is kept of one's child.

    With the link of the confirming mail, which is good for sixty days, as often as one likes.
    """
    child = await services().parents.look(data.token.get_secret_value())
    kept = await count_kept(services().database, child.id)
    shown = ChildReview(child.full_name, child.email, child.birth_date, child.created_at, child.consent, kept)
    return json_answer(shown, headers=NOT_STORED)


@blueprint.post("/export")
@answers(Sent, status=200, signed_in=False)
@validate_request(LinkRequest)
async def export(data: LinkRequest) -> Response:
    """Have all that is kept of one's child put together as a ZIP, to which a link is mailed.

    While one is being made no other is begun.
    """
    child = await services().parents.look(data.token.get_secret_value())
    async with services().database.transaction() as transaction:
        await services().workshop.export_for_parent(transaction, child.id, now=services().clock.now())
    return json_answer(Sent(), headers=NOT_STORED)


@blueprint.post("/withdraw")
@answers(status=204, signed_in=False)
@validate_request(LinkRequest)
async def withdraw(data: LinkRequest) -> Response:
    """Take one's consent back.

    All the child's devices are signed out, on every instance, and live sockets are closed with 4010. The account waits
    for consent again, and is erased when two weeks have passed without. What is being written for the child ends.
    """
    child = await services().parents.withdraw(data.token.get_secret_value(), request_id=request_id())
    await cancel_work(services().database, child)
    return Response(status=204)


@blueprint.post("/erase")
@answers(status=204, signed_in=False)
@validate_request(LinkRequest)
async def erase(data: LinkRequest) -> Response:
    """Have the child's account and everything in it erased.

    With any of the links. All its devices are signed out, the erasure begins at once, and nobody takes it back.
    """
    await services().parents.erase(data.token.get_secret_value(), request_id=request_id())
    return Response(status=204)
