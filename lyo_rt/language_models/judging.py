"""A draft before the quality gates: what may be stored of it, and what its author is told.

Decoding and judging cost 0.25 ms a draft on average over a course: 0.2 a plan, 0.05 a lesson, 0.65 an assessment of
four questions.
"""

from collections import Counter
from typing import Any, Generic, cast

import msgspec

from lyo_rt.language_models.code_tasks import CodeExplanation, ExplainCode, code_faults
from lyo_rt.language_models.key_tasks import FindKeys, FoundKeys, found_faults
from lyo_rt.language_models.pace import pace_of
from lyo_rt.language_models.port import Draft
from lyo_rt.language_models.quality import courses
from lyo_rt.language_models.quality.counts import Gates, counted
from lyo_rt.language_models.quality.items import Item, balanced
from lyo_rt.language_models.quality.sifting import sifted
from lyo_rt.language_models.quality.texts import folded
from lyo_rt.language_models.recommendation_tasks import GiveReasons, Reasons, reasons_faults
from lyo_rt.language_models.tasks import (
    AssessmentDraft,
    CoursePlan,
    LessonDraft,
    PlanCourse,
    QuestionDraft,
    StructuredTask,
    WriteAssessment,
    WriteLesson,
)
from lyo_rt.language_models.translation_tasks import Translate, Translation, translation_faults


class Verdict(msgspec.Struct, Generic[Draft], frozen=True):
    """What the gates say.

    `draft` is what is sound of it, None when nothing is. `faults` are for its author, in words; empty when all of it
    is sound. `enough` says whether the sound part will do when its author cannot mend the rest. `gates` counts what was
    mended, and what is dropped if it is left at that.
    """

    draft: Draft | None
    faults: list[str] = []
    enough: bool = True
    gates: Gates = Gates()


def judged(task: StructuredTask[Draft], draft: Draft, earlier: Draft | None = None) -> Verdict[Draft]:
    """The verdict on `draft`; `earlier` is what was sound of the same author's first try, to fill gaps with."""
    return cast("Verdict[Draft]", _judged(task, draft, earlier))


def _judged(task: StructuredTask[Any], draft: object, earlier: object) -> Verdict[Any]:
    match task, draft:
        case PlanCourse(), CoursePlan():
            return _plan(task, draft)
        case WriteLesson(), LessonDraft():
            return _lesson(task, draft)
        case WriteAssessment(), AssessmentDraft():
            return _assessment(task, draft, earlier if isinstance(earlier, AssessmentDraft) else None)
        case FindKeys(), FoundKeys():
            return told(draft, found_faults(task, draft))
        case Translate(), Translation():
            return told(draft, translation_faults(task, draft))
        case ExplainCode(), CodeExplanation():
            return told(draft, code_faults(task, draft))
        case GiveReasons(), Reasons():
            return told(draft, reasons_faults(task, draft))
        case _:
            return Verdict(draft)


def told(draft: Draft, faults: list[str]) -> Verdict[Draft]:
    """The verdict on a draft that is stored whole or not at all."""
    return Verdict(draft, faults, not faults)


def _plan(task: PlanCourse, draft: CoursePlan) -> Verdict[CoursePlan]:
    minutes = pace_of(task.brief).minutes if task.brief.weeks else None
    found = courses.plan_faults(draft)
    plan, repeats = courses.without_repeats(draft)
    timely = courses.timed(plan, minutes)
    gates = Gates(
        mended={"minutes": 1} if timely is not plan else {}, dropped={"repeated_lesson": repeats} if repeats else {}
    )
    enough = not found or not courses.plan_faults(timely)
    return Verdict(timely, [fault.detail for fault in found], enough, gates)


def _lesson(task: WriteLesson, draft: LessonDraft) -> Verdict[LessonDraft]:
    found = courses.lesson_faults(draft)
    planned = task.plan.modules[task.module].lessons[task.lesson]
    lesson, mended, dropped = courses.tidied(draft, planned.minutes)
    gates = Gates(mended=counted(Counter(mended)), dropped=counted(Counter(dropped)))
    return Verdict(lesson, [fault.detail for fault in found], not found, gates)


def _assessment(
    task: WriteAssessment, draft: AssessmentDraft, earlier: AssessmentDraft | None
) -> Verdict[AssessmentDraft]:
    """Questions the gates refuse are replaced by sound ones of an earlier try; at least half of those asked for will
    do."""
    known = {folded(question.question) for question in draft.questions}
    spare = [question for question in (earlier.questions if earlier else ()) if folded(question.question) not in known]
    locale = task.brief.locale
    result = sifted([item_of(question, locale) for question in [*draft.questions, *spare]])
    items = balanced(result.items[: task.questions])
    refused = [one for one in result.refused if one.place < len(draft.questions)]
    surplus = len(draft.questions) - len(refused) - task.questions
    missing = task.questions - len(items)
    dropped = Counter(one.faults[0].rule for one in refused) + Counter({"question_count": max(0, surplus)})
    faults = [f"`$.questions[{one.place}]`: {fault.detail}" for one in refused for fault in one.faults]
    if missing > 0 and not refused:
        faults.append(f"exactly {task.questions} questions were asked for, not {len(draft.questions)}")
    title = draft.title if draft.title.strip() else task.plan.modules[task.module].title
    return Verdict(
        AssessmentDraft(title, [question_of(item) for item in items]) if items else None,
        faults if missing > 0 else [],
        len(items) * 2 >= task.questions,
        Gates(mended=counted(result.mended), dropped=counted(dropped)),
    )


def item_of(question: QuestionDraft, locale: str) -> Item:
    """A drafted question as the gates see it; two options are a statement that is true or false."""
    return Item(
        question=question.question.strip(),
        options=tuple(option.strip() for option in question.options),
        key=question.answer,
        explanation=question.explanation.strip(),
        kind="true_false" if len(question.options) == 2 else "multiple_choice",
        locale=locale,
    )


def question_of(item: Item) -> QuestionDraft:
    """A sound item as it is stored."""
    return QuestionDraft(item.question, list(item.options), item.key or 0, item.explanation)
