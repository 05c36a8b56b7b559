"""What the tutor says without a model, by language: one TOML file for each beside this one, all of the same keys.

`{term}`, `{sentence}`, `{title}`, `{question}`, `{answer}` and `{solution}` are filled in with the task's facts, which
are quoted, never inflected.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from lyo_rt.language_models.guidance import Step

LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "he", "hi", "ja", "pt", "ru", "tr", "zh"})
"""The languages there is a file of."""


class Tutoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each entry ends with the one question of its turn. `asks`, `stuck` and `says` are what the learner did.

    `left` and `away` open a turn for a learner who has just left the subject, or stays away from it, and `back` leads
    to the lesson. `steps` are those of the hint ladder; of several ways to say one the first that is fresh is taken.
    """

    language: str
    that: str
    left: str
    away: str
    back: str
    stuck_words: tuple[str, ...]
    asks: tuple[str, ...]
    stuck: tuple[str, ...]
    says: tuple[str, ...]
    asks_freely: tuple[str, ...]
    stuck_freely: tuple[str, ...]
    says_freely: tuple[str, ...]
    steps: dict[Step, tuple[str, ...]]

    def all(self) -> Iterator[str]:
        """Every text that is said."""
        yield from (self.left, self.away, self.back)
        ways = (self.asks, self.stuck, self.says, self.asks_freely, self.stuck_freely, self.says_freely)
        yield from (text for texts in (*ways, *self.steps.values()) for text in texts)


def language_spoken(locale: str) -> str | None:
    """The language of `locale` (BCP 47), if the tutor speaks it without a model."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else None


def tutoring_for(locale: str) -> Tutoring:
    """The texts in the language of `locale`; English where there are none. The first call for a language reads a file,
    which blocks for about a millisecond."""
    return _read(language_spoken(locale) or "en")


@cache
def _read(language: str) -> Tutoring:
    text = (files(__package__) / f"{language}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Tutoring)
