"""The audit log: written in the transaction of the act, read by admins, cleared of a person by erasure."""

from datetime import datetime
from typing import Any
from uuid import UUID

from lyo_rt.audit.records import Act, AuditEntry, Origin
from lyo_rt.database.pool import Queries, Transaction, many


async def record(
    transaction: Transaction,
    act: Act,
    origin: Origin,
    *,
    subject: UUID | None,
    details: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Keep that this was done: committed with the act, or not at all.

    `details` must not hold secrets or personal text of anybody but the subject: erasure empties those of a subject.
    """
    await transaction.execute(
        """
        INSERT INTO audit_log (act, actor_id, subject_id, details, request_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        act,
        origin.actor_id,
        subject,
        details or {},
        origin.request_id,
        now,
    )


async def list_entries(
    queries: Queries,
    *,
    act: str | None,
    actor: UUID | None,
    subject: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[AuditEntry]:
    """Entries, newest first, behind a place; those of one act, actor or subject where these are given."""
    moment, id = after or (None, None)
    rows = await queries.fetch(
        """
        SELECT id, act, actor_id, subject_id, details, request_id, created_at FROM audit_log
        WHERE ($1::text IS NULL OR act = $1) AND ($2::uuid IS NULL OR actor_id = $2)
            AND ($3::uuid IS NULL OR subject_id = $3)
            AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $6
        """,
        act,
        actor,
        subject,
        moment,
        id,
        limit,
    )
    return many(AuditEntry, rows)


async def erase(transaction: Transaction, person: UUID) -> int:
    """Take a person's identity out of the log; the acts and their times stay. Returns of how many entries.

    As actor and as subject they become null, and the details of what was done to them are emptied. This is the only
    way an entry ever changes: a trigger refuses every other.
    """
    entries: int = await transaction.fetchval("SELECT erase_from_audit_log($1)", person)
    return entries
