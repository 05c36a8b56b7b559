"""The SQL of attempts and their answers, one statement a function."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from lyo_rt.database.pool import Queries, Transaction, many, one
from lyo_rt.quizzes.records import Answered, Attempt, Given, Grade

_ATTEMPT = "id, quiz_id, number, status, degraded, time_spent, submitted_at"


async def newest_number(queries: Queries, quiz: UUID) -> int:
    """The number of the newest attempt, 0 before the first."""
    found: int = await queries.fetchval("SELECT coalesce(max(number), 0) FROM attempts WHERE quiz_id = $1", quiz)
    return found


async def get_attempt(queries: Queries, quiz: UUID, number: int) -> Attempt | None:
    """One attempt at the quiz."""
    row = await queries.fetchrow(
        f"SELECT {_ATTEMPT} FROM attempts WHERE quiz_id = $1 AND number = $2",  # noqa: S608  (a constant)
        quiz,
        number,
    )
    return one(Attempt, row)


async def find_attempt(queries: Queries, id: UUID) -> Attempt | None:
    """The attempt of this id, whoever's it is."""
    return one(Attempt, await queries.fetchrow(f"SELECT {_ATTEMPT} FROM attempts WHERE id = $1", id))  # noqa: S608


async def add_attempt(
    transaction: Transaction, id: UUID, quiz: UUID, user: UUID, number: int, time_spent: int | None, *, now: datetime
) -> None:
    """An attempt whose answers are being graded."""
    await transaction.execute(
        "INSERT INTO attempts (id, quiz_id, user_id, number, status, time_spent, submitted_at)"
        " VALUES ($1, $2, $3, $4, 'grading', $5, $6)",
        id,
        quiz,
        user,
        number,
        time_spent,
        now,
    )


async def add_answer(transaction: Transaction, attempt: UUID, given: Given, grade: Grade) -> None:
    """One answer, as far as it has been graded."""
    await transaction.execute(
        """
        INSERT INTO answers (attempt_id, question_id, answer, score, graded_by, feedback, time_spent, hints_used,
                             confidence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        attempt,
        given.question,
        given.answer,
        grade.score,
        grade.graded_by,
        grade.feedback,
        given.time_spent,
        given.hints_used,
        given.confidence,
    )


async def set_grade(transaction: Transaction, attempt: UUID, question: UUID, grade: Grade) -> None:
    """The grade as it will stay."""
    await transaction.execute(
        "UPDATE answers SET score = $3, graded_by = $4, feedback = $5 WHERE attempt_id = $1 AND question_id = $2",
        attempt,
        question,
        grade.score,
        grade.graded_by,
        grade.feedback,
    )


async def set_rated(transaction: Transaction, attempt: UUID, questions: Sequence[UUID]) -> None:
    """These answers counted for the ratings."""
    await transaction.execute(
        "UPDATE answers SET rated = true WHERE attempt_id = $1 AND question_id = ANY($2)", attempt, list(questions)
    )


async def finish_attempt(transaction: Transaction, id: UUID, *, degraded: bool) -> None:
    """Every answer has its grade."""
    await transaction.execute("UPDATE attempts SET status = 'done', degraded = $2 WHERE id = $1", id, degraded)


async def list_answers(queries: Queries, attempt: UUID) -> list[Answered]:
    """The answers of an attempt."""
    rows = await queries.fetch(
        """
        SELECT question_id AS question, answer, time_spent, hints_used, confidence, score, graded_by, feedback, rated
        FROM answers WHERE attempt_id = $1
        """,
        attempt,
    )
    return many(Answered, rows)
