"""Questions without a model: gaps in the text's own sentences, terms by their explanation, the plan, how to study."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain

from lyo_rt.language_models.judging import item_of, question_of
from lyo_rt.language_models.outline.languages import language_of
from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.outline.plans import part_at
from lyo_rt.language_models.outline.questions import by_definition, choices, in_turn
from lyo_rt.language_models.outline.words import sections_of
from lyo_rt.language_models.quality.items import faults
from lyo_rt.language_models.tasks import AssessmentDraft, CourseBrief, LessonDraft, QuestionDraft, WriteAssessment


def assessment_of(task: WriteAssessment, phrases: Phrases) -> AssessmentDraft:
    """Up to `task.questions` questions, each with one right option; from the lessons' texts where these state facts."""
    module = task.plan.modules[task.module]
    taught = [draft for draft in task.lessons if phrases.guiding_questions not in draft.text]
    sources = chain(_about_text(taught, phrases, task.brief), _about_study(task, phrases))
    questions: dict[str, QuestionDraft] = {}
    for question in sources:
        if not faults(item_of(question, task.brief.locale)):
            questions.setdefault(question.question, question)
        if len(questions) == task.questions:
            break
    title = phrases.assessment_title.format(module=module.title)
    return AssessmentDraft(title, [_shuffled(question) for question in questions.values()])


def _about_text(lessons: Sequence[LessonDraft], phrases: Phrases, brief: CourseBrief) -> Iterator[QuestionDraft]:
    """What the lessons state and define, and which of their key terms an explanation belongs to."""
    # not the questions to read with: they quote the text, and are no text
    passages = [draft.text.partition(f"## {phrases.reading.questions_heading}")[0] for draft in lessons]
    every = [line for passage in passages for section in sections_of(passage) for line in section.sentences]
    language = language_of(" ".join(every), phrases.language)
    around = [line for section in sections_of(brief.source_text or "") for line in section.sentences]
    entries = [entry for draft in lessons for entry in draft.key_terms]
    items = in_turn(
        choices(every, language, phrases, around=around, rare_first=brief.level == "advanced"),
        by_definition(entries, [], phrases, language),
    )
    return (question_of(item) for item in items)


def _about_study(task: WriteAssessment, phrases: Phrases) -> Iterator[QuestionDraft]:
    """One question on how to study this stage, then the module's own plan: its objective, focuses and exercises."""
    part = part_at(task.brief, task.plan, phrases, task.module)
    stage = part.stage or "workings"
    check = phrases.stages[stage].check
    yield QuestionDraft(check.question, list(check.options), 0, check.explanation)
    yield from in_turn(_focuses(task, phrases), _exercises(task, phrases))
    yield from _objectives(task, phrases)
    for other in phrases.stages.values():
        yield QuestionDraft(other.check.question, list(other.check.options), 0, other.check.explanation)


def _focuses(task: WriteAssessment, phrases: Phrases) -> Iterator[QuestionDraft]:
    every = [lesson.focus for module in task.plan.modules for lesson in module.lessons]
    for lesson in task.plan.modules[task.module].lessons:
        question = phrases.structure.focus.format(title=lesson.title)
        yield from _structural(question, lesson.focus, every, phrases)


def _exercises(task: WriteAssessment, phrases: Phrases) -> Iterator[QuestionDraft]:
    every = [draft.exercise.title for draft in task.lessons]
    every += [guide.exercise for stage in phrases.stages.values() for guide in stage.lessons]
    for lesson, draft in zip(task.plan.modules[task.module].lessons, task.lessons, strict=False):
        question = phrases.structure.exercise.format(title=lesson.title)
        yield from _structural(question, draft.exercise.title, every, phrases)


def _objectives(task: WriteAssessment, phrases: Phrases) -> Iterator[QuestionDraft]:
    module = task.plan.modules[task.module]
    every = [text for other in task.plan.modules if other is not module for text in other.objectives]
    for objective in module.objectives:
        wrong = [text for text in every if text not in module.objectives]
        question = phrases.structure.objective.format(title=module.title)
        yield from _structural(question, objective, wrong, phrases)


def _structural(question: str, right: str, every: Sequence[str], phrases: Phrases) -> Iterator[QuestionDraft]:
    others = [text for text in dict.fromkeys(every) if text.casefold() != right.casefold()]
    wrong = sorted(others, key=lambda text: (abs(len(text) - len(right)), text))[:3]
    if len(wrong) == 3:
        yield QuestionDraft(question, [right, *wrong], 0, phrases.structure.explanation)


def _shuffled(question: QuestionDraft) -> QuestionDraft:
    """The options in an order that is the same every time and favours no place for the right one."""
    right = question.options[question.answer]
    order = sorted(question.options, key=lambda option: hashlib.sha256((question.question + option).encode()).digest())
    return QuestionDraft(question.question, order, order.index(right), question.explanation)
