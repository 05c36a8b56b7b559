"""The SQL of the outbox: one statement per function."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries
from lyo_rt.mail.records import Kind, Letter, Waiting
from lyo_rt.mail.tokens import Mailed

RECIPIENT = "mail_outbox.recipient"
CLAIM = timedelta(seconds=180)
"""How long a mail is its taker's, from the moment it was due: longer than to send it and to store that it was sent,
with the difference of two instances' clocks. Only an instance that died lets a mail wait for so long."""


async def insert_letter(
    queries: Queries, letter: Letter, mailed: Mailed, *, due_at: datetime | None = None, now: datetime
) -> None:
    """One more mail that waits, due at once or then."""
    await queries.execute(
        """
        INSERT INTO mail_outbox
            (id, user_id, kind, recipient, name, language, page, key_id, due_at, useless_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $11, $10, $9)
        """,
        mailed.letter_id,
        letter.user_id,
        letter.kind,
        queries.cipher.seal(letter.recipient, RECIPIENT, mailed.letter_id),
        letter.name,
        letter.language,
        letter.page,
        mailed.key_id,
        now,
        letter.useless_at,
        due_at or now,
    )


async def take(queries: Queries, *, now: datetime, limit: int) -> list[Waiting]:
    """Up to `limit` mails that are due, the longest waiting first; nobody else takes them for the time of a claim."""
    rows = await queries.fetch(
        """
        WITH due AS (
            SELECT id FROM mail_outbox WHERE state = 'WAITING' AND due_at <= $1
            ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        UPDATE mail_outbox AS mail SET attempts = attempts + 1, due_at = $3 FROM due WHERE mail.id = due.id
        RETURNING mail.id, kind, recipient, name, language, page, key_id, attempts AS attempt, created_at, useless_at
        """,
        now,
        limit,
        now + CLAIM,
    )
    opened = [{**row, "recipient": queries.cipher.open(row["recipient"], RECIPIENT, row["id"])} for row in rows]
    return msgspec.convert(opened, list[Waiting])


async def try_again(queries: Queries, waiting: Waiting, *, due_at: datetime, fault: str) -> None:
    """This attempt has failed; there may be another."""
    await queries.execute(
        """
        UPDATE mail_outbox SET due_at = $3, fault = $4 WHERE id = $1 AND attempts = $2 AND state = 'WAITING'
        """,
        waiting.id,
        waiting.attempt,
        due_at,
        fault,
    )


async def settle(queries: Queries, waiting: Waiting, state: str, *, fault: str | None = None) -> None:
    """The mail has been SENT, or is GIVEN_UP: whose it was and how they were greeted is forgotten."""
    await queries.execute(
        """
        UPDATE mail_outbox SET state = $3, fault = $4, recipient = NULL, name = ''
        WHERE id = $1 AND attempts = $2 AND state = 'WAITING'
        """,
        waiting.id,
        waiting.attempt,
        state,
        fault,
    )


async def drop_waiting(queries: Queries, user_id: UUID, kind: Kind) -> None:
    """Mails of this kind about the learner are not sent any more; one that is on its way is."""
    await queries.execute(
        "DELETE FROM mail_outbox WHERE user_id = $1 AND kind = $2 AND state = 'WAITING'", user_id, kind
    )


async def purge(queries: Queries, *, before: datetime) -> int:
    """Delete the settled mails that were posted before then; returns how many."""
    tag = await queries.execute("DELETE FROM mail_outbox WHERE state <> 'WAITING' AND created_at < $1", before)
    return int(tag.rpartition(" ")[2])
