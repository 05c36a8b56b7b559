"""The SQL of quizzes and their questions, one statement a function."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries, Transaction, many, one
from lyo_rt.problems import Problem
from lyo_rt.quizzes.records import NewQuestion, NewQuiz, Placed, Question, Quiz, QuizSummary

_QUIZ = """id, user_id, title, subject, shared, quiz_type, difficulty, locale, graded, adaptive, requested, resource,
    resource_kind, resource_id, source_text, status, failure, code, retry_after, dropped, reused, model, degraded,
    generation_seconds, created_at,
    (SELECT count(*) FROM attempts t WHERE t.quiz_id = quizzes.id AND t.status = 'done') AS attempts"""
_QUESTION = """q.id, q.quiz_type, q.question, q.options, q.key, q.fixed_order, q.answer, q.accepted, q.rubric,
    q.explanation, q.difficulty, q.points, q.estimated_time, q.model"""


class Home(msgspec.Struct, frozen=True):
    """The course a resource belongs to."""

    course_id: UUID
    is_published: bool


async def home_of(queries: Queries, kind: str, id: UUID) -> Home | None:
    """Where a course, lesson or item is at home."""
    row = await queries.fetchrow(
        """
        SELECT c.id AS course_id, c.is_published FROM courses c
        WHERE c.id = CASE $1 WHEN 'course' THEN $2 WHEN 'lesson' THEN (SELECT course_id FROM lessons WHERE id = $2)
                             ELSE (SELECT course_id FROM items WHERE id = $2) END
        """,
        kind,
        id,
    )
    return one(Home, row)


async def add_quiz(transaction: Transaction, id: UUID, user: UUID, new: NewQuiz, *, now: datetime) -> None:
    """A quiz that is about to be written."""
    await transaction.execute(
        """
        INSERT INTO quizzes (id, user_id, title, resource, resource_kind, resource_id, subject, shared, quiz_type,
                             difficulty, locale, graded, adaptive, requested, source_text, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
        id,
        user,
        new.title,
        new.resource,
        new.resource_kind,
        new.resource_id,
        new.subject,
        new.shared,
        new.quiz_type,
        new.difficulty,
        new.locale,
        new.graded,
        new.adaptive,
        new.requested,
        new.source_text,
        now,
    )


async def get_quiz(queries: Queries, id: UUID) -> Quiz | None:
    """The quiz of this id, whoever's it is."""
    return one(Quiz, await queries.fetchrow(f"SELECT {_QUIZ} FROM quizzes WHERE id = $1", id))  # noqa: S608


async def get_own(queries: Queries, id: UUID, user: UUID) -> Quiz | None:
    """The user's quiz of this id; a stranger's is None."""
    row = await queries.fetchrow(f"SELECT {_QUIZ} FROM quizzes WHERE id = $1 AND user_id = $2", id, user)  # noqa: S608
    return one(Quiz, row)


async def lock_quiz(transaction: Transaction, id: UUID, user: UUID) -> bool:
    """Take the quiz's row until the commit, so that attempts follow one another; False for a stranger."""
    found = await transaction.fetchval("SELECT true FROM quizzes WHERE id = $1 AND user_id = $2 FOR UPDATE", id, user)
    return bool(found)


