"""Learners."""

from quart import Blueprint, Response

from api.authentication import signed_in, who
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.records import Profile

blueprint = Blueprint("users", __name__, url_prefix="/v1/users")


@blueprint.get("/me")
@answers(Profile)
@signed_in
async def read_me() -> Response:
    """Read one's own profile."""
    return json_answer(await services().accounts.profile(who()), headers={"Cache-Control": "private, no-cache"})
