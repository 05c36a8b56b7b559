"""A read model of the learner: what they have mastered and got wrong, by the tutor's own record and their quizzes."""

from uuid import UUID

from lyo_rt.database.pool import Queries
from lyo_rt.tutoring.records import LearnerRecord

REMEMBERED = 5
"""Questions of each kind."""


async def read(queries: Queries, user: UUID, resource: UUID | None, *, without: str) -> LearnerRecord:
    """What the learner mastered and missed about the resource, in all conversations and quizzes; not the problem
    `without`. Only what was submitted counts."""
    rows = await queries.fetch(
        """
        WITH known AS (
            SELECT DISTINCT ON (p.problem) p.question, p.state, p.attempts, p.updated_at
            FROM tutor_problems p JOIN conversations c ON c.id = p.conversation_id
            WHERE c.user_id = $1 AND c.resource_id IS NOT DISTINCT FROM $2 AND p.problem <> $3
            ORDER BY p.problem, p.updated_at DESC
        ), missed AS (
            SELECT question, updated_at AS at FROM known WHERE state <> 'mastered' AND attempts > 0
            UNION ALL
            SELECT q.question, t.submitted_at
            FROM attempts t JOIN answers a ON a.attempt_id = t.id JOIN questions q ON q.id = a.question_id
            WHERE t.user_id = $1 AND t.status = 'done' AND a.score < 0.5 AND q.resource_id = $2
        )
        (SELECT 'mastered' AS kind, question FROM known WHERE state = 'mastered' ORDER BY updated_at DESC LIMIT $4)
        UNION ALL
        (SELECT 'missed', question FROM missed GROUP BY question ORDER BY max(at) DESC LIMIT $4)
        """,
        user,
        resource,
        without,
        REMEMBERED,
    )
    return LearnerRecord(
        mastered=tuple(row["question"] for row in rows if row["kind"] == "mastered"),
        missed=tuple(row["question"] for row in rows if row["kind"] == "missed"),
    )
