"""What an answer in the learner's own words is worth without anybody's judgement, and what a model's judgement adds.

The floor: an answer that equals one known to be right (as text or as a number), or the expected output of a program, is
right; else it earns the points of the rubric whose own words it says. A model may find more in it, never less; what it
finds counts only with the learner's own words as proof.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence

from lyo_rt.language_models.quiz_tasks import AnswerToGrade
from lyo_rt.quizzes.records import Grade, NewQuestion
from lyo_rt.quizzes.rules import folded

FULL = 0.999
"""From this score on an answer counts as correct."""

_NUMBER = re.compile(
    r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:[.,]\d+)?(?:e[-+]?\d+)?)(?:\s*/\s*(\d+))?\s*(\D*)", re.IGNORECASE
)
_FENCE = re.compile(r"\s*```[\w+-]*\n?(.*?)\n?```\s*", re.DOTALL)
_NEGATIONS = frozenset(
    (
        *("not", "no", "never", "without", "cannot", "neither", "nor"),
        *("nicht", "kein", "keine", "keinen", "keiner", "nie", "ohne", "weder", "noch"),
        *("nunca", "sin", "jamás", "ni", "ne", "pas", "jamais", "sans", "aucun", "aucune"),
    )
)
_REACH = 3
"""Words before a term in which a negation is taken to deny it."""
_CLOSE = 1e-6


def floor(question: NewQuestion, answer: str | None) -> Grade:
    """The grade without a model; `rules` where judgement could find more."""
    if answer is None or not answer.strip():
        return Grade(0.0, "open")
    if question.quiz_type == "coding":
        right = _same_program(question, answer)
        if right or not question.rubric:
            return Grade(float(right), "match")
        return Grade(0.0, "rules")
    if any(_same(answer, known) for known in (question.answer, *question.accepted)):
        return Grade(1.0, "match")
    said = [any(says(answer, word) for word in point.words) for point in question.rubric]
    return Grade(sum(said) / len(said) if said else 0.0, "rules")


def judged(question: NewQuestion, answer: str, basis: Grade, met: Collection[tuple[int, str]], feedback: str) -> Grade:
    """The grade when a model has said which points are met, as (index, quote) pairs; never below `basis`.

    A point counts when its quote really stands in the answer.
    """
    points = {index for index, quote in met if index < len(question.rubric) and _quoted(quote, answer)}
    share = len(points) / len(question.rubric) if question.rubric else 0.0
    return Grade(max(basis.score, share), "model", feedback or None)


def to_judge(question: NewQuestion, answer: str) -> AnswerToGrade:
    """What a model is shown."""
    points = tuple(point.point for point in question.rubric)
    return AnswerToGrade(question.question, question.answer, points, answer)


def says(answer: str, term: str) -> bool:
    """Whether the term stands in the answer as whole words, and is not denied just before."""
    words, wanted = _words(answer), _words(term)
    for place in range(len(words) - len(wanted) + 1):
        if wanted and words[place : place + len(wanted)] == wanted and not _denied(words[:place]):
            return True
    return False


def _denied(before: Sequence[str]) -> bool:
    return any(word in _NEGATIONS or word.endswith(("n't", "n’t")) for word in before[-_REACH:])


def _words(text: str) -> list[str]:
    return re.findall(r"[\w’'-]+", folded(text))


def _quoted(quote: str, answer: str) -> bool:
    return bool(_words(quote)) and " ".join(_words(quote)) in " ".join(_words(answer))


def _same(answer: str, known: str) -> bool:
    if folded(answer) == folded(known):
        return bool(folded(known))
    said, right = _number(answer), _number(known)
    if said is None or right is None or (right[1] and said[1] != right[1]):
        return False
    return abs(said[0] - right[0]) <= _CLOSE * max(1.0, abs(right[0]))


def _number(text: str) -> tuple[float, str] | None:
    """A number and its unit: "9.81 m/s²", "1,000", "0,5", "1/2"."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text.replace("−", "-")).strip().rstrip("."))
    if found is None or not re.search(r"\d", found[1]):
        return None
    digits = found[1]
    digits = digits.replace(",", "") if re.match(r"[-+]?\d{1,3}(,\d{3})+(?!\d)", digits) else digits.replace(",", ".")
    divisor = float(found[2]) if found[2] else 1.0
    return (float(digits) / divisor, folded(found[3]).replace(" ", "")) if divisor else None


def _same_program(question: NewQuestion, answer: str) -> bool:
    """Equal to the output (or solution) line by line; spaces at the ends of lines and a Markdown fence do not count."""
    return any(_lines(answer) == _lines(known) for known in (question.answer, *question.accepted))


def _lines(text: str) -> list[str]:
    fenced = _FENCE.fullmatch(text)
    lines = [line.rstrip() for line in (fenced[1] if fenced else text).splitlines()]
    return "\n".join(lines).strip("\n").strip().splitlines()
