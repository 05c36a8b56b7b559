"""What a turn is to be, decided before a model is asked: harm, language, the problem at hand, the hint, the context."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from lyo_rt.tutoring.hidden import Hidden, mark_of
from lyo_rt.tutoring.language import Tongue, language_of, maybe_in, speaks_of_languages
from lyo_rt.tutoring.orders import Orders, under_orders
from lyo_rt.tutoring.problems import AT_ONCE, EXAMINED, at_hand
from lyo_rt.tutoring.records import Ground, ProblemState, TurnContext
from lyo_rt.tutoring.screen import Screen
from lyo_rt.tutoring.subject import subject_of

CLOSED = frozenset({"mastered", "closed"})
QUESTION_KEPT = 500
"""Characters of a question that are kept with its state."""


@dataclass(frozen=True)
class Prepared:
    """A turn ready to be written: the task for a model and what its words are held to, or the `reply` itself.

    `keys` are the answers that must not be given, `languages` those it may be in; none stands for any. `hold`: what
    leaves is checked first even without a key, since the material does not speak the learner's language.
    """

    task: TutorTask
    keys: Keys | None = None
    reply: str | None = None
    languages: frozenset[str] = frozenset()
    hidden: Hidden | None = None
    orders: Orders | None = None
    hold: bool = False

    def screen(self, *, any_language: bool = False) -> Screen:
        """For one draft of a model's."""
        tongue = Tongue(self.languages) if self.languages and not any_language else None
        return Screen(self.keys, tongue=tongue, hidden=self.hidden, orders=self.orders, hold=self.hold)


async def prepare(database: Database, lease: Lease, context: TurnContext) -> Prepared:
    """Decide the turn and count the learner's message, once however often the turn is taken up. Raises LeaseLost."""
    ground = await _ground(database, context)
    found = await to_thread.run_sync(language_of, context.said_before[:3], _language(context.locale))
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
        reply = await to_thread.run_sync(harm.reply, kind, context.locale, _language(locale))
        return Prepared(task, reply=reply)
    guidance = Guidance(
        subject=_subject(context, ground, _language(locale)),
        summary=context.summary.text if context.summary else "",
        concerned=context.concerned,
        ordered=under_orders(context.turns),
        mark=mark_of(context.conversation),
    )
    prepared = Prepared(msgspec.structs.replace(task, guidance=guidance))
    if problems := await _problems(database, context):
        prepared = await _on_problem(database, lease, context, prepared.task, problems)
    return await _held(prepared, context, ground, found)


async def _held(prepared: Prepared, context: TurnContext, ground: Ground | None, found: str | None) -> Prepared:
    """The turn with what its words are held to, besides the keys."""
    language = _language(prepared.task.locale)
    foreign = ground is not None and _language(ground.locale) != language
    return replace(
        prepared,
        languages=await to_thread.run_sync(_languages, context, ground, found),
        hidden=await to_thread.run_sync(Hidden, prepared.task.guidance.mark),
        orders=_orders(prepared.task, language, comparable=not foreign) if prepared.task.guidance.ordered else None,
        hold=foreign,
    )


def _languages(context: TurnContext, ground: Ground | None, found: str | None) -> frozenset[str]:
    """The one the learner surely writes in; else the profile's, the material's, and what the message can be in."""
    if speaks_of_languages(context.said):
        return frozenset()
    if found is not None:
        return frozenset({found})
    return maybe_in(context.said) | {_language(context.locale), _language((ground or context).locale)}


def _orders(task: TutorTask, language: str, *, comparable: bool) -> Orders:
    problem = task.guidance.problem
    asked = (problem.question, *problem.options) if problem else ()
    material = (task.resource_title, task.resource_text, task.guidance.summary, *asked)
    return Orders(task.turns, material, language, comparable=comparable)


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
    return await grounding.read(database, context.resource_kind, context.resource_id, in_lesson=True)


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
    """Where there is one."""
    if ground is None:
        return "on"
    comparable = _language(ground.locale) == language
    return subject_of(context.turns, f"{ground.title} {ground.text}", language, comparable=comparable)


def _language(locale: str) -> str:
    return locale.replace("_", "-").split("-")[0].lower()
