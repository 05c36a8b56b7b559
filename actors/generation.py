"""Writes one course: outline, lessons, assessments, each a durable step behind the fence, then the assembly.

A killed instance loses at most the steps in flight: another takes the lease, reads what is finished, and goes on.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio
import msgspec
import structlog

from actors.actor import Actor
from actors.courtesy import Courtesy
from actors.crashes import problem_of
from actors.leaseholder import Leaseholder
from actors.work import Lost, Stop, Take, WorkMessage, persist
from lyo_rt import streams
from lyo_rt.courses import repository as courses
from lyo_rt.courses.drafted import ASSESSMENT_MINUTES, assessment_item, lesson_items, metadata
from lyo_rt.courses.records import NewLesson, NewModule
from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Database
from lyo_rt.generation import rules, service
from lyo_rt.generation.records import TERMINAL, Step, Work
from lyo_rt.generation.rules import AssessmentStep, LessonStep
from lyo_rt.language_models.port import Asker, LanguageModel, Written
from lyo_rt.language_models.tasks import (
    CoursePlan,
    LessonDraft,
    PlanCourse,
    StructuredTask,
    WriteAssessment,
    WriteLesson,
)
from lyo_rt.leases import POISONED_AFTER, Lease, LeaseLost, held_still
from lyo_rt.operations import service as operations
from lyo_rt.practice import repository as practice
from lyo_rt.practice import rules as adaptive
from lyo_rt.problems import BudgetExhausted, ModelUnavailable, Problem, Unavailable

PARALLEL_STEPS = 3
KNOWN = 100
"""Subjects, the newest, by which a learner's lessons are suited to them."""
UNREACHED = "No language model could be reached; please try again later."
POISONED = "This task has stopped every instance that worked on it, and was given up."

Draft = TypeVar("Draft", bound=msgspec.Struct)
log = structlog.get_logger()


