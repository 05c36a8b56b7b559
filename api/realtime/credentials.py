"""Who opens a WebSocket: `Authorization: Bearer`, or `?token=` where a client cannot set headers."""

from urllib.parse import parse_qs

from api.asgi import Scope
from api.authentication import bearer_token
from api.exchange import header
from lyo_rt.problems import Forbidden
from lyo_rt.settings import Settings


def token_of(scope: Scope) -> str | None:
    """The access token of a handshake, or None when it carries none."""
    if (token := bearer_token(header(scope["headers"], b"authorization"))) is not None:
        return token
    given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    return given[0] if given else None


def check_origin(scope: Scope, settings: Settings) -> None:
    """A browser names the page that opens the socket: only this server's own pages and the allowed ones may.

    Apps send no Origin. Raises Forbidden (RFC 6455 §10.2: cross-site WebSocket hijacking).
    """
    origin = header(scope["headers"], b"origin")
    host = header(scope["headers"], b"host")
    if origin is None or origin in settings.cors_origins:
        return
    if not host or origin.partition("://")[2].lower() != host.lower():
        raise Forbidden(f"Pages of {origin} may not open sockets here.")
