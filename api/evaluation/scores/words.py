"""The words that carry meaning, in any language, and how much of a text comes from others."""

import re
from collections.abc import Iterable
from functools import cache

import stopwordsiso

from api.evaluation.scores.text import ATTACHING, folded, unquoted

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,/]\d+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
STEM = 5
"""Letters that words of one family share: crude, but the same in every language."""


def content_words(text: str, language: str) -> list[str]:
    """Stems of the words that are not stop words, numbers, and of Chinese and Japanese every two signs in a row."""
    return _stems(text, _stop_words(language))


def length_of(text: str) -> int:
    """Words; of Chinese and Japanese, two signs are one."""
    signs = sum(map(len, _UNSPACED.findall(text)))
    return len(_UNSPACED.sub(" ", text).split()) + (signs + 1) // 2


def share_from(text: str, language: str, sources: Iterable[str]) -> float | None:
    """The share of the text's content words that stand in one of the sources; None when it has none."""
    words = content_words(text, language)
    known = {word for source in sources for word in content_words(source, language)}
    return sum(word in known for word in words) / len(words) if words else None


def takes_up(text: str, language: str, said: str, also: Iterable[str] = ()) -> bool:
    """Whether the text has a content word of what was said, or one of the words that would do as well."""
    wanted = {*content_words(said, language), *(stem for word in also for stem in _stems(word))}
    return not wanted.isdisjoint(_stems(text))


def names_any(text: str, words: Iterable[str]) -> str | None:
    """The first of the words (as their beginning) or phrases that the text has outside of quotes."""
    low = folded(unquoted(text))
    bounds = {word: "" if ATTACHING.match(word) else r"(?<!\w)" for word in words}
    return next((word for word, bound in bounds.items() if re.search(bound + re.escape(folded(word)), low)), None)


def _stems(text: str, stop: frozenset[str] = frozenset()) -> list[str]:
    low = folded(text)
    words = [word for word in _WORD.findall(_UNSPACED.sub(" ", low)) if word not in stop]
    pairs = [run[at : at + 2] for run in _UNSPACED.findall(low) for at in range(len(run) - 1)]
    return [word if word[0].isdigit() else word[:STEM] for word in words if len(word) > 1 or word[0].isdigit()] + [
        pair for pair in pairs if pair not in stop and not (pair[0] in stop and pair[1] in stop)
    ]


@cache
def _stop_words(language: str) -> frozenset[str]:
    known = language if stopwordsiso.has_lang(language) else "en"
    return frozenset(map(folded, stopwordsiso.stopwords(known)))
