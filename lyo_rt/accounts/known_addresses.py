"""Where somebody has signed in from: guesses by others do not hold off who comes from there again.

An address is kept as a blind index, under the e-mail and the data key: it can be recognised, and not be read.
"""

from datetime import datetime, timedelta
from uuid import UUID

from lyo_rt.database.pool import Queries

KEPT = timedelta(days=90)
"""Since somebody was last there."""
COLUMN = "known_addresses.digest"


async def remember(queries: Queries, user_id: UUID, email_key: str, address: str, *, now: datetime) -> None:
    """The learner of this e-mail has shown at this address that they are who they say."""
    await queries.execute(
        """
        INSERT INTO known_addresses (user_id, digest, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, digest) DO UPDATE SET seen_at = greatest(known_addresses.seen_at, excluded.seen_at)
        """,
        user_id,
        queries.cipher.indexes(COLUMN, email_key, address)[0],
        now,
    )


async def knows(queries: Queries, email_key: str, address: str, *, now: datetime) -> bool:
    """Whether somebody with this e-mail has; the same is done where nobody has it."""
    found = await queries.fetchval(
        """
        SELECT true FROM known_addresses JOIN users ON users.id = user_id
        WHERE email_key = $1 AND digest = ANY ($2) AND seen_at > $3
        """,
        email_key,
        queries.cipher.indexes(COLUMN, email_key, address),
        now - KEPT,
    )
    return bool(found)


async def purge(queries: Queries, *, now: datetime) -> int:
    """Forget the addresses at which nobody has been for long; returns how many."""
    rows = await queries.fetch("DELETE FROM known_addresses WHERE seen_at <= $1 RETURNING 1", now - KEPT)
    return len(rows)
