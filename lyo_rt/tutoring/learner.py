"""A read model of the learner: what they have mastered and got wrong, from the tables there are today.

Today that is the tutor's own record. Where attempts at quizzes are stored, their wrong answers belong into the second
SELECT here, and into nothing else: the tutor knows only LearnerRecord.
"""

from uuid import UUID

from lyo_rt.database.pool import Queries
from lyo_rt.tutoring.records import LearnerRecord

REMEMBERED = 5
"""Questions of each kind."""


async def read(queries: Queries, user: UUID, resource: UUID, *, without: str) -> LearnerRecord:
    """What the learner mastered and missed about the resource, in all conversations; not the problem `without`."""
    rows = await queries.fetch(
        """
        WITH known AS (
            SELECT DISTINCT ON (p.problem) p.question, p.state, p.attempts, p.updated_at
            FROM tutor_problems p JOIN conversations c ON c.id = p.conversation_id
            WHERE c.user_id = $1 AND c.resource_id = $2 AND p.problem <> $3 ORDER BY p.problem, p.updated_at DESC
        )
        (SELECT 'mastered' AS kind, question FROM known WHERE state = 'mastered' ORDER BY updated_at DESC LIMIT $4)
        UNION ALL
        (SELECT 'missed', question FROM known WHERE state <> 'mastered' AND attempts > 0
         ORDER BY updated_at DESC LIMIT $4)
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
