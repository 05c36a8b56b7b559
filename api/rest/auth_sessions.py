"""The devices that a learner is signed in on."""

from datetime import datetime
from uuid import UUID

from quart import Blueprint, Response

from api.authentication import signed_in, who
from api.openapi import answers
from api.requests import origin, page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.records import SignedInDevice
from lyo_rt.cursor import Page
from lyo_rt.problems import NotFound

blueprint = Blueprint("auth_sessions", __name__, url_prefix="/v1/auth/sessions")


@blueprint.get("")
@answers(Page[SignedInDevice], page=True)
@signed_in
async def list_devices() -> Response:
    """List the devices one is signed in on.

    The newest sign-in first. `device` is what the client called itself then, `current` is the one that asks.
    """
    asker = who()
    scope = f"auth_sessions:{asker.user_id}"
    limit, after = page_request(scope, tuple[datetime, UUID])
    devices = await services().signed_in_devices.list(asker, after, limit + 1)
    page = services().cursors.page(scope, devices, limit, lambda device: (device.created_at, device.id))
    return json_answer(page, headers={"Cache-Control": "private, no-cache"})


@blueprint.delete("/<uuid:session_id>")
@answers(status=204, problems=(NotFound,))
@signed_in
async def sign_out(session_id: UUID) -> Response:
    """Sign a device out.

    Its access and refresh tokens are refused at once, on every instance; its live sockets are closed. Takes no body.
    """
    await services().signed_in_devices.sign_out(who(), session_id, origin())
    return Response(status=204)
