"""Who opens a WebSocket: `Authorization: Bearer`, or `?token=` where a client cannot set headers."""

from urllib.parse import parse_qs

from api.asgi import Scope
from api.authentication import bearer_token
from api.cors import allowed_origins
from api.doors import let_in
from api.exchange import header
from api.services import Services
from lyo_rt.accounts import tickets
from lyo_rt.problems import Forbidden
from lyo_rt.security.tokens import Identity
from lyo_rt.settings import Settings


async def identified(scope: Scope, services: Services) -> Identity | None:
    """Who a handshake says is coming, by access token or, in the address, by a ticket, which is spent by this.

    None when it carries neither. Raises NotAuthenticated, TokenExpired, SessionRevoked, ConsentRequired, Unavailable.
    """
    if (token := bearer_token(header(scope["headers"], b"authorization"))) is not None:
        return let_in(services.accounts.identify(token))
    given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    if given is None:
        return None
    if tickets.is_ticket(given[0]):
        return let_in(await tickets.redeem(services.database, given[0], now=services.clock.now()))
    return let_in(services.accounts.identify(given[0]))


def check_origin(scope: Scope, settings: Settings) -> None:
    """A browser names the page that opens the socket: only this server's own pages and the allowed ones may.

    Apps send no Origin. Raises Forbidden (RFC 6455 §10.2: cross-site WebSocket hijacking).
    """
    origin = header(scope["headers"], b"origin")
    host = header(scope["headers"], b"host")
    if origin is None or origin in allowed_origins(settings):
        return
    scheme, _, named = origin.partition("://")
    if not host or scheme.lower() not in {"http", "https"} or named.lower() != host.lower():
        raise Forbidden(f"Pages of {origin} may not open sockets here.")
