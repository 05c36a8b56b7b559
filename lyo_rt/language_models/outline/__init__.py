"""The `outline` provider: no model at all, the same answer to the same task every time.

It builds only from what the task brings: the text it is given, the topic, the objectives, the interests. Where there
is no text it asks instead of telling. Everything it writes is marked as degraded (SPEC §5).
"""

import re
from typing import cast

import msgspec
from anyio import to_thread
from anyio.lowlevel import checkpoint

from lyo_rt.language_models.code_tasks import ExplainCode
from lyo_rt.language_models.judging import judged
from lyo_rt.language_models.outline.assessments import assessment_of
from lyo_rt.language_models.outline.code import explanation_of
from lyo_rt.language_models.outline.guiding import guiding_turn, is_guided, turn_back
from lyo_rt.language_models.outline.lessons import lesson_of
from lyo_rt.language_models.outline.phrases import phrases_for
from lyo_rt.language_models.outline.plans import plan_of
from lyo_rt.language_models.outline.quizzes import quiz_of
from lyo_rt.language_models.outline.reasons import reasons_of
from lyo_rt.language_models.outline.summary import summary_of
from lyo_rt.language_models.outline.tutor import tutor_turn
from lyo_rt.language_models.outline.tutoring import tutoring_for
from lyo_rt.language_models.port import UNMETERED, Draft, Meter, ModelFault, TextSink, Written
from lyo_rt.language_models.quiz_tasks import GradeAnswers, Grading, WriteQuiz
from lyo_rt.language_models.recommendation_tasks import GiveReasons
from lyo_rt.language_models.summary_tasks import SummariseConversation
from lyo_rt.language_models.tasks import PlanCourse, StructuredTask, TutorTask, WriteAssessment, WriteLesson
from lyo_rt.language_models.translation_tasks import Translate

_LONG_TEXT = 200
"""Characters of material from which an answer is made in a thread: of 800, questions cost 10 ms."""

WRITTEN = Written(provider="outline", model="lyo-outline", degraded=True)


class Outline:
    """A Provider that is always there.

    It raises ModelFault for what takes a model (a translation), and when nothing it can write passes the gates.
    """

    name = "outline"

    async def write(self, task: StructuredTask[Draft], meter: Meter = UNMETERED) -> tuple[Draft, Written]:  # noqa: ARG002
        await checkpoint()
        if _text_length(task) > _LONG_TEXT:
            return await to_thread.run_sync(_passed, task)
        return _passed(task)

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        text = await to_thread.run_sync(_turn_of, task)
        for piece in re.findall(r"\S+\s*", text):
            await checkpoint()
            await sink.text(piece)
        return WRITTEN

    async def aclose(self) -> None:
        await checkpoint()


def _turn_of(task: TutorTask) -> str:
    if turn := turn_back(task):
        return turn
    guided = guiding_turn(task) if is_guided(task.guidance) else None
    return guided or tutor_turn(task, tutoring_for(task.locale))


def _passed(task: StructuredTask[Draft]) -> tuple[Draft, Written]:
    """The draft, as far as the gates let it pass."""
    verdict = judged(task, cast("Draft", _draft_of(task)))
    if verdict.draft is None:
        raise ModelFault("outline", "malformed", "; ".join(verdict.faults))
    return verdict.draft, msgspec.structs.replace(WRITTEN, gates=verdict.gates)


def _text_length(task: object) -> int:
    match task:
        case PlanCourse() | WriteLesson():
            return len(task.brief.source_text or "")
        case WriteAssessment():
            return sum(len(lesson.text) for lesson in task.lessons)
        case ExplainCode():
            return len(task.code)
        case WriteQuiz():
            return len(task.text)
        case SummariseConversation():
            return sum(len(turn.text) for turn in task.turns)
        case _:
            return 0


def _draft_of(task: object) -> object:
    match task:
        case PlanCourse():
            return plan_of(task.brief, phrases_for(task.brief.locale))
        case WriteLesson():
            return lesson_of(task, phrases_for(task.brief.locale))
        case WriteAssessment():
            return assessment_of(task, phrases_for(task.brief.locale))
        case ExplainCode():
            return explanation_of(task, phrases_for(task.locale))
        case WriteQuiz():
            return quiz_of(task, phrases_for(task.locale))
        case GradeAnswers():
            # judgement is what it does not have: whoever asked falls back on what can be matched
            return Grading([], [])
        case GiveReasons():
            return reasons_of(task, phrases_for(task.locale))
        case Translate():
            raise ModelFault("outline", "invalid_request", "a translation takes a language model")
        case SummariseConversation():
            return summary_of(task)
        case _:
            raise NotImplementedError(type(task).__name__)
