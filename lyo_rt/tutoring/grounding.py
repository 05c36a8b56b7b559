"""A read model over courses: which text a conversation about a course, a lesson or an item is grounded in."""

from uuid import UUID

from lyo_rt.database.pool import Queries, one
from lyo_rt.language_models.guidance import Problem
from lyo_rt.tutoring.problems import EXAMINED, problems_of
from lyo_rt.tutoring.records import Ground, Resource

OPEN_QUESTIONS = 60
"""The newest questions of open quizzes that are guarded."""
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


async def read(queries: Queries, kind: str, id: UUID, *, in_lesson: bool = False) -> Ground | None:
    """The text of the resource, lessons in order, cut at GROUND_CHARACTERS; None when it is gone.

    `in_lesson`: an item is read in its lesson, its own text first, then the lesson's, under the lesson's title.
    """
    row = await queries.fetchrow(
        """
        WITH found AS (
            SELECT i.course_id, l.id AS lesson_id, l.title AS lesson, l.position AS lesson_position,
                CASE WHEN i.id = $2 THEN 0 ELSE i.position END AS position, i.title, i.content
            FROM items i JOIN lessons l ON l.id = i.lesson_id
            WHERE i.content IS NOT NULL AND i.type IN ('text', 'exercise', 'key_terms')
              AND CASE $1 WHEN 'course' THEN i.course_id = $2 WHEN 'lesson' THEN i.lesson_id = $2
                  ELSE i.id = $2 OR $4 AND i.lesson_id = (SELECT lesson_id FROM items WHERE id = $2) END
        )
        SELECT c.difficulty AS level, c.locale,
            CASE $1 WHEN 'course' THEN c.title WHEN 'lesson' THEN (SELECT title FROM lessons WHERE id = $2)
                    ELSE (SELECT CASE WHEN $4 THEN l.title ELSE i.title END
                          FROM items i JOIN lessons l ON l.id = i.lesson_id WHERE i.id = $2) END AS title,
            coalesce(left((SELECT string_agg('## ' || f.lesson || E'\\n\\n' || f.content, E'\\n\\n'
                                             ORDER BY f.lesson_position, f.position) FROM found f), $3), '') AS text
        FROM courses c
        WHERE c.id = CASE $1 WHEN 'course' THEN $2 WHEN 'lesson' THEN (SELECT course_id FROM lessons WHERE id = $2)
                             ELSE (SELECT course_id FROM items WHERE id = $2) END
        """,
        kind,
        id,
        GROUND_CHARACTERS,
        in_lesson,
    )
    return one(Ground, row)


async def problems(queries: Queries, kind: str, id: UUID) -> tuple[Problem, ...]:
    """The problems of the resource whose answers are known (the items' `detail.key`), in the order of the course."""
    rows = await queries.fetch(
        """
        SELECT i.id, i.title, i.content, i.detail FROM items i JOIN lessons l ON l.id = i.lesson_id
        WHERE i.detail ? 'key'
          AND CASE $1 WHEN 'course' THEN i.course_id = $2 WHEN 'lesson' THEN i.lesson_id = $2 ELSE i.id = $2 END
        ORDER BY l.position, i.position
        """,
        kind,
        id,
    )
    return tuple(
        problem for row in rows for problem in problems_of(row["id"], row["title"], row["content"], row["detail"])
    )


async def open_questions(queries: Queries, user: UUID) -> tuple[Problem, ...]:
    """The questions of the learner's graded quizzes that are not submitted yet, newest first."""
    rows = await queries.fetch(
        """
        SELECT q.id, q.question, q.options, q.answer, q.explanation
        FROM quizzes z JOIN quiz_questions s ON s.quiz_id = z.id JOIN questions q ON q.id = s.question_id
        WHERE z.user_id = $1 AND z.graded AND z.status = 'ready'
          AND NOT EXISTS (SELECT FROM attempts t WHERE t.quiz_id = z.id)
        ORDER BY z.created_at DESC, z.id, s.position LIMIT $2
        """,
        user,
        OPEN_QUESTIONS,
    )
    return tuple(
        Problem(
            id=f"{EXAMINED}{row['id']}",
            question=row["question"],
            answer=row["answer"],
            options=tuple(row["options"]),
            solution=row["explanation"],
            mistakes=tuple(option for option in row["options"] if option != row["answer"]),
        )
        for row in rows
    )
