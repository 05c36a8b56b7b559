"""One-time tokens that are mailed to a learner: each is good for one use, for its time, and for the address it went to.

The database knows a token by its digest only (how they are made: lyo_rt/mail/tokens.py). Whoever uses or drops them has
locked the account before, so that two uses at once, on any two instances, come one after the other.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries, one
from lyo_rt.mail.tokens import digest, is_token

Purpose = Literal["verify_email", "reset_password"]
REFUSED = "is not valid: it is used already, or too old"


class Redeemed(msgspec.Struct, frozen=True):
    """Whose token it was, and the address that it was mailed to."""

    user_id: UUID
    email_key: str


class Outstanding(msgspec.Struct, frozen=True):
    """The tokens of one purpose that a learner could still use."""

    count: int
    newest: datetime | None


async def find_outstanding(
    queries: Queries, purpose: Purpose, user_id: UUID, email_key: str, *, now: datetime
) -> Outstanding:
    """What has been mailed to the learner at this address and is still good."""
    row = await queries.fetchrow(
        """
        SELECT count(*) AS count, max(created_at) AS newest FROM mailed_tokens
        WHERE user_id = $1 AND email_key = $2 AND purpose = $3 AND expires_at > $4
        """,
        user_id,
        email_key,
        purpose,
        now,
    )
    return one(Outstanding, row) or Outstanding(0, None)


async def keep(
    queries: Queries,
    digest: bytes,
    purpose: Purpose,
    *,
    user_id: UUID,
    email_key: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """One more token."""
    await queries.execute(
        """
        INSERT INTO mailed_tokens (digest, purpose, user_id, email_key, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        digest,
        purpose,
        user_id,
        email_key,
        now,
        expires_at,
    )


async def is_good(queries: Queries, purpose: Purpose, text: str, *, now: datetime) -> bool:
    """Whether the token could be used now."""
    found = is_token(text) and await queries.fetchval(
        "SELECT true FROM mailed_tokens WHERE digest = $1 AND purpose = $2 AND expires_at > $3",
        digest(text),
        purpose,
        now,
    )
    return bool(found)


async def lock_account(queries: Queries, purpose: Purpose, text: str) -> None:
    """Let nobody else change the account of this token until the transaction ends."""
    await queries.execute(
        """
        SELECT FROM users WHERE id = (SELECT user_id FROM mailed_tokens WHERE digest = $1 AND purpose = $2)
        FOR NO KEY UPDATE
        """,
        digest(text),
        purpose,
    )


async def redeem(queries: Queries, purpose: Purpose, text: str, *, now: datetime) -> Redeemed | None:
    """Whose token it was, and it is no more; None for one that is unknown, used or too old. Behind `lock_account`."""
    row = await queries.fetchrow(
        """
        DELETE FROM mailed_tokens WHERE digest = $1 AND purpose = $2 AND expires_at > $3
        RETURNING user_id, email_key
        """,
        digest(text),
        purpose,
        now,
    )
    return one(Redeemed, row)


async def drop(queries: Queries, purpose: Purpose, user_id: UUID) -> None:
    """None of the learner's tokens for this is good any more."""
    await queries.execute("DELETE FROM mailed_tokens WHERE user_id = $1 AND purpose = $2", user_id, purpose)


async def purge(queries: Queries, *, now: datetime) -> int:
    """Delete the tokens that nobody has used in time; returns how many."""
    tag = await queries.execute("DELETE FROM mailed_tokens WHERE expires_at <= $1", now)
    return int(tag.rpartition(" ")[2])
