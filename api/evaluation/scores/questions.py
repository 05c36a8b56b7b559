"""How many questions a text asks."""

import re

from api.evaluation.scores.text import sentences, spoken

_MARKS = re.compile(r"(?:[?？؟⁇⸮]\s*[!！]?\s*)+|;(?=\s*$)")
_UNMARKED = re.compile(r"(?:[かの]|吗|呢)[。．]?$")
"""Japanese and Chinese also ask without a mark."""


def questions_in(text: str) -> int:
    """Questions of the writer's own: those in quotes, in code or in links are not; `?!` and `??` are one mark."""
    asked = 0
    for sentence in sentences(spoken(text)):
        marks = len(_MARKS.findall(_greek(sentence)))
        asked += marks or bool(_UNMARKED.search(sentence))
    return asked


def _greek(sentence: str) -> str:
    """Greek's question mark looks like a semicolon, and often is one: elsewhere a semicolon asks nothing."""
    return sentence if re.search(r"[α-ω]", sentence) else sentence.replace(";", ",").replace("\u037e", "?")
