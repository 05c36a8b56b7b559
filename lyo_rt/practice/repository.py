"""The SQL of abilities and ratings, one statement a function."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lyo_rt.database.pool import Queries, Transaction, one
from lyo_rt.practice.records import Ability, Graded, Known, Rating

_ABILITY = "value, answers, recent"
_SUMS = "difficulty, answers, abilities, ability_squares, scores, score_squares, products"


async def get_ability(queries: Queries, user: UUID, subject: str) -> Ability:
    """The learner in the subject; a new Ability where nothing is known."""
    row = await queries.fetchrow(
        f"SELECT {_ABILITY} FROM abilities WHERE user_id = $1 AND subject = $2",  # noqa: S608  (a constant)
        user,
        subject,
    )
    return one(Ability, row) or Ability()


async def get_ability_about(queries: Queries, user: UUID, resource: UUID) -> Ability:
    """The learner in the subject of a course, or of the course that a lesson or an item belongs to."""
    row = await queries.fetchrow(
        f"""
        SELECT {_ABILITY} FROM abilities WHERE user_id = $1 AND subject = 'course:' || coalesce(
            (SELECT course_id FROM lessons WHERE id = $2), (SELECT course_id FROM items WHERE id = $2), $2::uuid)
        """,  # noqa: S608  (a constant)
        user,
        resource,
    )
    return one(Ability, row) or Ability()


async def list_known(queries: Queries, user: UUID, *, limit: int) -> list[Known]:
    """What is known of the learner, the newest first."""
    rows = await queries.fetch(
        f"""
        SELECT subject, title, {_ABILITY} FROM abilities WHERE user_id = $1 AND answers > 0
        ORDER BY updated_at DESC LIMIT $2
        """,  # noqa: S608  (a constant)
        user,
        limit,
    )
    return [Known(row["subject"], row["title"], ability) for row in rows if (ability := one(Ability, row))]


async def lock_ability(transaction: Transaction, user: UUID, subject: str) -> Ability:
    """The same, nobody else's to change until the commit."""
    row = await transaction.fetchrow(
        f"""
        INSERT INTO abilities AS known (user_id, subject) VALUES ($1, $2)
        ON CONFLICT (user_id, subject) DO UPDATE SET subject = known.subject
        RETURNING {_ABILITY}
        """,  # noqa: S608  (a constant)
        user,
        subject,
    )
    return one(Ability, row) or Ability()


async def set_ability(
    transaction: Transaction, user: UUID, subject: str, ability: Ability, *, title: str, now: datetime
) -> None:
    """What is known of the learner now; `title` is that of what was answered."""
    await transaction.execute(
        "UPDATE abilities SET value = $3, answers = $4, recent = $5, updated_at = $6, title = $7"
        " WHERE user_id = $1 AND subject = $2",
        user,
        subject,
        ability.value,
        ability.answers,
        list(ability.recent),
        now,
        title,
    )


async def open_ratings(transaction: Transaction, difficulties: Mapping[UUID, float]) -> None:
    """New questions, with the difficulties they begin with."""
    await transaction.execute(
        "INSERT INTO question_ratings (question_id, difficulty) SELECT * FROM unnest($1::uuid[], $2::float8[])",
        list(difficulties),
        list(difficulties.values()),
    )


async def get_ratings(queries: Queries, questions: Sequence[UUID]) -> dict[UUID, Rating]:
    """The ratings of these questions."""
    rows = await queries.fetch(
        f"SELECT question_id, {_SUMS}, retired_at FROM question_ratings WHERE question_id = ANY($1)",  # noqa: S608
        list(questions),
    )
    return {row["question_id"]: rating for row in rows if (rating := one(Rating, row))}


async def lock_ratings(transaction: Transaction, questions: Sequence[UUID]) -> dict[UUID, Rating]:
    """The same, nobody else's to change until the commit; locked in one order, so that nobody waits in a ring."""
    rows = await transaction.fetch(
        f"SELECT question_id, {_SUMS}, retired_at FROM question_ratings WHERE question_id = ANY($1)"  # noqa: S608
        " ORDER BY question_id FOR UPDATE",
        list(questions),
    )
    return {row["question_id"]: rating for row in rows if (rating := one(Rating, row))}


async def set_rating(transaction: Transaction, question: UUID, rating: Rating) -> None:
    """What is known of the question now."""
    await transaction.execute(
        """
        UPDATE question_ratings SET difficulty = $2, answers = $3, abilities = $4, ability_squares = $5, scores = $6,
            score_squares = $7, products = $8, retired_at = $9
        WHERE question_id = $1
        """,
        question,
        rating.difficulty,
        rating.answers,
        rating.abilities,
        rating.ability_squares,
        rating.scores,
        rating.score_squares,
        rating.products,
        rating.retired_at,
    )


async def already_rated(queries: Queries, user: UUID, questions: Sequence[UUID]) -> set[UUID]:
    """Those of the questions that an answer of the learner has been rated for."""
    rows = await queries.fetch(
        "SELECT question_id FROM rated_answers WHERE user_id = $1 AND question_id = ANY($2)", user, list(questions)
    )
    return {row["question_id"] for row in rows}


async def add_rated(
    transaction: Transaction,
    user: UUID,
    subject: str,
    graded: Graded,
    *,
    expected: float,
    ability: float,
    now: datetime,
) -> None:
    """The answer that counted."""
    await transaction.execute(
        """
        INSERT INTO rated_answers (user_id, question_id, subject, score, expected, ability, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        user,
        graded.question,
        subject,
        graded.score,
        expected,
        ability,
        now,
    )
