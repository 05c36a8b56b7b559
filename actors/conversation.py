"""Writes the tutor's answers of one live conversation, one turn at a time, and keeps its history short."""

from typing import ClassVar
from uuid import UUID

import msgspec
import structlog

from actors.actor import Actor
from actors.answer import Answer, Status
from actors.composing import Composed, Composer
from actors.crashes import problem_of
from actors.leaseholder import Leaseholder
from actors.work import Lost, Stop, Take, WorkMessage, persist
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.language_models.port import LanguageModel
from lyo_rt.leases import POISONED_AFTER, Lease, LeaseLost
from lyo_rt.practice import repository as practice
from lyo_rt.practice import rules as adaptive
from lyo_rt.problems import BudgetExhausted, ModelUnavailable, Problem, Unavailable
from lyo_rt.tutoring import history, preparation, service
from lyo_rt.tutoring.records import TurnContext

log = structlog.get_logger()


class ConversationActor(Actor[WorkMessage]):
    """One conversation that is live on this instance; it ends when nothing has been asked for a while."""

    idle_seconds: ClassVar[float | None] = 60

    def __init__(
        self, database: Database, broadcast: Broadcast, model: LanguageModel, leaseholder: Leaseholder, clock: Clock
    ) -> None:
        self._database = database
        self._broadcast = broadcast
        self._model = model
        self._leaseholder = leaseholder
        self._clock = clock
        self._answers: dict[UUID, Answer] = {}

    async def receive(self, message: WorkMessage) -> None:
        match message:
            case Take(lease):
                self.start_soon(self._turn, lease)
            case Stop(id):
                if answer := self._answers.get(id):
                    answer.scope.cancel()
            case Lost(id):
                if answer := self._answers.get(id):
                    answer.lost = True
                    answer.scope.cancel()

    async def stopped(self) -> None:
        for answer in self._answers.values():
            self._leaseholder.drop(answer.lease)

    async def _turn(self, lease: Lease) -> None:
        answer: Answer | None = None
        try:
            context = await persist(lambda: service.context(self._database, lease.id))
            if context is None or context.status != "writing":
                return
            answer = Answer(
                lease,
                context,
                self._database,
                self._broadcast,
                self._clock.monotonic,
                lambda: self._leaseholder.holds(lease),
            )
            self._answers[lease.id] = answer
            await self._write(answer, context)
        except LeaseLost:
            _log_lost(lease)
        finally:
            # The same turn may have been taken again meanwhile, under a later epoch.
            if self._answers.get(lease.id) is answer:
                self._answers.pop(lease.id, None)
            self._leaseholder.drop(lease)

    async def _write(self, answer: Answer, context: TurnContext) -> None:
        status: Status = "complete"
        composed: Composed | None = None
        problem: Problem | None = None
        if answer.lease.takeovers >= POISONED_AFTER:
            problem = Unavailable("This turn has stopped every instance that worked on it, and was given up.")
        else:
            with answer.scope:
                if answer.lease.cancel_requested:
                    answer.scope.cancel()
                try:
                    composer = await self._composer(answer.lease, context)
                    composed = await answer.write(composer.compose)
                except* LeaseLost:
                    answer.lost = True
                except* ModelUnavailable as refusals:
                    problem = problem_of(refusals)
                except* BudgetExhausted as refusals:
                    problem = problem_of(refusals)
                    await answer.say_instead(problem.detail)
        if answer.lost:
            _log_lost(answer.lease)
            return
        if answer.scope.cancelled_caught:
            status, problem = "stopped", None
        elif problem is not None:
            status = "failed"
        await answer.end(status, composed, problem)
        if status == "complete":
            self.start_soon(self._summarise, context)

    async def _composer(self, lease: Lease, context: TurnContext) -> Composer:
        context = await persist(lambda: self._suited(context))
        prepared = await persist(lambda: preparation.prepare(self._database, lease, context))

        async def flag() -> None:
            await persist(lambda: preparation.flag_answer(self._database, lease, context))

        return Composer(self._model, prepared, user=context.user_id, answer=lease.id, flag=flag)

    async def _suited(self, context: TurnContext) -> TurnContext:
        """The context with the level that the learner's rating in the resource's subject says."""
        if context.resource_id is None:
            return context
        ability = await practice.get_ability_about(self._database, context.user_id, context.resource_id)
        return msgspec.structs.replace(context, level=adaptive.told_level(ability))

    async def _summarise(self, context: TurnContext) -> None:
        """Beside the conversation; when no model is there the next long turn keeps an extract instead."""
        try:
            await history.summarise(self._database, context, self._model)
        except (BudgetExhausted, ModelUnavailable, Unavailable) as fault:
            log.info("history not summarised", conversation=str(context.conversation), error=str(fault))


def _log_lost(lease: Lease) -> None:
    log.info("answer goes on elsewhere", answer=str(lease.id), epoch=lease.epoch)
