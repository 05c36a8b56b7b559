"""Who is asking: Quart-Auth in bearer mode over `Accounts.identify`, and what RFC 6750 wants said to those refused."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

import structlog
from quart import Quart, current_app, has_request_context, request, websocket
from quart_auth import AuthUser, QuartAuth

from api.exchange import exchange_of
from api.services import services
from lyo_rt.problems import NotAuthenticated
from lyo_rt.security.tokens import Identity

INVALID = 'Bearer realm="lyo", error="invalid_token"'
EXTENSION = "lyo.authentication"

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Asker(AuthUser):
    """Who sent the current request: an identity, or why there is none."""

    def __init__(self, auth_id: str | None = None) -> None:
        super().__init__(auth_id)
        self.identity: Identity | None = None
        self.refusal: NotAuthenticated | None = None


class BearerAuthentication(QuartAuth):
    """Quart-Auth with this product's access tokens. A bad token harms only the routes that ask who is asking."""

    user_class: type[AuthUser] = Asker

    def resolve_user(self) -> Asker:
        """The asker, by the request's Authorization header."""
        headers = request.headers if has_request_context() else websocket.headers
        token = bearer_token(headers.get("Authorization"))
        if token is None:
            return Asker()
        try:
            identity = services().accounts.identify(token)
        except NotAuthenticated as refusal:
            asker = Asker()
            asker.refusal = refusal
            refusal.headers["WWW-Authenticate"] = f'{INVALID}, error_description="{refusal.detail}"'
            return asker
        asker = Asker(str(identity.user_id))
        asker.identity = identity
        return asker


def authenticate(app: Quart) -> None:
    """Make `who()` and `signed_in` work in the routes of `app`; to be called once."""
    app.extensions[EXTENSION] = BearerAuthentication(app, mode="bearer")


def bearer_token(authorization: str | None) -> str | None:
    """The token of an Authorization header (RFC 6750 §2.1), or None when it carries none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def who() -> Identity:
    """Who sent the current request; the log lines written for it name them from here on.

    Raises TokenExpired, SessionRevoked, or NotAuthenticated, with the WWW-Authenticate header of RFC 6750 §3.
    """
    exchange = exchange_of(request.scope)  # type: ignore[arg-type]
    if exchange.identity is None:
        asker = cast("Asker", current_app.extensions[EXTENSION].load_user())
        if asker.identity is None:
            raise asker.refusal or NotAuthenticated()
        structlog.contextvars.bind_contextvars(user_id=asker.auth_id)
        exchange.identity = asker.identity
    return exchange.identity


def signed_in(route: Callable[Arguments, Awaitable[Result]]) -> Callable[Arguments, Awaitable[Result]]:
    """The route answers only those who are signed in, before it looks at anything else of the request."""

    @wraps(route)
    async def guarded(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        who()
        return await route(*arguments, **named)

    return guarded
