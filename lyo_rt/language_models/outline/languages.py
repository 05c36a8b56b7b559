"""Which language a text is in, and which of its words carry no meaning: by its script, then by its stop words."""

import re
from functools import cache

from lyo_rt.language_models.outline.stopwords import STOPWORDS

_LOOKED_AT = 2_000
"""Characters from which the language is told."""

_LATIN = (
    *("en", "de", "es", "fr", "it", "pt", "nl", "pl", "cs", "sv", "da", "no", "fi"),
    *("hu", "ro", "tr", "id", "hr", "sk", "sl", "ca", "et", "lt", "lv", "vi"),
)
_SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "kana": ("\u3040-\u30ff", ("ja",)),
    "han": ("\u3400-\u9fff\uf900-\ufaff", ("zh", "ja")),
    "hangul": ("\uac00-\ud7af", ("ko",)),
    "hebrew": ("\u0590-\u05ff", ("he",)),
    "greek": ("\u0370-\u03ff\u1f00-\u1fff", ("el",)),
    "thai": ("\u0e00-\u0e7f", ("th",)),
    "devanagari": ("\u0900-\u097f", ("hi", "mr")),
    "arabic": ("\u0600-\u06ff", ("ar", "fa", "ur")),
    "cyrillic": ("\u0400-\u04ff", ("ru", "uk", "bg")),
    "latin": (
        "A-Za-z\u00c0-\u024f",
        _LATIN,
    ),
}
_COUNTED = {name: re.compile(f"[{letters}]") for name, (letters, _) in _SCRIPTS.items()}
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_LETTERS = re.compile(r"[^\W\d_]+")
_UNSPACED = frozenset({"zh", "ja", "th"})
_SCRIPT_SHARE = 0.7
"""Of a text's letters: the rest may be names and terms of another script."""
_KANA_SHARE = 0.05
"""Japanese has far more kana than that among its letters, Chinese none."""


def language_of(text: str, hint: str = "") -> str:
    """The language of `text` as ISO 639-1; `hint` where the text does not tell, or tells nothing else as well."""
    begin = text[:_LOOKED_AT]
    script, _ = _script_of(begin)
    if not script:
        return hint
    if script == "cyrillic" and _UKRAINIAN.search(begin):
        return "uk"  # its stop list is short; these letters are in no other of the three
    languages = _SCRIPTS[script][1]
    words = [word.casefold() for word in _LETTERS.findall(begin)]
    hits = {language: sum(map(core_words(language).__contains__, words)) for language in languages}
    best = max(languages, key=lambda language: hits[language])
    if hint in hits and hits[hint] >= 0.8 * hits[best]:
        return hint
    return best if hits[best] or len(languages) <= 3 else hint


def languages_by_script(text: str) -> tuple[str, ...]:
    """The languages that a text can be in by its letters alone, the commonest first; none when scripts are mixed."""
    script, share = _script_of(text[:_LOOKED_AT])
    return _SCRIPTS[script][1] if script and share >= _SCRIPT_SHARE else ()


def has_script(language: str) -> bool:
    """Whether it is known which letters the language is written in."""
    return any(language in languages for _, languages in _SCRIPTS.values())


def _script_of(text: str) -> tuple[str, float]:
    """The script of most letters, and their share; "" where there are none."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _COUNTED.items()}
    script = max(counts, key=lambda name: counts[name])
    letters = sum(counts.values())
    if not letters:
        return "", 0.0
    if counts["han"] and counts["kana"] > _KANA_SHARE * counts["han"]:
        return "kana", (counts["han"] + counts["kana"]) / letters
    return script, counts[script] / letters


def unspaced(language: str) -> bool:
    """Whether the language is written without spaces between its words."""
    return language in _UNSPACED


@cache
def core_words(language: str) -> frozenset[str]:
    """The words of a language that say nothing of what a text is about; empty for a language without a list."""
    return STOPWORDS[language] if language in STOPWORDS else any_stop_words(language)


@cache
def any_stop_words(language: str) -> frozenset[str]:
    """The longest list there is of such words, with many that may mean something; empty for a language without one."""
    import stopwordsiso  # reads 0.2 MB of lists

    return frozenset(stopwordsiso.stopwords(language)) if stopwordsiso.has_lang(language) else frozenset()
