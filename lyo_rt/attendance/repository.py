"""The SQL of study rooms, one statement a function. Moments are the database's (`clock_timestamp()`)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.attendance.records import Member
from lyo_rt.database.pool import Queries, Transaction, many, one

ROOM_LOCK = 0x4C594F
"""First half of a room's advisory lock. Locks of two halves are not those that say an instance lives."""


class Arrival(msgspec.Struct, frozen=True):
    """A session's row as it was written; `known`: the stream had told before that its learner is there."""

    name: str
    joined_at: datetime
    known: bool


async def hold_room(transaction: Transaction, course: UUID) -> None:
    """Let nobody else come, leave, or be swept until the transaction ends.

    The row of the course's stream is no lock for it: a cancelled generation deletes the course, with the rows here,
    before it deletes the stream.
    """
    await transaction.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", ROOM_LOCK, str(course))


async def add_session(
    transaction: Transaction, *, course: UUID, session: UUID, user: UUID, instance: int
) -> Arrival | None:
    """The session is in the room, from now on or still; None when there is no such course or learner any more."""
    row = await transaction.fetchrow(
        """
        WITH there AS (
            SELECT courses.id AS course_id, users.id AS user_id, full_name FROM courses, users
            WHERE courses.id = $1 AND users.id = $3 AND is_active FOR KEY SHARE
        )
        INSERT INTO course_attendance (course_id, session, user_id, instance, joined_at)
        SELECT course_id, $2, user_id, $4, clock_timestamp() FROM there
        ON CONFLICT (course_id, session) DO UPDATE SET gone_at = NULL
        RETURNING joined_at, (SELECT full_name FROM there) AS name,
            EXISTS (SELECT FROM course_attendance before WHERE before.course_id = $1 AND before.user_id = $3) AS known
        """,
        course,
        session,
        user,
        instance,
    )
    return one(Arrival, row)


async def remove_session(transaction: Transaction, course: UUID, session: UUID) -> UUID | None:
    """Take the session out of the room, with what its learner has lost there before; whose it was."""
    user: UUID | None = await transaction.fetchval(
        """
        WITH leaving AS (SELECT user_id FROM course_attendance WHERE course_id = $1 AND session = $2)
        DELETE FROM course_attendance a USING leaving
        WHERE course_id = $1 AND a.user_id = leaving.user_id AND (session = $2 OR gone_at IS NOT NULL)
        RETURNING a.user_id
        """,
        course,
        session,
    )
    return user


async def mark_gone(queries: Queries, course: UUID, session: UUID) -> None:
    """The socket was lost: the session's time to be back runs."""
    await queries.execute(
        """
        UPDATE course_attendance SET gone_at = clock_timestamp()
        WHERE course_id = $1 AND session = $2 AND gone_at IS NULL
        """,
        course,
        session,
    )


async def mark_instance_gone(queries: Queries, instance: int) -> None:
    """All sockets of the instance are about to be lost."""
    await queries.execute(
        """
        WITH here AS (
            SELECT course_id, session FROM course_attendance
            WHERE instance = $1 AND gone_at IS NULL FOR UPDATE SKIP LOCKED
        )
        UPDATE course_attendance a SET gone_at = clock_timestamp() FROM here
        WHERE a.course_id = here.course_id AND a.session = here.session
        """,
        instance,
    )


async def sessions_of(queries: Queries, instance: int) -> set[tuple[UUID, UUID]]:
    """The (course, session) that are there by way of the instance."""
    rows = await queries.fetch(
        "SELECT course_id, session FROM course_attendance WHERE instance = $1 AND gone_at IS NULL", instance
    )
    return {(row["course_id"], row["session"]) for row in rows}


async def other_instances(queries: Queries, instance: int, course: UUID | None = None) -> list[int]:
    """The other instances by way of which somebody is in any room, or in that of `course`."""
    rows = await queries.fetch(
        """
        SELECT DISTINCT instance FROM course_attendance
        WHERE instance <> $1 AND ($2::uuid IS NULL OR course_id = $2)
        """,
        instance,
        course,
    )
    return [row["instance"] for row in rows]


async def due_rooms(queries: Queries, dead: Sequence[int], grace: float) -> list[UUID]:
    """The courses in whose rooms is somebody who has been gone for `grace` seconds, or whose instance is `dead`."""
    rows = await queries.fetch(
        """
        SELECT DISTINCT course_id FROM course_attendance
        WHERE gone_at < clock_timestamp() - $2 * interval '1 second' OR instance = ANY($1)
        """,
        dead,
        grace,
    )
    return [row["course_id"] for row in rows]


async def remove_due(
    transaction: Transaction, course: UUID, dead: Sequence[int], grace: float, limit: int
) -> list[UUID]:
    """Take out of the room up to `limit` sessions that are due; whose each was.

    Rows locked by somebody else are being removed, or are for the next look: to wait for them could be a deadlock.
    """
    rows = await transaction.fetch(
        """
        WITH due AS (
            SELECT course_id, session FROM course_attendance
            WHERE course_id = $1 AND (gone_at < clock_timestamp() - $3 * interval '1 second' OR instance = ANY($2))
            LIMIT $4 FOR UPDATE SKIP LOCKED
        ), removed AS (
            DELETE FROM course_attendance a USING due
            WHERE a.course_id = due.course_id AND a.session = due.session RETURNING a.user_id
        )
        SELECT user_id FROM removed
        """,
        course,
        dead,
        grace,
        limit,
    )
    return [row["user_id"] for row in rows]


async def absent(transaction: Transaction, course: UUID, users: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """Those of `users` who are not in the room, with their names."""
    rows = await transaction.fetch(
        """
        SELECT id, full_name FROM users WHERE id = ANY($2)
            AND NOT EXISTS (SELECT FROM course_attendance WHERE course_id = $1 AND user_id = users.id)
        ORDER BY full_name, id
        """,
        course,
        users,
    )
    return [(row["id"], row["full_name"]) for row in rows]


async def count_members(queries: Queries, course: UUID) -> int:
    """How many learners are in the room."""
    count: int = await queries.fetchval(
        "SELECT count(DISTINCT user_id) FROM course_attendance WHERE course_id = $1", course
    )
    return count


async def list_members(queries: Queries, course: UUID, limit: int) -> list[Member]:
    """Up to `limit` of them, those who have been there longest first."""
    rows = await queries.fetch(
        """
        SELECT user_id AS "user", full_name AS name, min(joined_at) AS since
        FROM course_attendance JOIN users ON users.id = user_id
        WHERE course_id = $1 GROUP BY user_id, full_name ORDER BY since, user_id LIMIT $2
        """,
        course,
        limit,
    )
    return many(Member, rows)


async def name_of(queries: Queries, course: UUID, user: UUID) -> str | None:
    """The name of a learner who is in the room."""
    name: str | None = await queries.fetchval(
        """
        SELECT full_name FROM users WHERE id = $2
            AND EXISTS (SELECT FROM course_attendance WHERE course_id = $1 AND user_id = $2 AND gone_at IS NULL)
        """,
        course,
        user,
    )
    return name
