"""No second try at the age gate: who has registered as a child does not register again from there for a day.

The client keeps that, in a cookie, so that nothing more has to be known here; what it holds is sealed and names nobody.
"""

from datetime import datetime, timedelta

from quart import Response, request

from api.services import services
from lyo_rt.problems import Conflict
from lyo_rt.security.encryption import Unreadable

COOKIE = "registered"
PLACE = "cookies.registered"
HELD = timedelta(days=1)


class RegistrationHeld(Conflict):
    """Nobody registers here just now."""

    code = "REGISTRATION_HELD"


def admit() -> None:
    """Raises RegistrationHeld for a client that has registered a child within a day, whatever it says now."""
    try:
        until = services().database.cipher.open(request.cookies.get(COOKIE, ""), PLACE)
    except Unreadable:
        return
    if until.isdecimal() and int(until) > services().clock.now().timestamp():
        raise RegistrationHeld("Somebody has just registered here. Sign in, or come back tomorrow.")


def hold(response: Response, now: datetime) -> None:
    """The client has registered a child."""
    until = str(int((now + HELD).timestamp()))
    response.set_cookie(
        COOKIE,
        services().database.cipher.seal(until, PLACE),
        max_age=HELD,
        httponly=True,
        secure=services().settings.reached_at.startswith("https:"),
        samesite="Strict",
    )
