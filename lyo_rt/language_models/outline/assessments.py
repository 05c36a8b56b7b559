"""Questions without a model: gaps in the text's own sentences, terms by their explanation, the plan, how to study."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec

from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.outline.plans import part_at
from lyo_rt.language_models.outline.words import Terms, find_term, sections_of
from lyo_rt.language_models.tasks import AssessmentDraft, KeyTerm, QuestionDraft, WriteAssessment

BLANK = "____"


def assessment_of(task: WriteAssessment, phrases: Phrases) -> AssessmentDraft:
    """Up to `task.questions` questions, each with one right option; from the lessons' texts where these state facts."""
    module = task.plan.modules[task.module]
    taught = [draft for draft in task.lessons if phrases.guiding_questions not in draft.text]
    read = cloze([draft.text for draft in taught], phrases)
    defined = by_definition([entry for draft in taught for entry in draft.key_terms], phrases)
    sources = chain(in_turn(read, defined), _about_study(task, phrases))
    questions: dict[str, QuestionDraft] = {}
    for question in sources:
        questions.setdefault(question.question, question)
        if len(questions) == task.questions:
            break
    title = phrases.assessment_title.format(module=module.title)
    return AssessmentDraft(title, [_shuffled(question) for question in questions.values()])


class Gap(msgspec.Struct, frozen=True):
    """A sentence, the term that is left out in `blank`, and three other terms of the text that do not stand in it."""

    sentence: str
    blank: str
    term: str
    wrong: tuple[str, ...]

    def filled(self, term: str) -> str:
        """The sentence with another term in the gap."""
        return self.blank.replace(BLANK, term, 1)


def gaps(texts: Sequence[str], language: str) -> Iterator[Gap]:
    """Each sentence at most once, the most telling terms first; the wrong ones are alike in length."""
    every = [line for text in texts for section in sections_of(text) for line in section.sentences]
    sentences = [line for line in dict.fromkeys(every) if 6 <= len(line.split()) <= 40 and not line.endswith("?")]
    terms = Terms(sentences, language).all[:24]
    used: set[str] = set()
    for term in terms:
        holding = [line for line in sentences if line not in used and find_term(term, line)]
        if not holding:
            continue
        sentence = holding[0]
        others = [other for other in terms if other != term and not find_term(other, sentence)]
        wrong = sorted(others, key=lambda other: (abs(len(other) - len(term)), other))[:3]
        if len(wrong) < 3:
            continue
        used.add(sentence)
        gap = find_term(term, sentence)
        blank = sentence if gap is None else f"{sentence[: gap.start()]}{BLANK}{sentence[gap.end() :]}"
        yield Gap(sentence, blank, term, tuple(wrong))


def cloze(texts: Sequence[str], phrases: Phrases) -> Iterator[QuestionDraft]:
    """A sentence with a term left out; the distractors are other terms of the same texts."""
    for gap in gaps(texts, phrases.language):
        yield QuestionDraft(
            question=phrases.reading.cloze.format(sentence=gap.blank),
            options=[gap.term, *gap.wrong],
            answer=0,
            explanation=phrases.reading.cloze_explanation.format(sentence=gap.sentence),
        )


def by_definition(entries: Sequence[KeyTerm], phrases: Phrases) -> Iterator[QuestionDraft]:
    """Which term an explanation belongs to; explanations that contain their term are left out."""
    known = {entry.term: entry.definition for entry in entries}
    for term, definition in known.items():
        wrong = [other for other in known if other.casefold() != term.casefold()][:3]
        if len(wrong) == 3 and not find_term(term, definition):
            question = phrases.reading.which_term.format(definition=definition)
            yield QuestionDraft(question, [term, *wrong], 0, f"{term}: {definition}")


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


def in_turn(*sources: Iterator[QuestionDraft]) -> Iterator[QuestionDraft]:
    """The first of each source, then the second of each, until all have ended."""
    waiting = list(sources)
    while waiting:
        source = waiting.pop(0)
        if (question := next(source, None)) is not None:
            yield question
            waiting.append(source)
