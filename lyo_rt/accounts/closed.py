"""The SQL of accounts that their owners close: one statement per function."""

from datetime import datetime
from uuid import UUID

from lyo_rt.database.pool import Queries


async def leave(queries: Queries, user_id: UUID, password_hash: str, *, erase_at: datetime, now: datetime) -> bool:
    """The account is closed, to be erased then; False when it is not active, or this is not its password any more."""
    done = await queries.fetchval(
        """
        UPDATE users SET is_active = false, erase_at = $3, updated_at = $4
        WHERE id = $1 AND password_hash = $2 AND is_active RETURNING true
        """,
        user_id,
        password_hash,
        erase_at,
        now,
    )
    return bool(done)


async def come_back(queries: Queries, user_id: UUID, *, now: datetime) -> bool:
    """A closed account is active again; False when its time is over, or it is suspended."""
    done = await queries.fetchval(
        """
        UPDATE users SET is_active = true, erase_at = NULL, updated_at = $2
        WHERE id = $1 AND erase_at > $2 AND suspended_at IS NULL RETURNING true
        """,
        user_id,
        now,
    )
    return bool(done)
