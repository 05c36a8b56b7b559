"""What holds for every quiz: points and times, the order of options, and what a learner's answer stands for. Pure."""

import hashlib
import re
import string
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from lyo_rt.language_models.quiz_tasks import QuizType
from lyo_rt.language_models.tasks import Level
from lyo_rt.quizzes.records import NewQuestion, Placed

POINTS: dict[Level, int] = {"beginner": 5, "intermediate": 10, "advanced": 15}
SECONDS: dict[QuizType, int] = {"multiple_choice": 30, "true_false": 20, "short_answer": 90, "coding": 180}
GUESSED: dict[QuizType, float] = {"multiple_choice": 0.25, "true_false": 0.5, "short_answer": 0.0, "coding": 0.0}
"""The share of full marks that blind guessing earns on a question still to be written."""
REVIEW = 2
"""A quiz takes twice the time of answering: its explanations are to be read (seed 000: 5 questions of 30 s, 300 s)."""
LABELS = string.ascii_uppercase
TRUE_FALSE = {"en": ("True", "False"), "de": ("Wahr", "Falsch"), "es": ("Verdadero", "Falso"), "fr": ("Vrai", "Faux")}

_ENGLISH = ("true", "false")
_LABELLED = re.compile(r"\(?([A-Za-z])\s*[).:]\s*(.*)", re.DOTALL)


def folded(text: str) -> str:
    """For comparing: compatibility forms, case and the whitespace and stops around and between words do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(" .;!?…\"'“”„«»")


def chance(question: NewQuestion) -> float:
    """The share of full marks that blind guessing earns."""
    return 1 / len(question.options) if question.options else 0.0


def true_false_options(locale: str) -> tuple[str, str]:
    """The words for true and false in the language of `locale`, English where it is not known."""
    return TRUE_FALSE.get(locale.replace("_", "-").split("-")[0].lower(), TRUE_FALSE["en"])


def order_for(learner: UUID, id: UUID, question: NewQuestion) -> list[int]:
    """The indices of the options in this learner's order: the same each time, another for another learner.

    An option that is itself the letter of a label stands under that label, so that a bare "B" has one meaning.
    """
    places = range(len(question.options))
    if question.fixed_order:
        return list(places)

    def drawn(index: int) -> bytes:
        return hashlib.sha256(learner.bytes + id.bytes + bytes([index])).digest()

    letters = LABELS[: len(places)]
    own = {
        letters.index(text): index for index in places if len(text := question.options[index]) == 1 and text in letters
    }
    others = iter(sorted((index for index in places if index not in own.values()), key=drawn))
    return [own[place] if place in own else next(others) for place in places]


def labelled(options: Sequence[str]) -> list[str]:
    """The options as they go out: `A) …`."""
    return [f"{label}) {option}" for label, option in zip(LABELS, options, strict=False)]


def correct_answer(learner: UUID, question: Placed) -> str:
    """The label of the right option in this learner's order; without options, the answer."""
    if question.key is None:
        return question.answer
    return LABELS[order_for(learner, question.id, question).index(question.key)]


def option_meant(learner: UUID, question: Placed, answer: str) -> int | None:
    """The index of the option that `answer` names: by its label in this learner's order ("B", "b)"), by its text, or by
    both; None when it is none of them."""
    by_label = dict(zip(LABELS, order_for(learner, question.id, question), strict=False))
    said = answer.strip()
    if len(said) == 1 and said.upper() in by_label:
        return by_label[said.upper()]
    if (found := _option_of(question, said)) is not None:
        return found
    if (both := _LABELLED.fullmatch(said)) is not None:
        named = by_label.get(both[1].upper())
        if not both[2] or _option_of(question, both[2]) == named:
            return named
    return None


def _option_of(question: NewQuestion, text: str) -> int | None:
    """The option that is this text, or is meant by it: alone in being the same but for case, spaces and stops."""
    if text in question.options:
        return question.options.index(text)
    wanted = folded(text)
    if question.quiz_type == "true_false" and wanted in _ENGLISH:
        return _ENGLISH.index(wanted)
    alike = [index for index, option in enumerate(question.options) if folded(option) == wanted]
    return alike[0] if len(alike) == 1 else None
