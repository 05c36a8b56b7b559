"""The SQL of activity: it reads the records of the features, and owns none."""

from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.activity.records import ActivityEntry, Counts
from lyo_rt.database.pool import Queries, Row

_SOURCES = (
    ("course", "SELECT id, title, created_at AS at FROM courses WHERE user_id = $1"),
    ("task", "SELECT id, NULL::text AS title, created_at AS at FROM tasks WHERE user_id = $1"),
    ("quiz", "SELECT id, title, created_at AS at FROM quizzes WHERE user_id = $1"),
    (
        "attempt",
        """
        SELECT a.id, q.title, a.submitted_at AS at FROM attempts a JOIN quizzes q ON q.id = a.quiz_id
        WHERE a.user_id = $1
        """,
    ),
    ("conversation", "SELECT id, title, created_at AS at FROM conversations WHERE user_id = $1"),
)
_PAGES = " UNION ALL ".join(
    f"""
    (SELECT '{kind}' AS kind, id, title, at FROM ({source}) s
     WHERE $2::timestamptz IS NULL OR (at, id) < ($2, $3::uuid) ORDER BY at DESC, id DESC LIMIT $4)
    """  # noqa: S608 - constants
    for kind, source in _SOURCES
)


async def list_entries(
    queries: Queries, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[ActivityEntry]:
    """What a learner has begun, newest first, behind a place."""
    moment, id = after or (None, None)
    rows = await queries.fetch(
        f"SELECT kind, id, title, at FROM ({_PAGES}) e ORDER BY at DESC, id DESC LIMIT $4",  # noqa: S608 - constants
        user_id,
        moment,
        id,
        limit,
    )
    return [_entry(queries, row) for row in rows]


def _entry(queries: Queries, row: Row) -> ActivityEntry:
    entry = msgspec.convert(dict(row), ActivityEntry)
    if entry.kind != "conversation" or entry.title is None:
        return entry
    return msgspec.structs.replace(entry, title=queries.cipher.open(entry.title, "conversations.title", entry.id))


async def count(queries: Queries, user_id: UUID) -> Counts:
    """What there is of a learner's."""
    row = await queries.fetchrow(
        """
        SELECT
        (SELECT jsonb_build_object('created', count(*), 'completed', count(*) FILTER (WHERE status = 'completed'),
            'generating', count(*) FILTER (WHERE status = 'generating'),
            'failed', count(*) FILTER (WHERE status = 'failed')) FROM courses WHERE user_id = $1) AS courses,
        (SELECT jsonb_build_object('created', (SELECT count(*) FROM quizzes WHERE user_id = $1),
            'attempts', count(DISTINCT a.id), 'answers', count(n.attempt_id),
            'average_score', round((100 * avg(n.score))::numeric, 1),
            'minutes', (SELECT round(coalesce(sum(time_spent), 0) / 60.0, 1) FROM attempts WHERE user_id = $1))
            FROM attempts a LEFT JOIN answers n ON n.attempt_id = a.id AND a.status = 'done'
            WHERE a.user_id = $1) AS quizzes,
        (SELECT jsonb_build_object('conversations', count(DISTINCT c.id),
            'messages', count(m.id)) FROM conversations c
            LEFT JOIN messages m ON m.conversation_id = c.id AND m.role = 'user' WHERE c.user_id = $1) AS tutoring,
        (SELECT jsonb_build_object('pending', count(*) FILTER (WHERE state = 'PENDING'),
            'running', count(*) FILTER (WHERE state = 'RUNNING'), 'done', count(*) FILTER (WHERE state = 'DONE'),
            'error', count(*) FILTER (WHERE state = 'ERROR'),
            'cancelled', count(*) FILTER (WHERE state = 'CANCELLED')) FROM tasks WHERE user_id = $1) AS tasks,
        greatest((SELECT max(created_at) FROM courses WHERE user_id = $1),
            (SELECT max(created_at) FROM tasks WHERE user_id = $1),
            (SELECT max(created_at) FROM quizzes WHERE user_id = $1),
            (SELECT max(submitted_at) FROM attempts WHERE user_id = $1),
            (SELECT max(m.created_at) FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE c.user_id = $1 AND m.role = 'user')) AS last_active_at
        """,
        user_id,
    )
    return msgspec.convert(dict(row or {}), Counts)


async def quarters(queries: Queries, user_id: UUID, *, since: datetime) -> list[datetime]:
    """The quarters of an hour since then in which a learner did something: what zones differ by is never less."""
    rows = await queries.fetch(
        """
        SELECT DISTINCT date_bin('15 minutes', at, 'epoch') AS quarter FROM (
            SELECT created_at AS at FROM courses WHERE user_id = $1
            UNION ALL SELECT created_at FROM tasks WHERE user_id = $1
            UNION ALL SELECT created_at FROM quizzes WHERE user_id = $1
            UNION ALL SELECT submitted_at FROM attempts WHERE user_id = $1
            UNION ALL SELECT m.created_at FROM messages m JOIN conversations c ON c.id = m.conversation_id
                WHERE c.user_id = $1 AND m.role = 'user'
        ) moments WHERE at >= $2 ORDER BY quarter
        """,
        user_id,
        since,
    )
    return [row["quarter"] for row in rows]
