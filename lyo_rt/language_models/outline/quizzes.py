"""Quizzes without a model: the questions a text gives by itself (questions.py), as drafts of the type asked for."""

from collections.abc import Sequence

from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.outline.programs import programs_of
from lyo_rt.language_models.outline.questions import questions_of
from lyo_rt.language_models.quality.items import Item
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
from lyo_rt.language_models.tasks import QuestionDraft


def quiz_of(task: WriteQuiz, phrases: Phrases) -> QuizDraft:
    """Up to `task.questions` questions from the text, none of those to avoid; fewer, or none, where the text has no
    more for this type.

    Without a text there is only how to study, and only as multiple choice.
    """
    match task.quiz_type:
        case "multiple_choice":
            return MultipleChoiceQuiz(_choices(task, phrases))
        case "true_false":
            return TrueFalseQuiz([StatementDraft(i.question, i.key == 0, i.explanation) for i in _items(task, phrases)])
        case "short_answer":
            return ShortAnswerQuiz([_named(item) for item in _items(task, phrases)])
        case "coding":
            return CodingQuiz(_programs(task, phrases))


def _choices(task: WriteQuiz, phrases: Phrases) -> list[QuestionDraft]:
    if task.text:
        return [QuestionDraft(i.question, list(i.options), i.key or 0, i.explanation) for i in _items(task, phrases)]
    checks = [stage.check for stage in phrases.stages.values()]
    fresh = [check for check in checks if not _had(task, check.question)][: task.questions]
    return [QuestionDraft(check.question, list(check.options), 0, check.explanation) for check in fresh]


def _items(task: WriteQuiz, phrases: Phrases) -> Sequence[Item]:
    found = questions_of(task.text, task.questions + len(task.avoid), task.quiz_type, task.level, phrases)
    return [item for item in found if not _had(task, item.question)][: task.questions]


def _named(item: Item) -> ShortAnswerDraft:
    return ShortAnswerDraft(item.question, item.answer, [], [KeyPoint(item.answer, [item.answer])], item.explanation)


def _programs(task: WriteQuiz, phrases: Phrases) -> list[CodingDraft]:
    words = phrases.quiz
    fresh = [program for program in programs_of(task.text) if not _had(task, program.code)][: task.questions]
    return [
        CodingDraft(
            "predict",
            words.output,
            program.language or "text",
            program.code,
            program.output,
            "",
            words.output_explanation.format(output=program.output),
        )
        for program in fresh
    ]


def _had(task: WriteQuiz, text: str) -> bool:
    return any(text in avoided for avoided in task.avoid)
