"""What an evaluation has found, as JSON has it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import fmean, quantiles
from typing import Self

import msgspec

from api.evaluation.dialogues import Line, Mood, Script
from api.evaluation.door import Answer
from api.evaluation.judge import ENOUGH, SCORES, Mark
from api.evaluation.plan import ALL, Plan
from api.evaluation.scores.questions import questions_in
from api.evaluation.scores.words import length_of


class Said(msgspec.Struct, frozen=True):
    """One line and its answer, None when there was none; `marks` by score. Times are in seconds."""

    say: str
    mood: Mood
    answer: str | None
    model: str | None
    first: float | None
    seconds: float
    questions: int
    words: int
    marks: dict[str, Mark]

    @classmethod
    def of(cls, line: Line, answer: Answer, marks: dict[str, Mark]) -> Self:
        """As it was said and judged."""
        text = answer.text or ""
        if answer.text is None and answer.fault:
            marks = {"answered": Mark(0, answer.fault)}
        counts = questions_in(text), length_of(text)
        return cls(line.say, line.mood, answer.text, answer.model, answer.first, answer.seconds, *counts, marks)


class Played(msgspec.Struct, frozen=True):
    """A dialogue as it was played, once."""

    name: str
    kind: str
    problem: str
    language: str
    scores: dict[str, float | None]
    """The mean of its answers' marks; None where a score applies to none of them."""
    said: list[Said]

    @classmethod
    def of(cls, script: Script, said: list[Said]) -> Self:
        """With its scores."""
        dialogue = script.dialogue
        scores = {name: _mean(marks_of(name, said)) for name in SCORES}
        return cls(dialogue.name, dialogue.kind, dialogue.problem, dialogue.language, scores, said)


class Total(msgspec.Struct, frozen=True):
    """A score of all answers that it applies to."""

    mean: float | None
    answers: int
    faults: int
    """Answers that got less than 1."""


class Report(msgspec.Struct, frozen=True):
    """One run, so far or in all."""

    options: Plan
    began_at: datetime
    seconds: float
    phase: str
    """playing, done or interrupted."""
    wanted: int
    """Dialogues, each as often as it is repeated."""
    models: dict[str, int]
    """Answers by who wrote them."""
    questions_per_answer: float | None
    words_per_answer: float | None
    first_token_ms: dict[str, float] | None
    answer_ms: dict[str, float] | None
    scores: dict[str, Total]
    dialogues: list[Played]
    failures: list[str]
    """Which scores are under what they must not fall short of; empty when none is."""


def report_of(
    plan: Plan, played: Sequence[Played], *, wanted: int, began_at: datetime, seconds: float, phase: str
) -> Report:
    """The report on what has been played."""
    said = [one for dialogue in played for one in dialogue.said]
    answers = [one for one in said if one.answer is not None]
    scores = {name: _total(marks_of(name, said)) for name in SCORES}
    return Report(
        options=plan,
        began_at=began_at,
        seconds=seconds,
        phase=phase,
        wanted=wanted,
        models=dict(Counter(one.model or "unknown" for one in answers).most_common()),
        questions_per_answer=_mean(one.questions for one in answers),
        words_per_answer=_mean(one.words for one in answers),
        first_token_ms=_spread(one.first for one in answers),
        answer_ms=_spread(one.seconds for one in answers),
        scores=scores,
        dialogues=list(played),
        failures=failures_of(plan, scores),
    )


def failures_of(plan: Plan, scores: dict[str, Total]) -> list[str]:
    """One line for each score that is under its threshold; one that applied to nothing is under none."""
    found: list[str] = []
    for name, total in scores.items():
        least = plan.fail_under.get(name, plan.fail_under.get(ALL))
        if least is not None and total.mean is not None and total.mean < least:
            found.append(f"{name}: {total.mean:.3f} is under {least:g} ({SCORES[name]})")
    return found


def marks_of(name: str, said: Iterable[Said]) -> list[Mark]:
    """Of the answers that the score applies to."""
    return [one.marks[name] for one in said if name in one.marks]


def _total(marks: Sequence[Mark]) -> Total:
    faults = sum(mark.value < ENOUGH for mark in marks)
    return Total(_mean(mark.value for mark in marks), len(marks), faults)


def _mean(values: Iterable[float | Mark]) -> float | None:
    numbers = [value.value if isinstance(value, Mark) else value for value in values]
    return round(fmean(numbers), 4) if numbers else None


def _spread(seconds: Iterable[float | None]) -> dict[str, float] | None:
    """Milliseconds: p50, p95 and max."""
    known = sorted(1000 * value for value in seconds if value is not None)
    if not known:
        return None
    cuts = quantiles(known, n=20, method="inclusive") if len(known) > 1 else known * 19
    return {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1), "max": round(known[-1], 1)}