class GenerationActor(Actor[WorkMessage]):
    """One task under one lease."""

    def __init__(
        self, lease: Lease, database: Database, model: LanguageModel, leaseholder: Leaseholder, courtesy: Courtesy
    ) -> None:
        self._lease = lease
        self._database = database
        self._model = model
        self._leaseholder = leaseholder
        self._courtesy = courtesy
        self._scope = anyio.CancelScope()
        self._slots = anyio.CapacityLimiter(PARALLEL_STEPS)
        self._storing = anyio.Lock()
        self._lost = False
        self._steps: dict[str, Step] = {}

    async def started(self) -> None:
        self.start_soon(self._run)

    async def receive(self, message: WorkMessage) -> None:
        match message:
            case Take():
                return
            case Stop():
                self._scope.cancel()
            case Lost():
                self._lost = True
                self._scope.cancel()

    async def stopped(self) -> None:
        self._leaseholder.drop(self._lease)

    async def _run(self) -> None:
        failure: Problem | None = None
        with self._scope:
            try:
                failure = await self._write()
            except* LeaseLost:
                self._lost = True
            except* ModelUnavailable as refusals:
                failure = ModelUnavailable(UNREACHED, retry_after=problem_of(refusals).retry_after)
            except* BudgetExhausted as refusals:
                failure = problem_of(refusals)
        if not self._lost:
            try:
                if self._scope.cancelled_caught:
                    await persist(self._cancelled)
                elif failure is not None:
                    await persist(lambda: self._failed(failure))
            except LeaseLost:
                log.info("task ended elsewhere", task=str(self._lease.id))
        self.finish()

    async def _write(self) -> Problem | None:
        """Everything that is still to do; what is returned says why it cannot be done."""
        if self._lease.cancel_requested:
            self._scope.cancel()
        await self._courtesy.turn()
        work = await persist(lambda: service.work(self._database, self._lease.id))
        if work is None or work.state in TERMINAL:
            self._lost = True
            return None
        if self._lease.takeovers >= POISONED_AFTER:
            return Unavailable(POISONED)
        if self._lease.epoch > 1:
            self._steps = await persist(lambda: service.finished_steps(self._database, self._lease.id))
        await persist(lambda: self._begin("Planning the course" if rules.PLAN not in self._steps else "Going on"))
        plan = await self._plan(work)
        suited = await persist(partial(self._suited, work))
        async with anyio.create_task_group() as modules:
            for module in range(len(plan.modules)):
                modules.start_soon(self._write_module, suited, plan, module)
        await persist(lambda: self._assemble(work, plan))
        return None

    async def _suited(self, work: Work) -> Work:
        """The work with the level its lessons are to have: by the learner's rating where that tells enough."""
        known = await practice.list_known(self._database, work.user_id, limit=KNOWN)
        ability = adaptive.ability_towards(work.brief.topic, known)
        level = adaptive.told_level(ability) or work.brief.level
        return msgspec.structs.replace(work, brief=msgspec.structs.replace(work.brief, level=level))

    async def _begin(self, message: str) -> None:
        changes = Changes()
        service.begin(changes, self._lease, message)
        held_still(await self._database.carry_out(changes), self._lease)

    async def _plan(self, work: Work) -> CoursePlan:
        if known := self._steps.get(rules.PLAN):
            return msgspec.json.decode(known.result, type=CoursePlan)
        plan, written = await self._ask(work, PlanCourse(brief=work.brief))

        def tell(changes: Changes) -> None:
            courses.plan_course(
                changes,
                work.course_id,
                title=plan.title,
                description=plan.description,
                objectives=plan.objectives,
                prerequisites=plan.prerequisites,
                modules=[
                    NewModule(
                        module.title,
                        module.summary,
                        module.objectives,
                        sum(lesson.minutes for lesson in module.lessons) + ASSESSMENT_MINUTES,
                        [lesson.title for lesson in module.lessons],
                    )
                    for module in plan.modules
                ],
                behind="step",
            )
            lessons = sum(len(module.lessons) for module in plan.modules)
            message = f"Outline ready: {len(plan.modules)} modules, {lessons} lessons"
            service.advance(changes, self._lease.id, rules.percent(0, plan), message)

        await self._store(rules.PLAN, plan, written, tell)
        return plan

    async def _write_module(self, work: Work, plan: CoursePlan, module: int) -> None:
        drafts: dict[int, LessonDraft] = {}
        steps = [step for step in rules.steps(plan) if step.module == module]
        async with anyio.create_task_group() as lessons:
            for step in steps:
                if isinstance(step, LessonStep):
                    lessons.start_soon(self._write_lesson, work, plan, step, drafts)
        for step in steps:
            if isinstance(step, AssessmentStep):
                await self._write_assessment(work, plan, step, tuple(drafts[place] for place in sorted(drafts)))

    async def _write_lesson(
        self, work: Work, plan: CoursePlan, step: LessonStep, drafts: dict[int, LessonDraft]
    ) -> None:
        if known := self._steps.get(step.name):
            drafts[step.lesson] = msgspec.json.decode(known.result, type=LessonDraft)
            return
        # The slot is kept until the lesson is stored: a killed instance loses no more steps than there are slots.
        async with self._slots:
            await self._courtesy.turn()
            draft, written = await self._ask(
                work, WriteLesson(brief=work.brief, plan=plan, module=step.module, lesson=step.lesson)
            )
            planned = plan.modules[step.module].lessons[step.lesson]
            lesson = NewLesson(
                work.course_id,
                step.module + 1,
                step.position,
                planned.title,
                draft.summary,
                planned.minutes,
                lesson_items(planned.title, planned.minutes, draft),
            )
            await self._store(step.name, draft, written, lambda changes: self._land(changes, plan, lesson))
        drafts[step.lesson] = draft

    async def _write_assessment(
        self, work: Work, plan: CoursePlan, step: AssessmentStep, drafts: tuple[LessonDraft, ...]
    ) -> None:
        if step.name in self._steps:
            return
        async with self._slots:
            await self._courtesy.turn()
            draft, written = await self._ask(
                work, WriteAssessment(brief=work.brief, plan=plan, module=step.module, lessons=drafts)
            )
            lesson = NewLesson(
                work.course_id,
                step.module + 1,
                step.position,
                draft.title,
                "",
                ASSESSMENT_MINUTES,
                (assessment_item(draft),),
                kind="assessment",
            )
            await self._store(step.name, draft, written, lambda changes: self._land(changes, plan, lesson))

    def _land(self, changes: Changes, plan: CoursePlan, lesson: NewLesson) -> None:
        id = courses.add_lesson(changes, lesson, behind="step")
        done = len(self._steps.keys() - {rules.PLAN}) + 1
        total = sum(1 for _ in rules.steps(plan))
        message = f"Ready: {lesson.title} ({done} of {total})"
        service.advance(changes, self._lease.id, rules.percent(done, plan), message)
        data = {"lesson_id": str(id), "title": lesson.title, "order": lesson.position}
        streams.appending(changes, "landed", streams.course_stream(lesson.course_id), "lesson", data, behind="step")

    async def _ask(self, work: Work, task: StructuredTask[Draft]) -> tuple[Draft, Written]:
        return await self._model.write(task, Asker("course", user=work.user_id, work=self._lease.id))

    async def _store(
        self, step: str, result: msgspec.Struct, written: Written, tell: Callable[[Changes], None]
    ) -> None:
        """One checkpoint: fence, result, course rows, progress, event, lease: together or not at all."""

        async def checkpoint() -> None:
            changes = Changes()
            service.store_step(changes, self._lease, step, result, written)
            tell(changes)
            held_still(await self._database.carry_out(changes), self._lease)

        async with self._storing:
            await persist(checkpoint)
            self._steps[step] = Step(step, msgspec.Raw(msgspec.json.encode(result)), written)

    async def _assemble(self, work: Work, plan: CoursePlan) -> None:
        changes = Changes()
        service.finish(changes, self._lease, "DONE", "The course is ready", work, result=work.course_id)
        self._close_course(changes, work, "completed", {"title": plan.title})
        held_still(await self._database.carry_out(changes), self._lease)

    def _close_course(self, changes: Changes, work: Work, status: str, told: dict[str, Any]) -> None:
        written = [step.written for step in self._steps.values()]
        courses.finish_course(changes, work.course_id, status, metadata(written), behind="fence")
        streams.appending(changes, "closed", streams.course_stream(work.course_id), status, told, behind="fence")

    async def _failed(self, problem: Problem) -> None:
        async with self._database.transaction() as transaction:
            work, changes = await service.work(transaction, self._lease.id), Changes()
            service.finish(changes, self._lease, "ERROR", problem.detail, work, problem=problem)
            if work is not None:
                self._close_course(changes, work, "failed", {"message": problem.detail, "code": problem.code})
            held_still(await transaction.carry_out(changes), self._lease)
            if self._lease.takeovers >= POISONED_AFTER:
                await operations.tell_poisoned(transaction, self._lease.id, self._lease.takeovers)

    async def _cancelled(self) -> None:
        """Nothing half-written remains."""
        async with self._database.transaction() as transaction:
            work, changes = await service.work(transaction, self._lease.id), Changes()
            service.finish(changes, self._lease, "CANCELLED", "Cancelled", work)
            held_still(await transaction.carry_out(changes), self._lease)
            if work is not None:
                await courses.remove_course(transaction, work.course_id)
                stream = streams.course_stream(work.course_id)
                await streams.delete(transaction, stream)
                await streams.append(transaction, stream, "cancelled", {})
