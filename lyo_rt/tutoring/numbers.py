"""The numbers a text names, however it writes them: digits of any script, fractions, powers, words. Pure."""

import re
from collections.abc import Iterator
from fractions import Fraction

from text_to_num import alpha2digit  # type: ignore[import-untyped]

from lyo_rt.tutoring.folding import typed

_SPOKEN = frozenset({"en", "fr", "es", "pt", "de", "nl", "it"})
_NUMBER = re.compile(
    r"(?<![\w.,^])(?P<sign>[-+](?=\d))?(?P<digits>\d+(?:[.,'’\u00a0\u202f _]\d+)*)(?:[eE](?P<e>[-+]?\d{1,3"
    r"})(?!\w))?"
    r"(?:\s*[*x×]\s*10\s*\^\s*\(?(?P<power>[-+]?\d{1,3})\)?)?(?P<percent>\s*%)?"
)
_OVER = re.compile(r"\(?(-?\d{1,12})\)?\s*/\s*\(?(\d{1,12})\)?")
_BESIDE = re.compile(
    r"(?:(?:1|one|eins|un[oea]?)\s+)?(?P<way>more than|less than|after|before|above|below|mehr als|"
    r"weniger als|nach|vor"
    r"|más que|menos que|después de|antes de|de plus que|de moins que|après|"
    r"avant)\s+(?P<from>\d{1,9})(?![\d.,]*\d)",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"^(?:\w{1,3}\s*=\s*|[≈~=€$£¥]\s*)+")
_UNIT = re.compile(r"(?:[\s/·*°€$£¥%]*[^\W\d_]{0,14}(?:\^-?\d)?){0,3}[\s.°€$£¥%]*")
_LOWER = re.compile(r"less|before|below|weniger|vor|menos|antes|moins|avant", re.IGNORECASE)
_APART = r"(?:[\s;\-–·|/]|[,.](?=\s))+"
_SPELT = re.compile(
    rf"(?<![\d.,])\d(?:{_APART}(?:(?:and|then|followed by(?: an?)?|und|dann|gefolgt von(?: einer)?|y|luego"
    rf"|seguido de(?: un)?|et|puis|suivi d['’]un){_APART})?\d(?![\d]|[.,]\d)){{1,14}}",
    re.IGNORECASE,
)
_MOST = 200
"""Numbers looked at in one sentence."""


def values(text: str, language: str) -> frozenset[Fraction]:
    """Every value the text can be read to name; `1,000` can be a thousand or one. Words are read in `language` too."""
    found: set[Fraction] = set()
    for reading in readings(text, language):
        found.update(_written(reading))
    return frozenset(found)


def readings(text: str, language: str) -> list[str]:
    """The text as typed, and with its number words as digits, where there are any."""
    text = typed(text)
    spoken = {alpha2digit(text, spoken, threshold=0) for spoken in {"en", language} & _SPOKEN} if text else set()
    return [text, *sorted(spoken - {text})]


def value_of(text: str, language: str) -> Fraction | None:
    """The value of a text that is one number, `x =` before it and a unit behind it at most; None for any other."""
    for reading in readings(text, language):
        bare = _BEFORE.sub("", reading.strip())
        found = _OVER.match(bare) or _NUMBER.match(bare)
        if found and _UNIT.fullmatch(bare[found.end() :]):
            return next(_written(bare), None)
    return None


def spelt(text: str, language: str) -> frozenset[str]:
    """Digits said one by one, as the strings they make: "a four followed by a two" is 42."""
    found = set()
    for reading in readings(text, language):
        even = re.sub(r"\b(?:an?|the|eine?r?|die|das|un|una|une|le|la)\s+(?=\d)", "", reading)
        for run in _SPELT.finditer(even):
            found.add("".join(c for c in run[0] if c.isdigit()))
    return frozenset(found)


def _written(text: str) -> Iterator[Fraction]:
    for over in _OVER.finditer(text):
        if int(over[2]):
            yield Fraction(int(over[1]), int(over[2]))
    for n, number in enumerate(_NUMBER.finditer(text)):
        if n == _MOST:
            return
        exponent = int(number["e"] or 0) + int(number["power"] or 0)
        for value in _separated(number["digits"]):
            value = value * Fraction(10) ** exponent * (-1 if number["sign"] == "-" else 1)
            yield value
            if number["percent"]:
                yield value / 100
    for beside in _BESIDE.finditer(text):
        yield Fraction(int(beside["from"]) + (-1 if _LOWER.match(beside["way"]) else 1))


def _separated(digits: str) -> Iterator[Fraction]:
    """What digits with separators can mean: `1.000,5` is 1000.5, `1,000` is 1000 or 1, `4 2` is 4 or 2."""
    parts = re.split(r"[.,'’\u00a0\u202f _]", digits)
    marks = re.findall(r"[.,'’\u00a0\u202f _]", digits)
    if any(len(part) > 40 for part in parts):
        return
    if not marks:
        yield Fraction(int(digits))
        return
    grouped = all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3 and len({*marks}) == 1
    if grouped:
        yield Fraction(int("".join(parts)))
    if marks[-1] in ".," and (len(marks) == 1 or all(len(part) == 3 for part in parts[1:-1])):
        yield Fraction(int("".join(parts[:-1]))) + Fraction(int(parts[-1]), 10 ** len(parts[-1]))
    elif not grouped:
        for part in parts:
            yield Fraction(int(part))
