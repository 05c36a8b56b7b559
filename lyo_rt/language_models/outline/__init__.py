"""The `outline` provider: no model at all, the same answer to the same task every time.

It builds only from what the task brings: the text it is given, the topic, the objectives, the interests. Where there
is no text it asks instead of telling. Everything it writes is marked as degraded (SPEC §5).
"""

import re
from typing import cast

from anyio import to_thread
from anyio.lowlevel import checkpoint

from lyo_rt.language_models.outline.assessments import assessment_of
from lyo_rt.language_models.outline.lessons import lesson_of
from lyo_rt.language_models.outline.phrases import phrases_for
from lyo_rt.language_models.outline.plans import plan_of
from lyo_rt.language_models.outline.quizzes import quiz_of
from lyo_rt.language_models.outline.tutor import tutor_turn
from lyo_rt.language_models.port import Draft, TextSink, Written
from lyo_rt.language_models.quiz_tasks import GradeAnswers, Grading, WriteQuiz
from lyo_rt.language_models.tasks import PlanCourse, StructuredTask, TutorTask, WriteAssessment, WriteLesson

_LONG_TEXT = 10_000
"""Characters of source text from which a draft is made in a thread: 5,000 take 26 ms, 50,000 take 200 ms."""

WRITTEN = Written(provider="outline", model="lyo-outline", degraded=True)


class Outline:
    """A Provider that is always there and never raises ModelFault."""

    name = "outline"

    async def write(self, task: StructuredTask[Draft]) -> tuple[Draft, Written]:
        await checkpoint()
        if _text_length(task) > _LONG_TEXT:
            return cast("Draft", await to_thread.run_sync(_draft_of, task)), WRITTEN
        return cast("Draft", _draft_of(task)), WRITTEN

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        text = tutor_turn(task, phrases_for(task.locale))
        for piece in re.findall(r"\S+\s*", text):
            await checkpoint()
            await sink.text(piece)
        return WRITTEN

    async def aclose(self) -> None:
        await checkpoint()


def _text_length(task: object) -> int:
    match task:
        case PlanCourse() | WriteLesson() | WriteAssessment():
            return len(task.brief.source_text or "")
        case WriteQuiz():
            return len(task.text)
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
        case WriteQuiz():
            return quiz_of(task, phrases_for(task.locale))
        case GradeAnswers():
            # Judgement is what it does not have: whoever asked falls back on what can be matched.
            return Grading([], [])
        case _:
            raise NotImplementedError(type(task).__name__)
