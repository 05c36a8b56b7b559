"""The SQL of teaching: one statement per function."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries, Row, Transaction
from lyo_rt.teaching.records import State, Teaching

_TEACHING = """
    SELECT r.id, r.state, r.email, r.created_at, r.accepted_at, r.ended_at,
        jsonb_build_object('id', t.id, 'full_name', t.full_name) AS teacher,
        CASE WHEN r.accepted_at IS NOT NULL THEN jsonb_build_object('id', s.id, 'full_name', s.full_name) END AS student
    FROM teaching r JOIN users t ON t.id = r.teacher_id LEFT JOIN users s ON s.id = r.student_id
    """
_PLACE = "($2::timestamptz IS NULL OR (r.created_at, r.id) < ($2, $3::uuid))"
_ORDER = "ORDER BY r.created_at DESC, r.id DESC LIMIT $4"


async def teaches(queries: Queries, teacher: UUID, student: UUID) -> bool:
    """Whether the relation holds now."""
    found = await queries.fetchval(
        "SELECT true FROM teaching WHERE teacher_id = $1 AND student_id = $2 AND state = 'active'", teacher, student
    )
    return bool(found)


async def teaches_address(queries: Queries, teacher: UUID, email_key: str) -> bool:
    """Whether it holds with the account of this e-mail."""
    found = await queries.fetchval(
        """
        SELECT true FROM teaching r JOIN users s ON s.id = r.student_id
        WHERE r.teacher_id = $1 AND s.email_key = $2 AND r.state = 'active'
        """,
        teacher,
        email_key,
    )
    return bool(found)


async def invite(queries: Queries, teacher: UUID, *, email: str, email_key: str, now: datetime) -> UUID:
    """The open invitation to this e-mail, made now unless it is there already."""
    id: UUID = await queries.fetchval(
        """
        INSERT INTO teaching AS r (teacher_id, email, email_key, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (teacher_id, email_key) WHERE state = 'invited' DO UPDATE SET email = r.email
        RETURNING id
        """,
        teacher,
        email,
        email_key,
        now,
    )
    return id


async def lock(transaction: Transaction, id: UUID) -> None:
    """Nobody else changes the relation until the transaction ends."""
    await transaction.execute("SELECT FROM teaching WHERE id = $1 FOR UPDATE", id)


async def lock_address(transaction: Transaction, user_id: UUID) -> str | None:
    """The e-mail that invitations to a learner are addressed to; they answer one at a time."""
    found: str | None = await transaction.fetchval(
        "SELECT email_key FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id
    )
    return found


async def answer(
    transaction: Transaction, id: UUID, student: UUID, email_key: str, *, accepted: bool, now: datetime
) -> bool:
    """Accept or decline the invitation to this e-mail; False when there is none that is open."""
    done = await transaction.fetchval(
        """
        UPDATE teaching SET state = $4, student_id = $2, email_key = NULL,
            email = CASE WHEN $5 THEN NULL ELSE email END,
            accepted_at = CASE WHEN $5 THEN $6::timestamptz END,
            ended_at = CASE WHEN $5 THEN NULL ELSE $6::timestamptz END
        WHERE id = $1 AND state = 'invited' AND email_key = $3 RETURNING true
        """,
        id,
        student,
        email_key,
        "active" if accepted else "declined",
        accepted,
        now,
    )
    return bool(done)


async def end(queries: Queries, id: UUID, *, now: datetime) -> bool:
    """It holds no longer, or is withdrawn; False when it was over already."""
    done = await queries.fetchval(
        """
        UPDATE teaching SET state = 'ended', ended_at = $2, email = NULL, email_key = NULL
        WHERE id = $1 AND state IN ('invited', 'active') RETURNING true
        """,
        id,
        now,
    )
    return bool(done)


async def find_own(queries: Queries, id: UUID, user_id: UUID) -> Teaching | None:
    """The relation, when this is one of the two."""
    row = await queries.fetchrow(f"{_TEACHING} WHERE r.id = $1 AND $2 IN (r.teacher_id, r.student_id)", id, user_id)
    return None if row is None else _teaching(row)


async def list_students(
    queries: Queries, teacher: UUID, *, state: State | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Teaching]:
    """A teacher's, newest first, in one state or in all."""
    where = f"WHERE r.teacher_id = $1 AND {_PLACE} AND ($5::text IS NULL OR r.state = $5)"
    rows = await queries.fetch(f"{_TEACHING} {where} {_ORDER}", teacher, *_place(after), limit, state)
    return _teachings(rows)


async def list_teachers(
    queries: Queries, student: UUID, *, state: State | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Teaching]:
    """A student's, newest first, in one state or in all."""
    where = f"WHERE r.student_id = $1 AND {_PLACE} AND ($5::text IS NULL OR r.state = $5)"
    rows = await queries.fetch(f"{_TEACHING} {where} {_ORDER}", student, *_place(after), limit, state)
    return _teachings(rows)


async def list_invitations(
    queries: Queries, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Teaching]:
    """The open ones addressed to a learner, newest first."""
    where = f"WHERE r.state = 'invited' AND r.email_key = (SELECT email_key FROM users WHERE id = $1) AND {_PLACE}"  # noqa: S608
    rows = await queries.fetch(f"{_TEACHING} {where} {_ORDER}", user_id, *_place(after), limit)
    return _teachings(rows)


def _place(after: tuple[datetime, UUID] | None) -> tuple[datetime | None, UUID | None]:
    return after or (None, None)


def _teaching(row: Row) -> Teaching:
    return msgspec.convert(dict(row), Teaching)


def _teachings(rows: Sequence[Row]) -> list[Teaching]:
    return [_teaching(row) for row in rows]
