"""One-time tickets: what opens a WebSocket where a client can set no header (SPEC §3).

An address ends up in logs and histories, so what is written there must be worthless a moment later: a ticket is good
for one socket within thirty seconds, and for nothing else. The database knows it by its digest only.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from lyo_rt.database.pool import Queries, one
from lyo_rt.problems import NotAuthenticated, SessionRevoked, TokenExpired
from lyo_rt.security.tokens import Identity

LIFETIME = timedelta(seconds=30)
REFUSED = "The ticket is not valid: it opens one socket, within 30 seconds; ask for a new one."

_TICKET = re.compile(r"wst_[A-Za-z0-9_-]{43}")


class Redeemed(Identity, frozen=True, kw_only=True):
    """What a ticket stood for."""

    valid_until: datetime
    revoked: bool


def is_ticket(text: str) -> bool:
    """Whether this is spelled like a ticket; an access token never is."""
    return _TICKET.fullmatch(text) is not None


async def issue(queries: Queries, identity: Identity, *, now: datetime) -> str:
    """A ticket of 256 random bits, good until thirty seconds from `now`.

    Raises SessionRevoked when the session is no more.
    """
    text = f"wst_{secrets.token_urlsafe(32)}"
    kept = await queries.fetchval(
        """
        INSERT INTO websocket_tickets (digest, session_id, token_expires_at, expires_at)
        SELECT $1, id, $3, $4 FROM auth_sessions WHERE id = $2 AND revoked_at IS NULL
        RETURNING true
        """,
        _digest(text),
        identity.session_id,
        identity.expires_at,
        now + LIFETIME,
    )
    if kept is None:
        raise SessionRevoked
    return text


async def redeem(queries: Queries, text: str, *, now: datetime) -> Identity:
    """Who asked for the ticket; their `expires_at` is that of the access token they asked with. It is spent by this.

    Raises NotAuthenticated for a ticket that is unknown, spent or too old, SessionRevoked when its session has been
    signed out meanwhile, TokenExpired when the access token's time has run out.
    """
    row = await queries.fetchrow(
        """
        DELETE FROM websocket_tickets AS ticket USING auth_sessions AS session, users
        WHERE digest = $1 AND session.id = session_id AND users.id = session.user_id
        RETURNING users.id AS user_id, session_id, email, user_type, is_premium AS premium, consent,
            token_expires_at AS expires_at, ticket.expires_at AS valid_until, revoked_at IS NOT NULL AS revoked
        """,
        _digest(text),
    )
    found = one(Redeemed, row)
    if found is None or found.valid_until <= now:
        raise NotAuthenticated(REFUSED)
    if found.revoked:
        raise SessionRevoked
    if found.expires_at <= now:  # no leeway: that is as long as a ticket lives
        raise TokenExpired
    return Identity(
        found.user_id,
        found.session_id,
        found.email,
        found.user_type,
        found.expires_at,
        premium=found.premium,
        consent=found.consent,
    )


async def purge(queries: Queries, *, now: datetime) -> int:
    """Delete the tickets that nobody has used in time; returns how many."""
    tag = await queries.execute("DELETE FROM websocket_tickets WHERE expires_at <= $1", now)
    return int(tag.rpartition(" ")[2])


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
