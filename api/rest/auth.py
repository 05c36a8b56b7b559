"""Coming in and going out."""

from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from quart import Blueprint, Quart, Response, request
from quart_schema import validate_request

from api import age_gate
from api.age_gate import RegistrationHeld
from api.authentication import authenticate, signed_in, who
from api.openapi import answers
from api.requests import caller
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.minors.rules import birth_date
from lyo_rt.accounts.records import RefreshedTokens, Registered, SignedIn
from lyo_rt.accounts.rules import LONGEST_EMAIL, LONGEST_NAME, email_address, person_name
from lyo_rt.mail.rules import preferred
from lyo_rt.problems import EmailTaken, NotAuthenticated, SessionRevoked, WrongCredentials
from lyo_rt.security.passwords import LEAST_CHARACTERS, MOST_BYTES, broken_rules

blueprint = Blueprint("auth", __name__, url_prefix="/v1/auth")
blueprint.record_once(lambda state: authenticate(cast("Quart", state.app)))

NOT_STORED = {"Cache-Control": "no-store"}
"""RFC 6749 §5.1: answers with tokens are kept by no cache."""
LONGEST_TEXT = 1000
LONGEST_DEVICE = 200


def _obeys_rules(password: SecretStr) -> SecretStr:
    """Every broken rule is a fault of its own; Pydantic's usual validators can tell one only."""
    faults = [
        InitErrorDetails(type=PydanticCustomError("password_rule", phrase), loc=(), input=None)
        for phrase in broken_rules(password.get_secret_value())
    ]
    if faults:
        raise ValidationError.from_exception_data("password", faults)
    return password


def _born(given: Any) -> date | None:
    """A date as it is written; Pydantic alone takes seconds since 1970, too."""
    if given is None:
        return None
    if not isinstance(given, str):
        raise ValueError("is no date such as 2001-02-28")
    return birth_date(given)


class RegisterRequest(BaseModel):
    """A new account. It is a student's; other roles are given by those who may give them."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "email": "student@example.com",
                    "password": "SecurePassword123!",
                    "full_name": "John Student",
                    "user_type": "student",
                }
            ]
        },
    )

    email: Annotated[str, AfterValidator(email_address)] = Field(
        description="unique, upper and lower case alike",
        json_schema_extra={"format": "email", "maxLength": LONGEST_EMAIL},
    )
    password: Annotated[SecretStr, AfterValidator(_obeys_rules)] = Field(
        description=f"at least {LEAST_CHARACTERS} characters and at most {MOST_BYTES} bytes, with an upper-case "
        "letter, a lower-case letter, a digit and a special character; not a common one"
    )
    full_name: Annotated[str, AfterValidator(person_name)] = Field(
        description="as the learner wants to be called", json_schema_extra={"minLength": 1, "maxLength": LONGEST_NAME}
    )
    birth_date: Annotated[date | None, BeforeValidator(_born)] = Field(
        None, description="YYYY-MM-DD; needed where the deployment asks for it. It is not changed afterwards"
    )
    user_type: Literal["student"] = Field("student", description="teachers and admins are made by a super admin")


class LoginRequest(BaseModel):
    """E-mail and password of an account."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"email": "student@example.com", "password": "SecurePassword123!"}]},
    )

    email: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] = Field(description="upper and lower case alike")
    password: SecretStr = Field(max_length=LONGEST_TEXT, description="the account's password")


class RefreshRequest(BaseModel):
    """A refresh token that has not been used."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"refresh_token": "J9nP7yNZtTzC8R0kQm1sVbXwL4eGdUaHfIoY5K2p3cE"}]},
    )

    refresh_token: SecretStr = Field(max_length=LONGEST_TEXT, description="as register, login or refresh answered it")


@blueprint.post("/register")
@answers(Registered, status=201, signed_in=False, problems=(EmailTaken, RegistrationHeld))
@validate_request(RegisterRequest)
async def register(data: RegisterRequest) -> Response:
    """Register a new learner.

    The account is signed in: the answer carries both tokens. All that is wrong with the request is told at once. A
    mail asks whether the address is theirs, in the language of `Accept-Language` where there is one that mails speak;
    it becomes the learner's.

    With a `birth_date` a parent's consent may be needed first: what is for learning then answers 403 with
    `CONSENT_REQUIRED`, and `/v1/users/me/consent` says how to go on.
    """
    age_gate.admit()
    registered = await services().accounts.register(
        email=data.email,
        password=data.password.get_secret_value(),
        full_name=data.full_name,
        birth_date=data.birth_date,
        language=preferred(request.accept_languages.values()),
        device=_device(),
        caller=caller(),
    )
    answer = json_answer(registered, 201, {**NOT_STORED, "Location": "/v1/users/me"})
    if services().accounts.identify(registered.access_token).consent == "pending":
        age_gate.hold(answer, services().clock.now())
    return answer


@blueprint.post("/login")
@answers(SignedIn, signed_in=False, problems=(WrongCredentials,))
@validate_request(LoginRequest)
async def login(data: LoginRequest) -> Response:
    """Sign in with e-mail and password.

    Sets no cookie. An unknown e-mail and a wrong password are answered alike, in the same time.

    The fifth wrong password in a row with one e-mail, wherever they come from, holds off the next for half a minute,
    each one more for twice as long, up to a quarter of an hour (429). Who signs in from an address at which the
    learner was within 90 days, or has chosen a new password by a mailed link, is not held off by it.
    """
    signed = await services().accounts.login(
        email=data.email, password=data.password.get_secret_value(), device=_device(), caller=caller()
    )
    return json_answer(signed, headers=NOT_STORED)


@blueprint.post("/refresh")
@answers(RefreshedTokens, signed_in=False, limit="general", problems=(NotAuthenticated, SessionRevoked))
@validate_request(RefreshRequest)
async def refresh(data: RefreshRequest) -> Response:
    """Get a new pair of tokens for a refresh token.

    A refresh token is good for one use. Using a spent one ends the refreshing of its whole session; access tokens stay
    good until they expire or are logged out. It is counted as any request, by address: a school behind one address
    refreshes often, and a token of 256 random bits is not guessed.
    """
    pair = await services().accounts.refresh(data.refresh_token.get_secret_value(), caller=caller())
    return json_answer(pair, headers=NOT_STORED)


@blueprint.post("/logout")
@answers(status=204)
@signed_in
async def logout() -> Response:
    """Sign this device out.

    Its access and refresh tokens are refused at once, on every instance; its live sockets are closed. Takes no body.
    """
    await services().accounts.logout(who(), caller=caller())
    return Response(status=204)


def _device() -> str | None:
    """What the client calls itself."""
    return request.headers.get("User-Agent", "")[:LONGEST_DEVICE] or None