async def list_quizzes(
    queries: Queries, user: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[QuizSummary]:
    """The user's quizzes but for those that could not be made, newest first, beginning behind `after`."""
    rows = await queries.fetch(
        """
        SELECT z.id AS quiz_id, z.resource AS resource_id, z.title, z.quiz_type, z.difficulty, z.graded, z.status,
            (SELECT count(*) FROM quiz_questions p WHERE p.quiz_id = z.id) AS total_questions,
            (SELECT count(*) FROM attempts t WHERE t.quiz_id = z.id AND t.status = 'done') AS attempts,
            (SELECT max(percentage) FROM (
                SELECT round((100 * sum(a.score * q.points) / sum(q.points))::numeric, 1)::float8 AS percentage
                FROM attempts t JOIN answers a ON a.attempt_id = t.id JOIN questions q ON q.id = a.question_id
                WHERE t.quiz_id = z.id AND t.status = 'done' GROUP BY t.id) each) AS best_percentage,
            z.created_at AS "createdAt"
        FROM quizzes z
        WHERE z.user_id = $1 AND z.status <> 'failed'
          AND ($2::timestamptz IS NULL OR (z.created_at, z.id) < ($2, $3::uuid))
        ORDER BY z.created_at DESC, z.id DESC LIMIT $4
        """,
        user,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return many(QuizSummary, rows)


async def recent_questions(queries: Queries, user: UUID, subject: str, *, limit: int) -> list[str]:
    """What the learner was last asked about the subject, newest first."""
    rows = await queries.fetch(
        """
        SELECT q.question FROM quizzes z
        JOIN quiz_questions p ON p.quiz_id = z.id JOIN questions q ON q.id = p.question_id
        WHERE z.user_id = $1 AND z.subject = $2 ORDER BY z.created_at DESC, p.position LIMIT $3
        """,
        user,
        subject,
        limit,
    )
    return [row["question"] for row in rows]


async def unseen_questions(queries: Queries, quiz: Quiz, *, limit: int) -> list[Question]:
    """Questions about the quiz's resource that its learner was never shown, newest first.

    For a course those of all its parts; for anything that is not shared the learner's own.
    """
    rows = await queries.fetch(
        f"""
        SELECT {_QUESTION} FROM questions q
        WHERE q.subject = $2 AND q.quiz_type = $3 AND q.locale = $4 AND (q.user_id IS NULL OR q.user_id = $1)
          AND ($5::text = 'course' OR q.resource_id IS NOT DISTINCT FROM $6)
          AND NOT EXISTS (SELECT FROM quiz_questions p JOIN quizzes z ON z.id = p.quiz_id
                          WHERE p.question_id = q.id AND z.user_id = $1)
        ORDER BY q.created_at DESC, q.id LIMIT $7
        """,  # noqa: S608  (a constant)
        quiz.user_id,
        quiz.subject,
        quiz.quiz_type,
        quiz.locale,
        quiz.resource_kind,
        quiz.resource_id,
        limit,
    )
    return many(Question, rows)


async def add_question(
    transaction: Transaction, id: UUID, quiz: Quiz, new: NewQuestion, model: str, *, now: datetime
) -> None:
    """A question made for `quiz`; anyone who sees the resource may be asked it where the quiz is `shared`."""
    await transaction.execute(
        """
        INSERT INTO questions (id, user_id, subject, resource_kind, resource_id, quiz_type, difficulty, locale,
                               question, options, key, fixed_order, answer, accepted, rubric, explanation, points,
                               estimated_time, model, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        """,
        id,
        None if quiz.shared else quiz.user_id,
        quiz.subject,
        quiz.resource_kind,
        quiz.resource_id,
        new.quiz_type,
        new.difficulty,
        quiz.locale,
        new.question,
        list(new.options),
        new.key,
        new.fixed_order,
        new.answer,
        list(new.accepted),
        msgspec.to_builtins(new.rubric),
        new.explanation,
        new.points,
        new.estimated_time,
        model,
        now,
    )


async def place_questions(transaction: Transaction, quiz: UUID, expected: Sequence[tuple[UUID, float]]) -> None:
    """The quiz's questions in order, each with the success expected of the learner."""
    await transaction.execute(
        """
        INSERT INTO quiz_questions (quiz_id, position, question_id, expected_success)
        SELECT $1, position, question, expected
        FROM unnest($2::uuid[], $3::float8[]) WITH ORDINALITY AS placed(question, expected, position)
        """,
        quiz,
        [question for question, _ in expected],
        [success for _, success in expected],
    )


async def placed_questions(queries: Queries, quiz: UUID) -> list[Placed]:
    """The questions of the quiz, in order."""
    rows = await queries.fetch(
        f"""
        SELECT {_QUESTION}, p.position, p.expected_success
        FROM quiz_questions p JOIN questions q ON q.id = p.question_id WHERE p.quiz_id = $1 ORDER BY p.position
        """,  # noqa: S608  (a constant)
        quiz,
    )
    return many(Placed, rows)


async def finish_quiz(
    transaction: Transaction,
    id: UUID,
    *,
    dropped: int,
    reused: int,
    model: str | None,
    degraded: bool,
    seconds: float,
) -> None:
    """The quiz is ready; the pasted text it was made of is not kept."""
    await transaction.execute(
        """
        UPDATE quizzes SET status = 'ready', source_text = NULL, dropped = $2, reused = $3, model = $4, degraded = $5,
            generation_seconds = $6
        WHERE id = $1
        """,
        id,
        dropped,
        reused,
        model,
        degraded,
        seconds,
    )


async def fail_quiz(transaction: Transaction, id: UUID, problem: Problem) -> None:
    """There will be no questions."""
    await transaction.execute(
        "UPDATE quizzes SET status = 'failed', source_text = NULL, failure = $2, code = $3, retry_after = $4"
        " WHERE id = $1",
        id,
        problem.detail,
        problem.code,
        problem.retry_after,
    )
