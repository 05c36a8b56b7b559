"""A text in the form in which ways of writing the same are equal: case, accents, marks, look-alikes, LaTeX. Pure."""

import re
import unicodedata

_LOOKALIKES = str.maketrans(
    "абвгеёзіјкмнорстухѕԁԛԝαβεικνορτυχ‐‑‒–—−⁄∕’‘ʼ",
    "a6breezijkmhopctyxsdqwabeikvoptux------//'''",
)
"""Letters of other scripts that are read as Latin ones; both sides of a comparison are folded, so none is lost."""
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_VULGAR = re.compile("[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒]")
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}\s*\{([^{}]*)\}|(\d)\s*(\d))")
_WRAPPED = re.compile(
    r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|boxed|operatorname|ce|fbox|underline)\s*\{([^{}]*)\}"
)
_COMMANDS = {
    r"\cdot": "*",
    r"\times": "*",
    r"\div": "/",
    r"\pm": "±",
    r"\approx": "≈",
    r"\to": "→",
    r"\rightarrow": "→",
    r"\leq": "≤",
    r"\geq": "≥",
    r"\le": "≤",
    r"\ge": "≥",
    r"\pi": "π",
    r"\left": "",
    r"\right": "",
    r"\%": "%",
    r"\,": "",
    r"\;": " ",
    r"\!": "",
    r"\ ": " ",
    r"\quad": " ",
    "{,}": ",",
    r"\$": "$",
}
_COMMAND = re.compile("|".join(re.escape(name) for name in sorted(_COMMANDS, key=len, reverse=True)))
_MARKS = re.compile(r"[*_`~$\\{}]|<[^<>\n]{0,40}>")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")
_WORD = re.compile(r"[^\W_]+")
_ENTITY = re.compile(r"&#(x[0-9a-f]{1,6}|\d{1,7});", re.IGNORECASE)


def without_latex(text: str) -> str:
    """Formulas as they would be typed: `\\frac{1}{2}` is (1)/(2), `\\text{x}` is x, `10^{3}` is 10^3."""
    if "\\" not in text and "{" not in text:
        return text
    for _ in range(3):
        text = _WRAPPED.sub(r"\1", text)
        text = _FRACTION.sub(lambda found: f" {found[1] or found[3]}/{found[2] or found[4]} ", text)
    return _COMMAND.sub(lambda found: _COMMANDS[found[0]], text)


def typed(text: str) -> str:
    """The text in plain characters: NFKC, ASCII digits, raised digits as `^n`, none invisible, no LaTeX; case stays."""
    if text.isascii():
        return without_latex(_ENTITY.sub(_character, text)) if "&#" in text else without_latex(text)
    text = _INVISIBLE.sub("", text)
    text = _RAISED_RUN.sub(lambda found: "^" + found[0].translate(_RAISED), text)
    text = _VULGAR.sub(lambda found: f" {unicodedata.normalize('NFKC', found[0])}", text)
    text = unicodedata.normalize("NFKC", without_latex(_ENTITY.sub(_character, text)))
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else c for c in text)
    return digits.replace("⁄", "/").replace("−", "-")


def folded(text: str) -> str:
    """The text for comparing words: typed, without accents, case, marks of Markdown, look-alikes."""
    text = _MARKS.sub("", typed(text)).casefold()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
        text = text.translate(_LOOKALIKES)
    return text


def unaccented(text: str) -> str:
    """The text in lower case, Latin letters without accents, other scripts as they are."""
    lower = typed(text).casefold()
    if lower.isascii():
        return lower
    return "".join(unicodedata.normalize("NFD", c)[0] if c < "\u0250" else c for c in lower)


def words_of(text: str) -> list[str]:
    """The words and numbers of a folded text, in order."""
    return _WORD.findall(text)


def compact(text: str) -> str:
    """A folded text's letters and digits alone: spelling it out with spaces, dots or hyphens changes nothing."""
    return "".join(_WORD.findall(text))


def _character(found: re.Match[str]) -> str:
    number = int(found[1][1:], 16) if found[1][0] in "xX" else int(found[1])
    return chr(number) if 32 <= number < 0x110000 else found[0]
