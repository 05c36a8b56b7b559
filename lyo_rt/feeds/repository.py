"""The SQL of recommendations, one statement a function."""

from typing import Any
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries, many
from lyo_rt.feeds.records import Candidate, Studied


async def list_candidates(queries: Queries, user: UUID, *, limit: int) -> list[Candidate]:
    """The newest courses of `user`, and published ones of others that `user` has no conversation about."""
    rows = await queries.fetch(
        """
        SELECT c.id, slug, c.title, description, difficulty, locale, estimated_minutes, objectives,
            c.user_id = $1 AS own
        FROM courses c
        WHERE status = 'completed' AND (c.user_id = $1 OR is_published AND NOT EXISTS (
            SELECT FROM conversations t
            WHERE t.user_id = $1 AND (t.resource_id = c.id
                OR t.resource_id IN (SELECT l.id FROM lessons l WHERE l.course_id = c.id)
                OR t.resource_id IN (SELECT i.id FROM items i WHERE i.course_id = c.id))))
        ORDER BY c.created_at DESC, c.id DESC LIMIT $2
        """,
        user,
        limit,
    )
    return many(Candidate, rows)


async def list_studied(queries: Queries, user: UUID, *, limit: int) -> list[Studied]:
    """The newest courses `user` asked for and conversations `user` had (whose titles are sealed)."""
    rows = await queries.fetch(
        """
        SELECT title, interests, objectives, difficulty, locale, conversation FROM (
            SELECT c.title, coalesce(t.request -> 'interests', '[]') AS interests, c.objectives, c.difficulty, c.locale,
                c.created_at, NULL::uuid AS conversation
            FROM courses c LEFT JOIN tasks t ON t.provisional_course_id = c.id AND t.user_id = $1
            WHERE c.user_id = $1 AND c.status <> 'failed'
            UNION ALL
            SELECT title, '[]', '[]', NULL, NULL, updated_at, id FROM conversations WHERE user_id = $1
        ) AS studied
        ORDER BY created_at DESC LIMIT $2
        """,
        user,
        limit,
    )
    return [_studied(queries, dict(row)) for row in rows]


def _studied(queries: Queries, members: dict[str, Any]) -> Studied:
    if (conversation := members.pop("conversation")) is not None:
        members["title"] = queries.cipher.open(members["title"], "conversations.title", conversation)
    return msgspec.convert(members, Studied)
