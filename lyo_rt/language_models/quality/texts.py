"""Texts compared as a reader compares them: by their words."""

import re

_EDGE = " \t\n.,;:!?…\"'“”„‘’«»"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NUMBER = re.compile(r"([^\w+\-−–]*)([+\-−–]?\d[\d.,'\u00a0\u202f ]*)(\D*)")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)?")


def folded(text: str) -> str:
    """The text in one case with even spaces and nothing around it; code (between backticks) keeps its case."""
    even = " ".join(text.split()).strip(_EDGE)
    return even if "`" in even else even.casefold()


def words(text: str) -> list[str]:
    """The words, in one case, in order."""
    return _WORD.findall(text.casefold())


def holds(text: str, part: str) -> bool:
    """Whether `part` stands in `text` as whole words. Both are folded already."""
    begin = text.find(part)
    while part and begin >= 0:
        end = begin + len(part)
        if not text[begin - 1 : begin].isalnum() and not text[end : end + 1].isalnum():
            return True
        begin = text.find(part, begin + 1)
    return False


def number_of(option: str) -> tuple[float, str] | None:
    """The number an option consists of and its unit, as (12.5, "km"); None when it is no number."""
    found = _NUMBER.fullmatch(option.strip())
    if found is None:
        return None
    digits = re.sub(r"['\s]", "", found[2]).replace("−", "-").replace("–", "-").rstrip(".,")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?", digits):
        digits = digits.replace(".", "")
    try:
        return float(digits.replace(",", ".")), folded(found[1] + found[3])
    except ValueError:
        return None


def numbers_in(text: str) -> set[float]:
    """The numbers that stand in a text."""
    return {float(found.replace(",", ".")) for found in _DIGITS.findall(text)}
