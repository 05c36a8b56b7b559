"""Texts made comparable, whatever script, markup or disguise they come in."""

import base64
import re
import unicodedata
from binascii import Error
from collections.abc import Iterator
from functools import cache

ATTACHING = re.compile(r"[\u0590-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Signs of scripts that write without spaces, or put articles and prepositions before a word without one."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SIGNS = str.maketrans("−–‐‑⁄∕÷×·⋅", "----///***")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_LINK = re.compile(r"https?://\S+")
_QUOTED = re.compile(r"“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|\"[^\"\n]*\"|「[^」\n]*」|『[^』\n]*』|(?<!\w)‘[^’\n]*’(?!\w)")
_END = re.compile(r"(?<=[.!?…؟।])[*_)\]]*\s+|(?<=[。！？])|\n+")
_SPELT = re.compile(r"(?<!\w)\w(?:[ .\-_*,]+\w){2,}(?!\w)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_TEX = (
    (re.compile(r"\\[dt]?frac\s*{([^{}]*)}\s*{([^{}]*)}"), r" (\1)/(\2) "),
    (re.compile(r"\\sqrt\s*{([^{}]*)}"), r"sqrt(\1)"),
    (re.compile(r"\\(?:boxed|text|mathrm|mathbf|operatorname)\s*{([^{}]*)}"), r"\1"),
    (re.compile(r"\\(?:cdot|times)\b"), "*"),
    (re.compile(r"\\div\b"), "/"),
    (re.compile(r"\\(?:left|right|displaystyle)\b|\\[,;:! ]|\\[()\[\]]"), ""),
    (re.compile(r"\^\s*{([^{}]*)}"), r"^\1"),
    (re.compile(r"\\([%$&#_])"), r"\1"),
    (re.compile(r"\$"), ""),
)


def plain(text: str) -> str:
    """Without LaTeX's marks, with ASCII's digits and signs: `\\frac{3}{4}`, `¾` and `٣/٤` are all 3/4; case stays."""
    for pattern, replacement in _TEX:
        text = pattern.sub(replacement, text)
    # "1¾" would otherwise be read as 13/4.
    text = "".join(f" {sign}" if unicodedata.category(sign) == "No" and "/" in _nfkc(sign) else sign for sign in text)
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda found: f"^{found[0].translate(_SUPERSCRIPTS)}", text)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    text = re.sub(r"\*\*|__", "", re.sub(r"(?<=[\w)])\*\*(?=[\w(])", "^", text))  # a power in code; else bold
    text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text if unicodedata.category(sign) != "Cf")
    return re.sub(r"\((\d+)\)/\((\d+)\)", r"\1/\2", text)


def folded(text: str) -> str:
    """`plain`, and neither case nor accents nor vowel points; Arabic's tatweel is gone."""
    apart = unicodedata.normalize("NFD", plain(text).casefold())
    return "".join(sign for sign in apart if unicodedata.category(sign) != "Mn" and sign != "ـ")


def sentences(text: str) -> list[str]:
    """In order, whitespace evened out."""
    return [joined for piece in _END.split(text) if (joined := " ".join(piece.split()))]


def spoken(text: str) -> str:
    """What the writer says in their own words: without code, links, and what is quoted."""
    return _QUOTED.sub(" ", _LINK.sub(" ", _CODE.sub(" ", text)))


def unquoted(text: str) -> str:
    """Without what is quoted; code stays."""
    return _QUOTED.sub(" ", text)


def disguises(text: str) -> Iterator[str]:
    """The text, and what it hides: letters spelt one by one, the text backwards, Base64."""
    yield text
    if (joined := _SPELT.sub(lambda found: re.sub(r"[\W_]+", "", found[0]), text)) != text:
        yield joined
    yield text[::-1]
    for found in _BASE64.findall(text):
        try:
            yield base64.b64decode(found, validate=True).decode()
        except (Error, UnicodeDecodeError):
            continue


@cache
def any_of(words: str) -> re.Pattern[str]:
    """Finds one of the words, separated by spaces, in a folded text; `*` stands for any ending, `_` for a space.

    Scripts that write without spaces, or put articles before a word without one, have no bounds to words.
    """
    patterns = [_bounded(word.replace("_", " ")) for word in words.split()]
    return re.compile("|".join(patterns))


def _bounded(word: str) -> str:
    ending, bare = word.endswith("*"), folded(word.removesuffix("*"))
    if ATTACHING.match(bare):
        return re.escape(bare)
    return rf"(?<!\w){re.escape(bare)}" + (r"\w*" if ending else r"(?!\w)")


def _nfkc(sign: str) -> str:
    return unicodedata.normalize("NFKC", sign).replace("⁄", "/")
