"""A read model over courses: which text a conversation about a course, a lesson or an item is grounded in."""

from uuid import UUID

from lyo_rt.database.pool import Queries, one
from lyo_rt.tutoring.records import Ground, Resource

GROUND_CHARACTERS = 24_000
"""About 6,000 tokens: the share of a prompt that a resource may take."""


async def find(queries: Queries, reference: str, user: UUID) -> Resource | None:
    """The course (by id or slug), lesson or item of this reference, if `user` may see its course."""
    row = await queries.fetchrow(
        """
        WITH seen AS (SELECT id, slug, title FROM courses WHERE user_id = $2 OR is_published)
        SELECT 'course' AS kind, id, title FROM seen WHERE id::text = lower($1) OR slug = $1
        UNION ALL
        SELECT 'lesson', l.id, l.title FROM lessons l JOIN seen ON seen.id = l.course_id WHERE l.id::text = lower($1)
        UNION ALL
        SELECT 'item', i.id, i.title FROM items i JOIN seen ON seen.id = i.course_id WHERE i.id::text = lower($1)
        LIMIT 1
        """,
        reference,
        user,
    )
    return one(Resource, row)


async def read(queries: Queries, kind: str, id: UUID) -> Ground | None:
    """The text of the resource, lessons in order, cut at GROUND_CHARACTERS; None when it is gone."""
    row = await queries.fetchrow(
        """
        WITH found AS (
            SELECT i.course_id, l.id AS lesson_id, l.title AS lesson, l.position AS lesson_position, i.position,
                i.title, i.content
            FROM items i JOIN lessons l ON l.id = i.lesson_id
            WHERE i.content IS NOT NULL AND i.type IN ('text', 'exercise', 'key_terms')
              AND CASE $1 WHEN 'course' THEN i.course_id = $2 WHEN 'lesson' THEN i.lesson_id = $2 ELSE i.id = $2 END
        )
        SELECT c.difficulty AS level, c.locale,
            CASE $1 WHEN 'course' THEN c.title WHEN 'lesson' THEN (SELECT title FROM lessons WHERE id = $2)
                    ELSE (SELECT title FROM items WHERE id = $2) END AS title,
            coalesce(left((SELECT string_agg('## ' || f.lesson || E'\\n\\n' || f.content, E'\\n\\n'
                                             ORDER BY f.lesson_position, f.position) FROM found f), $3), '') AS text
        FROM courses c
        WHERE c.id = CASE $1 WHEN 'course' THEN $2 WHEN 'lesson' THEN (SELECT course_id FROM lessons WHERE id = $2)
                             ELSE (SELECT course_id FROM items WHERE id = $2) END
        """,
        kind,
        id,
        GROUND_CHARACTERS,
    )
    return one(Ground, row)
