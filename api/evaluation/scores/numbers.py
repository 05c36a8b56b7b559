"""The numbers that a text names in digits, exactly: decimals, fractions, per cent, powers of ten, in any notation."""

import re
from collections.abc import Iterator
from fractions import Fraction

from api.evaluation.scores.text import plain

_LISTED = re.compile(r"^\s*(?:\d|1[0-2])[.)]\s", re.MULTILINE)
_GROUPS = r"\d{1,3}(?:[.,'’ \u202f]\d{3})+(?!\d)"
_NUMBER = re.compile(
    # x21, CO2 and 21x are names and terms, not the number 21; 21 kg, 21% and 21個 are it.
    rf"(?<![A-Za-zΑ-ω_^\d.,])(?P<sign>(?<![\w)]\s)(?<![\w)])-)?(?P<digits>{_GROUPS}(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
    r"(?:\s*\*\s*10\^(?P<power>-?\d+)|[eE](?P<exponent>-?\d+)(?!\w))?"
    r"(?![A-Za-z](?![A-Za-z])|\d)"
)
_FRACTION = re.compile(r"(?<![\w/.,])(?:(?P<whole>\d+)\s+)?(?P<over>\d+)\s*/\s*(?P<under>\d+)(?![\d/])(?!\s*/)")


def numbers_in(text: str) -> set[Fraction]:
    """Every value the text may be read to name; `1,234` is 1234 and 1.234, `25 %` is 25 and 1/4.

    The numbers of a list's points are none. A fraction that is a whole number, such as 168/2, is a calculation: its
    parts are named, its value is not.
    """
    text = re.sub("٫", ".", re.sub("٬", ",", text))
    text = _LISTED.sub(" ", plain(text))
    found = {value for match in _FRACTION.finditer(text) for value in _fraction(match)}
    rest = _FRACTION.sub(lambda match: " " if _is_fraction(match) else match[0].replace("/", " / "), text)
    return found | {value for match in _NUMBER.finditer(rest) for value in _values(match, rest)}


def _is_fraction(match: re.Match[str]) -> bool:
    over, under = int(match["over"]), int(match["under"])
    return under > 0 and over % under > 0


def _fraction(match: re.Match[str]) -> Iterator[Fraction]:
    if _is_fraction(match):
        part = Fraction(int(match["over"]), int(match["under"]))
        yield part
        if match["whole"]:
            yield int(match["whole"]) + part


def _values(match: re.Match[str], text: str) -> Iterator[Fraction]:
    for reading in _readings(match["digits"]):
        value = reading * (-1 if match["sign"] else 1)
        if power := match["power"] or match["exponent"]:
            value *= Fraction(10) ** max(-30, min(30, int(power)))
        yield value
        if re.match(r"\s*(?:%|٪)", text[match.end() :]):
            yield value / 100


def _readings(digits: str) -> Iterator[Fraction]:
    """With the last mark for the decimal point, and with all marks for separators of thousands."""
    marks = re.findall(r"[.,'’ \u202f]", digits)
    bare = re.sub(r"\D", "", digits)
    if marks and marks[-1] in ".," and marks.count(marks[-1]) == 1:
        head, _, tail = digits.rpartition(marks[-1])
        whole = re.sub(r"\D", "", head)
        yield Fraction(f"{whole}.{tail}")
        if len(tail) != 3:
            return
    yield Fraction(bare)
