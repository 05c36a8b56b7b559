"""Quizzes without a model: gaps in the text's sentences, its terms, its sentences altered, its own worked output."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from lyo_rt.language_models.outline.assessments import by_definition, cloze, gaps, in_turn
from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.quiz_tasks import (
    CodingDraft,
    CodingQuiz,
    KeyPoint,
    MultipleChoiceQuiz,
    QuizDraft,
    ShortAnswerDraft,
    ShortAnswerQuiz,
    StatementDraft,
    TrueFalseQuiz,
    WriteQuiz,
)
from lyo_rt.language_models.tasks import KeyTerm, QuestionDraft

Draft = TypeVar("Draft")

_TERM_LINE = re.compile(r"^\s*[-*]\s+\*\*(.+?)\*\*\s*[:–-]\s*(\S.*)$", re.MULTILINE)
_PROMPT = re.compile(r"^>>> (.+(?:\n\.\.\. .*)*)\n((?!>>>)(?!```)\S.*(?:\n(?!>>>)(?!```)\S.*)*)", re.MULTILINE)
_NOTED = re.compile(r"^(?!\s*(?:#|//))(.*\S)\s+(?:#|//)\s*(?:->|=>|→|prints:?|output:)\s*(\S.*)$", re.MULTILINE)
_PREDICT = {
    "en": ("What does this show?", "The text shows this output: {output}"),
    "de": ("Was wird ausgegeben?", "Im Text steht diese Ausgabe: {output}"),
    "es": ("¿Qué se muestra?", "El texto muestra esta salida: {output}"),
    "fr": ("Qu’est-ce qui s’affiche ?", "Le texte montre cette sortie : {output}"),
}


def quiz_of(task: WriteQuiz, phrases: Phrases) -> QuizDraft:
    """Up to `task.questions` questions from the text, none of those to avoid; fewer, or none, where the text has no
    more for this type.

    Without a text there is only how to study, and only as multiple choice.
    """
    match task.quiz_type:
        case "multiple_choice":
            choices = _choices(task, phrases) if task.text else _about_study(phrases)
            return MultipleChoiceQuiz(_fresh(task, choices, lambda draft: draft.question))
        case "true_false":
            return TrueFalseQuiz(_fresh(task, _statements(task, phrases), lambda draft: draft.statement))
        case "short_answer":
            return ShortAnswerQuiz(_fresh(task, _named(task, phrases), lambda draft: draft.question))
        case "coding":
            return CodingQuiz(_fresh(task, _programs(task, phrases), lambda draft: draft.code))


def _fresh(task: WriteQuiz, drafts: Iterable[Draft], text: Callable[[Draft], str]) -> list[Draft]:
    """The first `task.questions` of the drafts that say something new."""
    unseen = {text(draft): draft for draft in reversed(list(drafts)) if not _seen(task, text(draft))}
    return list(islice(reversed(unseen.values()), task.questions))


def _seen(task: WriteQuiz, text: str) -> bool:
    return any(text in avoided for avoided in task.avoid)


def _prose(task: WriteQuiz) -> str:
    """The text without its list of terms, which is no sentence."""
    return _TERM_LINE.sub("", task.text)


def _choices(task: WriteQuiz, phrases: Phrases) -> Iterator[QuestionDraft]:
    entries = [KeyTerm(term, definition) for term, definition in _TERM_LINE.findall(task.text)]
    return in_turn(cloze([_prose(task)], phrases), by_definition(entries, phrases))


def _about_study(phrases: Phrases) -> Iterator[QuestionDraft]:
    for stage in phrases.stages.values():
        yield QuestionDraft(stage.check.question, list(stage.check.options), 0, stage.check.explanation)


def _statements(task: WriteQuiz, phrases: Phrases) -> Iterator[StatementDraft]:
    """Every other sentence as the text has it, the others with one term in the place of another."""
    for place, gap in enumerate(gaps([_prose(task)], phrases.language)):
        explanation = phrases.reading.cloze_explanation.format(sentence=gap.sentence)
        is_true = place % 2 == 0
        yield StatementDraft(gap.sentence if is_true else gap.filled(gap.wrong[0]), is_true, explanation)


def _named(task: WriteQuiz, phrases: Phrases) -> Iterator[ShortAnswerDraft]:
    """The multiple-choice questions with the options left out: the term is to be named."""
    for draft in _choices(task, phrases):
        term = draft.options[draft.answer]
        yield ShortAnswerDraft(draft.question, term, [], [KeyPoint(term, [term])], draft.explanation)


def _programs(task: WriteQuiz, phrases: Phrases) -> Iterator[CodingDraft]:
    """What the text itself shows worked: a Python session, or a line with its output noted behind it."""
    question, explanation = _PREDICT.get(phrases.language, _PREDICT["en"])
    shown = [("python", code.replace("\n... ", "\n"), output) for code, output in _PROMPT.findall(task.text)]
    shown += [("text", code.strip(), output) for code, output in _NOTED.findall(task.text)]
    for language, code, output in shown:
        output = output.strip()
        yield CodingDraft("predict", question, language, code, output, "", explanation.format(output=output))
