"""What is true of a quiz: begun once, ready once, each attempt graded once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from lyo_rt import leases
from lyo_rt.database.pool import Transaction
from lyo_rt.leases import Lease
from lyo_rt.problems import Conflict, NotFound
from lyo_rt.quizzes import attempts, grading, repository
from lyo_rt.quizzes.records import GRADING, WRITING, Attempt, Given, Grade, NewQuiz, Placed


def topic(quiz: UUID) -> str:
    """The broadcast topic on which it is hinted that the quiz, or an attempt at it, has changed."""
    return f"quiz:{quiz}"


def tell(transaction: Transaction, quiz: UUID) -> None:
    """Wake who waits for the quiz, once this is committed."""
    transaction.announce(topic(quiz), b"changed")


async def begin(
    transaction: Transaction, *, user: UUID, new: NewQuiz, owner: int | None, now: datetime
) -> tuple[UUID, Lease]:
    """A quiz to be written, and its lease (held by `owner` if given)."""
    id = uuid4()
    await repository.add_quiz(transaction, id, user, new, now=now)
    return id, await leases.create(transaction, WRITING, id, owner=owner)


async def submit(
    transaction: Transaction,
    *,
    user: UUID,
    quiz: UUID,
    number: int,
    given: Sequence[Given],
    questions: Sequence[Placed],
    time_spent: int | None,
    now: datetime,
) -> tuple[Attempt, bool]:
    """Store attempt `number` with the grades that need no judgement; an attempt that was submitted before stays.

    Returns the attempt and whether it is new. Raises NotFound for a stranger's quiz, Conflict when an earlier attempt
    is missing.
    """
    if not await repository.lock_quiz(transaction, quiz, user):
        raise NotFound("There is no such quiz.")
    if known := await attempts.get_attempt(transaction, quiz, number):
        return known, False
    newest = await attempts.newest_number(transaction, quiz)
    if number != newest + 1:
        raise Conflict(f"Attempts follow one another; the next one is {newest + 1}.")
    attempt = Attempt(uuid4(), quiz, number, "grading", False, time_spent, now)
    await attempts.add_attempt(transaction, attempt.id, quiz, user, number, time_spent, now=now)
    answers = {one.question: one for one in given}
    for question in questions:
        one = answers.get(question.id) or Given(question.id, None)
        await attempts.add_answer(transaction, attempt.id, one, first_grade(question, one.answer))
    return attempt, True


def first_grade(question: Placed, answer: str | None) -> Grade:
    """The grade without a model. `answer` is the text of an option where the question has options."""
    if answer is None or question.key is None:
        return grading.floor(question, answer)
    return Grade(float(answer == question.options[question.key]), "key")


async def await_judgement(transaction: Transaction, attempt: Attempt, *, owner: int | None) -> Lease:
    """Answers of the attempt need a model's judgement: the work, and its lease."""
    return await leases.create(transaction, GRADING, attempt.id, owner=owner, subject=attempt.quiz_id)


async def store_judgement(
    transaction: Transaction, attempt: Attempt, grades: Mapping[UUID, Grade], *, degraded: bool
) -> None:
    """The grades a model gave, by question; with `degraded` there was none, and the first grades stay."""
    for question, grade in grades.items():
        await attempts.set_grade(transaction, attempt.id, question, grade)
    await attempts.finish_attempt(transaction, attempt.id, degraded=degraded)
    tell(transaction, attempt.quiz_id)
