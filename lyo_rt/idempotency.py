"""One answer per Idempotency-Key: stored in the transaction that did the work, so neither exists without the other.

The second of two requests that arrive at once, on any instance, waits on the unique index until the first has been
committed, and is then given the first one's answer; had the first been rolled back, the second does the work.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Queries, Transaction, one
from lyo_rt.problems import Fault, IdempotencyKeyReused, InvalidInput

KEPT = timedelta(hours=24)

_VISIBLE = re.compile(r"[!-~]{1,255}")


class StoredAnswer(msgspec.Struct, frozen=True):
    """What the first request was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Kept(msgspec.Struct, frozen=True):
    body_digest: bytes
    status: int
    headers: dict[str, str]
    body: bytes


def valid_key(key: str) -> str:
    """The key itself. Raises InvalidInput unless it is 1 to 255 visible ASCII characters."""
    if not _VISIBLE.fullmatch(key):
        raise InvalidInput(errors=[Fault("header:Idempotency-Key", "must be 1 to 255 visible ASCII characters")])
    return key


def body_digest(body: Any) -> bytes:
    """SHA-256 of a parsed JSON body in one canonical form: neither whitespace nor the order of members counts."""
    return hashlib.sha256(msgspec.json.encode(body, order="sorted")).digest()


_TAKE = """
    INSERT INTO idempotency_keys AS kept (user_id, route, key, body_digest, created_at, status, headers, body)
    VALUES ($1, $2, $3, $4, $5, $7, $8, $9)
    ON CONFLICT (user_id, route, key) DO UPDATE
        SET body_digest = excluded.body_digest, created_at = excluded.created_at,
            status = excluded.status, headers = excluded.headers, body = excluded.body
        WHERE kept.created_at <= $6
    RETURNING true AS taken
    """


async def begin(
    transaction: Transaction, user_id: UUID, route: str, key: str, digest: bytes, *, now: datetime
) -> StoredAnswer | None:
    """Take the key for this transaction, waiting for another that holds it.

    Returns None when the work is still to be done (then call `finish` in the same transaction), else the stored
    answer. A key older than 24 hours counts as new. Raises IdempotencyKeyReused when it came with another body.
    """
    while not await transaction.fetchval(_TAKE, user_id, route, key, digest, now, now - KEPT, None, None, None):
        if (answer := await stored(transaction, user_id, route, key, digest)) is not None:
            return answer
    return None


def taking(
    changes: Changes, user_id: UUID, route: str, key: str, digest: bytes, answer: StoredAnswer, *, now: datetime
) -> None:
    """What `begin` and `finish` do, for work whose answer is known beforehand: the part `taken` of the changes.

    It returns no row when the key was taken before: then nothing that stands behind it happens, and `stored` has the
    first answer; where it has none any more, the same changes are to be carried out again.
    """
    changes.add(
        "taken", _TAKE, user_id, route, key, digest, now, now - KEPT, answer.status, answer.headers, answer.body
    )
    changes.want("taken")


async def stored(queries: Queries, user_id: UUID, route: str, key: str, digest: bytes) -> StoredAnswer | None:
    """The answer kept for a key that was taken; None when that has been deleted since (its day was over, or what it
    stood for failed), so that the key is free. Raises IdempotencyKeyReused when it came with another body."""
    kept = one(
        _Kept,
        await queries.fetchrow(
            "SELECT body_digest, status, headers, body FROM idempotency_keys"
            " WHERE user_id = $1 AND route = $2 AND key = $3",
            user_id,
            route,
            key,
        ),
    )
    if kept is None:
        return None
    if kept.body_digest != digest:
        raise IdempotencyKeyReused("This Idempotency-Key came with another body before; use a new key.")
    return StoredAnswer(kept.status, kept.headers, kept.body)


async def finish(transaction: Transaction, user_id: UUID, route: str, key: str, answer: StoredAnswer) -> None:
    """Keep the answer of the work that `begin` let through, in the same transaction."""
    await transaction.execute(
        "UPDATE idempotency_keys SET status = $4, headers = $5, body = $6"
        " WHERE user_id = $1 AND route = $2 AND key = $3",
        user_id,
        route,
        key,
        answer.status,
        answer.headers,
        answer.body,
    )


async def forget(queries: Queries, user_id: UUID, route: str, key: str, *, location: str) -> None:
    """Free a key whose kept answer names work, by its Location, that failed: the same request may then try again."""
    await queries.execute(
        "DELETE FROM idempotency_keys WHERE user_id = $1 AND route = $2 AND key = $3 AND headers->>'Location' = $4",
        user_id,
        route,
        key,
        location,
    )


async def purge(queries: Queries, *, now: datetime) -> int:
    """Delete the keys older than 24 hours; returns how many."""
    tag = await queries.execute("DELETE FROM idempotency_keys WHERE created_at <= $1", now - KEPT)
    return int(tag.rpartition(" ")[2])
