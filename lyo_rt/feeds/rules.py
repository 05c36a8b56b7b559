"""Which courses fit a learner: shared words, the rarer the more; then level and language."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from lyo_rt.feeds.records import Candidate, Factor, Fit, Studied
from lyo_rt.language_models.outline.languages import language_of
from lyo_rt.language_models.outline.words import content_words, stem

WORDS, LEVEL, LANGUAGE = 0.7, 0.15, 0.15
"""The shares of what is weighed."""
_MATCHED = 5


def fitting(candidates: Sequence[Candidate], studied: Sequence[Studied], locale: str, *, limit: int) -> list[Fit]:
    """The best `limit` of the candidates, best first, newest among equals; nothing in another language that shares no
    word with what was studied.

    `locale` is the learner's own; the level is that of the newest course they asked for.
    """
    wanted = _words(text for one in studied for text in (one.title, *one.interests, *one.objectives))
    level = next((one.difficulty for one in studied if one.difficulty), None)
    languages = {_primary(locale), *(_primary(one.locale) for one in studied if one.locale)}
    described = [_words((one.title, one.description, *one.objectives)) for one in candidates]
    frequency = Counter(part for words in described for part in words)

    def weight(part: str) -> float:
        return math.log(1 + len(candidates) / frequency[part])

    most = max((sum(map(weight, words.keys() & wanted.keys())) for words in described), default=0.0)
    fits = []
    for course, words in zip(candidates, described, strict=True):
        shared = sorted(words.keys() & wanted.keys(), key=lambda part: (-weight(part), part))
        factors = _factors(course, level, languages, shares=bool(shared))
        score = WORDS * sum(map(weight, shared)) / most if shared else 0.0
        score += LEVEL * ("skill_level_appropriate" in factors) + LANGUAGE * ("language_match" in factors)
        if shared or "language_match" in factors:
            fits.append(Fit(course, round(score, 2), tuple(wanted[part] for part in shared[:_MATCHED]), factors))
    return sorted(fits, key=lambda fit: -fit.confidence)[:limit]


def _factors(course: Candidate, level: str | None, languages: set[str], *, shares: bool) -> tuple[Factor, ...]:
    found: list[Factor] = ["interests_match"] if shares else []
    if level is not None and course.difficulty == level:
        found.append("skill_level_appropriate")
    if _primary(course.locale) in languages:
        found.append("language_match")
    return tuple(found)


def _words(texts: Iterable[str]) -> dict[str, str]:
    """The telling words by their stems, each as it is first written."""
    found: dict[str, str] = {}
    for text in texts:
        for word in content_words(text, language_of(text, "en")):
            found.setdefault(stem(word), word)
    return found


def _primary(locale: str) -> str:
    return locale.partition("-")[0].lower()
