"""What opens a WebSocket where a client can set no header."""

import msgspec
from quart import Blueprint, Response

from api.authentication import signed_in, who
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts import tickets
from lyo_rt.problems import SessionRevoked

blueprint = Blueprint("tickets", __name__, url_prefix="/v1/ws/tickets")


class Ticket(msgspec.Struct, frozen=True):
    """A one-time ticket and the seconds it is good for."""

    ticket: str
    expires_in: int = msgspec.field(name="expiresIn")


@blueprint.post("")
@answers(
    Ticket,
    status=201,
    problems=(SessionRevoked,),
    headers={"Cache-Control": "no-store"},
    shown={"ticket": "wst_4HcPZ0mUe7pXn1dQb2sVtRkJy9aWgL8oCfE3iN6xBzM", "expiresIn": 30},
)
@signed_in
async def issue() -> Response:
    """Get a ticket for one WebSocket.

    A browser cannot send `Authorization` with a WebSocket, and an access token in an address would be in every log
    on the way. Open `/v1/ws?token=<ticket>` or `/v1/ws/tasks/{task_id}?token=<ticket>`, on any instance, within 30
    seconds: the socket is yours as if it had been opened with the access token of this request, to that token's end.
    A ticket that was used, is too old, or whose session has been signed out is refused with 401. It opens nothing
    else: as a bearer token it is not valid. Takes no body.
    """
    now = services().clock.now()
    text = await tickets.issue(services().database, who(), now=now)
    lasting = round(tickets.LIFETIME.total_seconds())
    return json_answer(Ticket(text, lasting), 201, {"Cache-Control": "no-store", "Location": "/v1/ws"})
