"""Writes one quiz: chosen among the questions there are where that is asked, the rest by a model, behind the gates."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec

from actors.work import persist
from lyo_rt import leases
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.language_models.gatekeeper import Gatekeeper
from lyo_rt.language_models.port import Asker, Written
from lyo_rt.language_models.quiz_tasks import WriteQuiz
from lyo_rt.leases import POISONED_AFTER, Lease
from lyo_rt.operations import service as operations
from lyo_rt.practice import repository as practice
from lyo_rt.practice import rules as adaptive
from lyo_rt.practice.records import Ability, Candidate, Rating
from lyo_rt.problems import BudgetExhausted, ModelUnavailable, Problem, Unavailable
from lyo_rt.quizzes import repository, service
from lyo_rt.quizzes.items import Refused, Sifted, item_of, sifted
from lyo_rt.quizzes.records import NewQuestion, Question, Quiz
from lyo_rt.quizzes.rules import chance
from lyo_rt.tutoring import grounding

ROUNDS = 2
"""What the rules refuse is asked for again once."""
AVOID = 20
"""Questions the learner had last that the model is told not to repeat."""
POOL = 500
RETRY_AFTER = 30.0
POISONED = "This quiz has stopped every instance that worked on it, and was given up."
NOTHING_SOUND = "No question that passes the rules could be made of this; try again, or give another text."
NOTHING_WITHOUT_A_MODEL = (
    "Without a language model questions are made of a text's own sentences, and this gives none of this type; "
    "give another text or type, or try again later."
)


class _Made(msgspec.Struct):
    """What the rounds have brought so far."""

    questions: list[NewQuestion]
    writers: list[Written]
    refused: list[Refused]


class QuizWriter:
    """The work of the leases of kind `quiz`."""

    def __init__(self, database: Database, model: Gatekeeper, clock: Clock) -> None:
        self._database = database
        self._model = model
        self._clock = clock

    async def write(self, lease: Lease) -> None:
        """Write the quiz of the lease to its end: ready, or failed with the reason. Raises LeaseLost."""
        quiz = await persist(lambda: repository.get_quiz(self._database, lease.id))
        if quiz is None or quiz.status != "writing":
            await persist(lambda: self._close(lease))
        elif lease.takeovers >= POISONED_AFTER:
            await persist(lambda: self._fail(lease, Unavailable(POISONED)))
        else:
            await self._write(lease, quiz)

    async def _write(self, lease: Lease, quiz: Quiz) -> None:
        began = self._clock.monotonic()
        ability = await persist(lambda: practice.get_ability(self._database, quiz.user_id, quiz.subject))
        chosen = await persist(lambda: self._chosen(quiz, ability)) if quiz.adaptive else []
        made = _Made([], [], [])
        problem: Problem | None = None
        if len(chosen) < quiz.requested:
            try:
                await self._ask(quiz, quiz.requested - len(chosen), [question for question, _ in chosen], made)
            except ModelUnavailable as fault:
                problem = ModelUnavailable(fault.detail, retry_after=fault.retry_after or RETRY_AFTER)
            except BudgetExhausted as fault:
                problem = fault
        if chosen or made.questions:
            seconds = round(self._clock.monotonic() - began, 3)
            await persist(lambda: self._store(lease, quiz, ability, chosen, made, seconds))
        else:
            nothing = NOTHING_WITHOUT_A_MODEL if any(one.degraded for one in made.writers) else NOTHING_SOUND
            failed = problem or ModelUnavailable(nothing, retry_after=RETRY_AFTER)
            await persist(lambda: self._fail(lease, failed))

    async def _chosen(self, quiz: Quiz, ability: Ability) -> list[tuple[Question, Rating]]:
        """Questions of the resource that suit the learner."""
        pool = {one.id: one for one in await repository.unseen_questions(self._database, quiz, limit=POOL)}
        ratings = await practice.get_ratings(self._database, list(pool))
        candidates = [Candidate(id, chance(pool[id]), rating) for id, rating in ratings.items()]
        return [(pool[one.question], one.rating) for one in adaptive.choose(ability, candidates, quiz.requested)]

    async def _ask(self, quiz: Quiz, count: int, chosen: Sequence[Question], made: _Made) -> None:
        """Have up to `count` sound questions put into `made`. Raises ModelUnavailable and BudgetExhausted while there
        is none."""
        had = await persist(
            lambda: repository.recent_questions(self._database, quiz.user_id, quiz.subject, limit=AVOID)
        )
        had += [question.question for question in chosen]
        task = await persist(lambda: self._task(quiz, count))
        asker = Asker("quiz", user=quiz.user_id, work=quiz.id, private=not quiz.shared)
        for _ in range(ROUNDS):
            wanted = count - len(made.questions)
            refused = tuple(f"{one.question[:200]}: {one.reasons}" for one in made.refused)
            try:
                draft, written = await self._model.write(
                    msgspec.structs.replace(task, questions=wanted, avoid=tuple(had), refused=refused), asker
                )
            except (ModelUnavailable, BudgetExhausted):
                if made.questions:
                    return
                raise
            found = sifted(draft.items, quiz.difficulty, quiz.locale, made.questions, had)
            found = await self._read(found, made, task, asker)
            made.questions = list(found.sound[:count])
            made.writers.append(written)
            made.refused += found.refused
            if len(made.questions) >= count:
                return
            had += [one.question for one in found.sound] + [one.question for one in found.refused]

    async def _read(self, found: Sifted, made: _Made, task: WriteQuiz, asker: Asker) -> Sifted:
        """What is found, without the new questions whose key a second model, where one is set, does not find."""
        known = {question.question for question in made.questions}
        new = [question for question in found.sound if question.question not in known]
        items = [item_of(question, task.locale) for question in new]
        lost = await self._model.keys_not_found(items, asker, task.text)
        return found.without([new[place] for place in lost])

    async def _task(self, quiz: Quiz, count: int) -> WriteQuiz:
        text = quiz.source_text or ""
        if quiz.resource_kind is not None and quiz.resource_id is not None:
            ground = await grounding.read(self._database, quiz.resource_kind, quiz.resource_id)
            text = ground.text if ground is not None else ""
        return WriteQuiz(
            quiz_type=quiz.quiz_type,
            questions=count,
            level=quiz.difficulty,
            locale=quiz.locale,
            topic=quiz.title,
            text=text,
        )

    async def _store(
        self,
        lease: Lease,
        quiz: Quiz,
        ability: Ability,
        chosen: Sequence[tuple[Question, Rating]],
        made: _Made,
        seconds: float,
    ) -> None:
        expected = [(one.id, _expected(ability, one, rating.difficulty)) for one, rating in chosen]
        opened: dict[UUID, float] = {}
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            for question in made.questions:
                id, difficulty = uuid4(), adaptive.INITIAL[question.difficulty]
                model = made.writers[-1].model
                await repository.add_question(transaction, id, quiz, question, model, now=self._clock.now())
                opened[id] = difficulty
                expected.append((id, _expected(ability, question, difficulty)))
            await practice.open_ratings(transaction, opened)
            await repository.place_questions(transaction, quiz.id, expected)
            models = [written.model for written in made.writers] or [question.model for question, _ in chosen]
            await repository.finish_quiz(
                transaction,
                quiz.id,
                dropped=len(made.refused),
                reused=len(chosen),
                model=models[-1],
                degraded=any(written.degraded for written in made.writers),
                seconds=seconds,
            )
            await self._end(transaction, lease)

    async def _fail(self, lease: Lease, problem: Problem) -> None:
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            await repository.fail_quiz(transaction, lease.id, problem)
            if lease.takeovers >= POISONED_AFTER:
                await operations.tell_poisoned(transaction, lease.id, lease.takeovers)
            await self._end(transaction, lease)

    async def _close(self, lease: Lease) -> None:
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            await leases.close(transaction, lease)

    async def _end(self, transaction: Transaction, lease: Lease) -> None:
        service.tell(transaction, lease.id)
        await leases.close(transaction, lease)


def _expected(ability: Ability, question: NewQuestion, difficulty: float) -> float:
    return adaptive.expected_success(ability.value, difficulty, chance(question))
