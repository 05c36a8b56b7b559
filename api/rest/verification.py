"""Whether an e-mail address is its learner's."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from quart import Blueprint, Response
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.openapi import answers
from api.requests import request_id
from api.rest.auth import LONGEST_TEXT
from api.services import services

blueprint = Blueprint("verification", __name__, url_prefix="/v1/auth/verify-email")


class VerifyRequest(BaseModel):
    """The token of a mailed link."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"token": "pYb2mXv0nQ4cJtK8wR6sLhZ1uF3gD5aEoI7yBxVqTNk"}]},
    )

    token: SecretStr = Field(max_length=LONGEST_TEXT, description="what stands behind the # of the link")


@blueprint.post("")
@answers(status=204, signed_in=False)
@validate_request(VerifyRequest)
async def verify(data: VerifyRequest) -> Response:
    """Verify an e-mail address with the token that was mailed to it.

    A token is good once, for 24 hours, and while the address is the account's; one that is not is answered with 422
    and a fault at `/token`. The learner's devices are told by the event `email.verified`.
    """
    await services().verification.confirm(data.token.get_secret_value(), request_id=request_id())
    return Response(status=204)


@blueprint.post("/resend")
@answers(status=204)
@signed_in
async def resend() -> Response:
    """Ask for another mail to verify one's e-mail address.

    No other is sent within a minute of the one before, nor while three are still good, nor when the address is
    verified; the answer is the same. Takes no body.
    """
    await services().verification.ask_again(who())
    return Response(status=204)
