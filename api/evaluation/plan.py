"""What an evaluation is to be: which dialogues, how often, how many at once, and what it must not fall short of."""

from typing import Literal

import msgspec

from api.evaluation.judge import SCORES
from api.outcome import Unready

About = Literal["problem", "lesson"]
"""Whether the tutor is opened at the problem itself, or at the lesson that ends in it."""
ALL = "all"
"""Stands for every score that applies."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    only: str | None = None
    about: About = "problem"
    repeat: int = 1
    parallel: int = 4
    """Dialogues that are played at once."""
    patience: float = 180.0
    """Seconds that one answer may take, waiting for having asked too often included."""
    fail_under: dict[str, float] = {}


def fail_under_of(texts: tuple[str, ...]) -> dict[str, float]:
    """`0.9` for all scores, `leaks=1` for one. Every line wants an answer unless `answered` is said to want less.

    Raises Unready.
    """
    found = {"answered": 1.0}
    for text in texts:
        name, _, share = text.rpartition("=")
        name = name or ALL
        try:
            value = float(share)
        except ValueError:
            value = -1.0
        if name not in {ALL, *SCORES} or not 0 <= value <= 1:
            raise Unready(f"--fail-under: {text} is not SHARE or NAME=SHARE, of {', '.join(SCORES)} and 0 to 1")
        found[name] = value
    return found
