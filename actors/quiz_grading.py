"""Grades attempts: the certain at once, the rest by a model's judgement; and what first answers say of ability."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from actors.work import persist
from lyo_rt import leases
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.language_models.port import Asker, LanguageModel
from lyo_rt.language_models.quiz_tasks import GradeAnswers
from lyo_rt.leases import POISONED_AFTER, Lease
from lyo_rt.practice import service as practice
from lyo_rt.practice.records import Graded
from lyo_rt.problems import BudgetExhausted, ModelUnavailable
from lyo_rt.quizzes import attempts, grading, repository, service
from lyo_rt.quizzes.records import Answered, Attempt, Given, Grade, Placed, Quiz
from lyo_rt.quizzes.rules import chance


async def submit(
    transaction: Transaction,
    *,
    quiz: Quiz,
    questions: Sequence[Placed],
    number: int,
    given: Sequence[Given],
    time_spent: int | None,
    owner: int | None,
    now: datetime,
) -> Lease | None:
    """Store attempt `number` once; a lease is returned where it is new and a model is to judge some of it.

    Raises NotFound and Conflict as lyo_rt.quizzes.service.submit.
    """
    attempt, new = await service.submit(
        transaction,
        user=quiz.user_id,
        quiz=quiz.id,
        number=number,
        given=given,
        questions=questions,
        time_spent=time_spent,
        now=now,
    )
    if not new:
        return None
    answers = await attempts.list_answers(transaction, attempt.id)
    if any(answer.graded_by == "rules" for answer in answers):
        return await service.await_judgement(transaction, attempt, owner=owner)
    await finish(transaction, quiz, questions, attempt, {}, degraded=False, now=now)
    return None


async def finish(
    transaction: Transaction,
    quiz: Quiz,
    questions: Sequence[Placed],
    attempt: Attempt,
    grades: Mapping[UUID, Grade],
    *,
    degraded: bool,
    now: datetime,
) -> None:
    """The attempt has its grades; the first one at a graded quiz counts for the ratings.

    Not what was left open. And nothing that needs judgement when there was none, also not what happened to match: to
    count only those would make everybody look able.
    """
    await service.store_judgement(transaction, attempt, grades, degraded=degraded)
    if not quiz.graded or attempt.number > 1:
        return
    answers = {answer.question: answer for answer in await attempts.list_answers(transaction, attempt.id)}
    graded = [
        Graded(question.id, chance(question), answers[question.id].score)
        for question in questions
        if answers[question.id].graded_by != "open" and not (degraded and question.rubric)
    ]
    counted = await practice.rate(
        transaction, user=quiz.user_id, subject=quiz.subject, title=quiz.title, graded=graded, now=now
    )
    await attempts.set_rated(transaction, attempt.id, counted)


class Grader:
    """The work of the leases of kind `grading`."""

    def __init__(self, database: Database, model: LanguageModel, clock: Clock) -> None:
        self._database = database
        self._model = model
        self._clock = clock

    async def grade(self, lease: Lease) -> None:
        """Have the answers of the lease's attempt judged, or leave them at their floor. Raises LeaseLost."""
        attempt = await persist(lambda: attempts.find_attempt(self._database, lease.id))
        quiz = await persist(lambda: repository.get_quiz(self._database, attempt.quiz_id)) if attempt else None
        if attempt is None or quiz is None or attempt.status == "done":
            await persist(lambda: self._close(lease))
            return
        questions = await persist(lambda: repository.placed_questions(self._database, quiz.id))
        answers = await persist(lambda: attempts.list_answers(self._database, attempt.id))
        grades = None
        if lease.takeovers < POISONED_AFTER:
            grades = await self._judged(quiz, questions, attempt, answers)
        await persist(lambda: self._store(lease, quiz, questions, attempt, grades))

    async def _judged(
        self, quiz: Quiz, questions: Sequence[Placed], attempt: Attempt, answers: Sequence[Answered]
    ) -> dict[UUID, Grade] | None:
        """The grades by question; None when nobody could judge, or it would not be paid for."""
        by_id = {question.id: question for question in questions}
        open_ = [(by_id[answer.question], answer) for answer in answers if answer.graded_by == "rules"]
        task = GradeAnswers(
            answers=tuple(grading.to_judge(question, answer.answer or "") for question, answer in open_),
            locale=quiz.locale,
        )
        asker = Asker("grading", user=quiz.user_id, work=attempt.id, private=True)
        try:
            verdict, written = await self._model.write(task, asker)
        except (ModelUnavailable, BudgetExhausted):
            return None
        if written.degraded:
            return None
        grades = {}
        for place, (question, answer) in enumerate(open_):
            met = [(one.point, one.quote) for one in verdict.met if one.answer == place]
            feedback = verdict.feedback[place] if place < len(verdict.feedback) else ""
            basis = Grade(answer.score, answer.graded_by)
            grades[question.id] = grading.judged(question, answer.answer or "", basis, met, feedback)
        return grades

    async def _store(
        self,
        lease: Lease,
        quiz: Quiz,
        questions: Sequence[Placed],
        attempt: Attempt,
        grades: dict[UUID, Grade] | None,
    ) -> None:
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            await finish(
                transaction, quiz, questions, attempt, grades or {}, degraded=grades is None, now=self._clock.now()
            )
            await leases.close(transaction, lease)

    async def _close(self, lease: Lease) -> None:
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            await leases.close(transaction, lease)
