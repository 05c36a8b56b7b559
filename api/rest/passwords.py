"""Passwords that are forgotten, and passwords that are changed."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from quart import Blueprint, Response
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.openapi import answers
from api.requests import caller, origin
from api.rest.auth import LONGEST_TEXT
from api.services import services
from lyo_rt.accounts.rules import LONGEST_EMAIL, email_address

blueprint = Blueprint("passwords", __name__, url_prefix="/v1/auth/password")

RULES = "as at registration: 12 characters or more, upper and lower case, a digit, a special character, not common"


class ForgotRequest(BaseModel):
    """The e-mail of an account."""

    model_config = ConfigDict(
        hide_input_in_errors=True, json_schema_extra={"examples": [{"email": "student@example.com"}]}
    )

    email: Annotated[str, AfterValidator(email_address)] = Field(
        description="upper and lower case alike", json_schema_extra={"format": "email", "maxLength": LONGEST_EMAIL}
    )


class ResetRequest(BaseModel):
    """The token of a mailed link, and the new password."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {"token": "pYb2mXv0nQ4cJtK8wR6sLhZ1uF3gD5aEoI7yBxVqTNk", "password": "Another-Password-456!"},
            ]
        },
    )

    token: SecretStr = Field(max_length=LONGEST_TEXT, description="what stands behind the # of the link")
    password: SecretStr = Field(max_length=LONGEST_TEXT, description=RULES)


class ChangeRequest(BaseModel):
    """The password that is, and the one that is to be."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"current_password": "SecurePassword123!", "new_password": "Another-Password-456!"}]
        },
    )

    current_password: SecretStr = Field(max_length=LONGEST_TEXT, description="the account's password now")
    new_password: SecretStr = Field(max_length=LONGEST_TEXT, description=RULES)


@blueprint.post("/forgot")
@answers(status=204, signed_in=False)
@validate_request(ForgotRequest)
async def forgot(data: ForgotRequest) -> Response:
    """Ask for a mail with a link to choose a new password.

    The answer is the same, after the same time, whether there is an account with this e-mail or not. No other mail is
    sent within a minute of the one before, nor while three links are still good; a link is good for an hour. To the
    address of a child's parent another link goes with which they look after the child.
    """
    await services().password_changes.forgot(data.email)
    return Response(status=204)


@blueprint.post("/reset")
@answers(status=204, signed_in=False)
@validate_request(ResetRequest)
async def reset(data: ResetRequest) -> Response:
    """Choose a new password with the token of a mailed link.

    All devices of the account are signed out, on every instance, and their live sockets closed; sign in with the new
    password. A token is good once; one that is not is answered with 422 and a fault at `/token`. The e-mail counts as
    verified: only who reads its mails has the token.
    """
    token, password = data.token.get_secret_value(), data.password.get_secret_value()
    await services().password_changes.reset(token, password, caller=caller())
    return Response(status=204)


@blueprint.post("/change")
@answers(status=204, limit="auth")
@signed_in
@validate_request(ChangeRequest)
async def change(data: ChangeRequest) -> Response:
    """Change one's password.

    Counted with the sign-ins, but by learner: who has found an unlocked phone is to guess no faster than a stranger.
    This device stays signed in; all others are signed out, on every instance, and their live sockets closed. A wrong
    `current_password` is answered with 422 and a fault there.
    """
    await services().password_changes.change(
        who(), origin(), current=data.current_password.get_secret_value(), new=data.new_password.get_secret_value()
    )
    return Response(status=204)
