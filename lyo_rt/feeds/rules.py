"""Which courses fit a learner: shared words, the rarer the more; then level and language."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lyo_rt.feeds.records import Candidate, Factor, Fit, Studied
from lyo_rt.language_models.outline.languages import language_of
from lyo_rt.language_models.outline.words import content_words, stem

WORDS, LEVEL, LANGUAGE = 0.7, 0.15, 0.15
"""The shares of what is weighed."""
UNFINISHED = 0.5
"""What having begun a course oneself weighs, of the words it would share."""
OWN_MOST = 2
SUITED = 0.7
"""From which on a difficulty is told to be a reason."""
_MATCHED = 5


def fitting(
    candidates: Sequence[Candidate],
    studied: Sequence[Studied],
    locale: str,
    suits: Callable[[Candidate], float | None],
    *,
    limit: int,
) -> list[Fit]:
    """The best `limit` of the candidates, best first, newest among equals; nothing in another language that shares no
    word with what was studied.

    `locale` is the learner's own. `suits` says from 0 to 1 how well a course's difficulty suits the learner, None where
    that is not known: then the level does that the newest course they asked for has. The learner's own courses, which
    share every word, are weighed as unfinished instead, and are OWN_MOST of the list at most.
    """
    wanted = _words(text for one in studied for text in (one.title, *one.interests, *one.objectives))
    level = next((one.difficulty for one in studied if one.difficulty), None)
    languages = {_primary(locale), *(_primary(one.locale) for one in studied if one.locale)}
    described = [{} if one.own else _words((one.title, one.description, *one.objectives)) for one in candidates]
    frequency = Counter(part for words in described for part in words)

    def weight(part: str) -> float:
        return math.log(1 + len(candidates) / frequency[part])

    most = max((sum(map(weight, words.keys() & wanted.keys())) for words in described), default=0.0)
    fits = []
    for course, words in zip(candidates, described, strict=True):
        shared = sorted(words.keys() & wanted.keys(), key=lambda part: (-weight(part), part))
        known = suits(course)
        suited = float(course.difficulty == level) if known is None else known
        factors = _factors(course, languages, shares=bool(shared), suited=suited)
        score = WORDS * sum(map(weight, shared)) / most if shared else WORDS * UNFINISHED * course.own
        score += LEVEL * suited + LANGUAGE * ("language_match" in factors)
        if shared or course.own or "language_match" in factors:
            fits.append(Fit(course, round(score, 2), tuple(wanted[part] for part in shared[:_MATCHED]), factors))
    fits.sort(key=lambda fit: -fit.confidence)
    surplus = [fit for fit in fits if fit.course.own][OWN_MOST:]
    return [fit for fit in fits if fit not in surplus][:limit]


def _factors(course: Candidate, languages: set[str], *, shares: bool, suited: float) -> tuple[Factor, ...]:
    found: list[Factor] = ["interests_match"] if shares else []
    if course.own:
        found.append("unfinished")
    if suited >= SUITED:
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
