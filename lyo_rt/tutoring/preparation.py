"""What a turn is to be, decided before a model is asked: harm, language, the problem at hand, the hint, the context."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from anyio import to_thread

from lyo_rt import leases
from lyo_rt.database.pool import Database
from lyo_rt.language_models.guidance import Guidance, Problem, Subject
from lyo_rt.language_models.tasks import TutorTask
from lyo_rt.leases import Lease
from lyo_rt.tutoring import grounding, harm, history, ladder, learner, repository
from lyo_rt.tutoring.answers import Key, Keys
from lyo_rt.tutoring.harm.signs import Kind
from lyo_rt.tutoring.language import language_of
from lyo_rt.tutoring.problems import AT_ONCE, EXAMINED, at_hand
from lyo_rt.tutoring.records import Ground, ProblemState, TurnContext
from lyo_rt.tutoring.subject import subject_of

CLOSED = frozenset({"mastered", "closed"})
QUESTION_KEPT = 500
"""Characters of a question that are kept with its state."""


@dataclass(frozen=True)
class Prepared:
    """A turn ready to be written: the task for a model and the answers it must not give, or the `reply` itself."""

    task: TutorTask
    keys: Keys | None = None
    reply: str | None = None


async def prepare(database: Database, lease: Lease, context: TurnContext) -> Prepared:
    """Decide the turn and count the learner's message, once however often the turn is taken up. Raises LeaseLost."""
    ground = await _ground(database, context)
    found = await to_thread.run_sync(language_of, context.said_before[:3])
    locale = found or context.locale
    context = await history.bounded(database, context, locale)
    task = TutorTask(
        turns=context.turns,
        resource_title=ground.title if ground else "",
        resource_text=ground.text if ground else "",
        locale=locale,
        level=context.level or (ground.level if ground else "beginner"),
        style=context.style,
    )
    if kind := harm.in_message(context.said):
        await _flag(database, lease, context, kind)
        return Prepared(task, reply=harm.reply(kind, context.locale, _language(locale)))
    guidance = Guidance(
        subject=_subject(context, ground, _language(locale)),
        summary=context.summary.text if context.summary else "",
        concerned=context.concerned,
    )
    task = msgspec.structs.replace(task, guidance=guidance)
    problems = await _problems(database, context)
    return await _on_problem(database, lease, context, task, problems) if problems else Prepared(task)


async def flag_answer(database: Database, lease: Lease, context: TurnContext) -> None:
    """A model's words would have done harm. Raises LeaseLost."""
    async with database.transaction() as transaction:
        await leases.fence(transaction, lease)
        await repository.add_flag(
            transaction,
            user=context.user_id,
            conversation=context.conversation,
            message=lease.id,
            kind="harmful_answer",
            source="tutor",
        )


async def _on_problem(
    database: Database, lease: Lease, context: TurnContext, task: TutorTask, problems: Sequence[Problem]
) -> Prepared:
    language = _language(task.locale)
    states = await repository.list_problems(database, context.conversation)
    known = {state.problem: state for state in states}
    matched = at_hand(context.said, language, problems)
    problem = _chosen(context, states, matched, problems, language)
    guidance = task.guidance
    if problem is not None:
        state = known.get(problem.id) or ProblemState(problem.id, problem.question[:QUESTION_KEPT])
        state = await _counted(database, lease, context, state, Key(problem, language, context.said))
        guidance, known[problem.id] = _guidance(guidance, problem, state), state
    record = await learner.read(database, context.user_id, context.resource_id, without=problem.id if problem else "")
    guidance = msgspec.structs.replace(guidance, mastered=record.mastered, missed=record.missed)
    here = _of_the_place(context, states, problems)
    touched = dict.fromkeys([*([problem] if problem else []), *matched, *here])
    still_open = [one for one in touched if one.id not in known or known[one.id].state == "open"]
    keys = Keys([Key(one, language, context.said) for one in still_open]) if still_open else None
    return Prepared(msgspec.structs.replace(task, guidance=guidance), keys=keys)


def _chosen(
    context: TurnContext,
    states: Sequence[ProblemState],
    matched: Sequence[Problem],
    problems: Sequence[Problem],
    language: str,
) -> Problem | None:
    """The problem worked on: the present one while the learner is at it, else the one they speak of."""
    by_id = {problem.id: problem for problem in problems}
    current = next((state for state in states if state.problem in by_id), None)
    if current is not None and (current.state not in CLOSED or current.counted >= context.asked):
        problem = by_id[current.problem]
        if not matched or problem in matched or Key(problem, language, context.said).attempt(context.said):
            return problem
    if matched:
        return matched[0]
    return next(iter(_of_the_place(context, states, problems)), None)


def _of_the_place(
    context: TurnContext, states: Sequence[ProblemState], problems: Sequence[Problem]
) -> Sequence[Problem]:
    """The open problems of a lesson or an item: whoever talks about it is at them, whatever words they use. A course
    is too large for that."""
    if context.resource_kind not in ("lesson", "item"):
        return ()
    done = {state.problem for state in states if state.state != "open"}
    return [one for one in problems if one.id not in done and not one.id.startswith(EXAMINED)][:AT_ONCE]


async def _counted(
    database: Database, lease: Lease, context: TurnContext, state: ProblemState, key: Key
) -> ProblemState:
    """The state with the learner's message counted and stored; unchanged when it was counted before."""
    if state.counted >= context.asked:
        return state
    state = ladder.after(state, ladder.move_of(context.said, key), context.said, key.language)
    state = msgspec.structs.replace(state, counted=context.asked)
    async with database.transaction() as transaction:
        await leases.fence(transaction, lease)
        await repository.set_problem(transaction, context.conversation, state)
    return state


def _guidance(guidance: Guidance, problem: Problem, state: ProblemState) -> Guidance:
    # an attempt at the problem is on the subject, whatever words it takes
    subject = "on" if state.verdict in ("right", "wrong") else guidance.subject
    return msgspec.structs.replace(
        guidance,
        problem=problem,
        step=ladder.step_of(state),
        verdict=state.verdict,
        attempts=state.attempts,
        subject=subject,
    )


async def _problems(database: Database, context: TurnContext) -> tuple[Problem, ...]:
    """What the resource asks, and what the learner is being examined in."""
    examined = await grounding.open_questions(database, context.user_id)
    if context.resource_kind is None or context.resource_id is None:
        return examined
    return (*await grounding.problems(database, context.resource_kind, context.resource_id), *examined)


async def _ground(database: Database, context: TurnContext) -> Ground | None:
    if context.resource_kind is None or context.resource_id is None:
        return None
    return await grounding.read(database, context.resource_kind, context.resource_id)


async def _flag(database: Database, lease: Lease, context: TurnContext, kind: Kind) -> None:
    async with database.transaction() as transaction:
        await leases.fence(transaction, lease)
        await repository.add_flag(
            transaction,
            user=context.user_id,
            conversation=context.conversation,
            message=context.question,
            kind=kind,
            source="learner",
        )


def _subject(context: TurnContext, ground: Ground | None, language: str) -> Subject:
    """Only where the material is in the language the learner writes: of other words nothing can be said."""
    if ground is None or _language(ground.locale) != language:
        return "on"
    return subject_of(context.turns, f"{ground.title} {ground.text}", language)


def _language(locale: str) -> str:
    return locale.replace("_", "-").split("-")[0].lower()
