"""Sentences in which a text says what something is."""

import re
from collections.abc import Iterator, Sequence

from lyo_rt.language_models.outline.words import WORD, find_term, stem
from lyo_rt.language_models.tasks import KeyTerm

_TERM_WORDS = 4
_SHORTEST = 15
_SHORTEST_UNSPACED = 6
_ARTICLES = re.compile(
    r"^(?:the|an?|der|die|das|eine?|el|la|los|las|una?|les?|l['’]|une|il|lo|i|gli|un|uno|o|os|as|uma?|het|een|de|ο|η|το|οι|τα)\s+",
    re.IGNORECASE,
)


def _defining(verb: str, article: str = "") -> re.Pattern[str]:
    return re.compile(rf"^(?P<term>[^,;:()]{{2,60}}?)\s+(?:{verb})\s+(?P<definition>{article}\S.+?)[.!]?$")


_PATTERNS: dict[str, re.Pattern[str]] = {
    "en": _defining("is|are|means|refers to", r"(?:an?|the|one|any)\s+"),
    "de": _defining("ist|sind|bezeichnet|bedeutet", r"(?:ein\w*|der|die|das)\s+"),
    "es": _defining("es|son|significa", r"(?:una?|el|la|los|las|unos|unas)\s+"),
    "fr": _defining("est|sont|désigne", r"(?:une?|la|les?|des|l['’])\s*"),
    "it": _defining("è|sono|indica", r"(?:un[ao]?|il|la|lo|gli|le|i|l['’]|un['’])\s*"),
    "pt": _defining("é|são|significa", r"(?:uma?|os?|as?)\s+"),
    "nl": _defining("is|zijn|betekent", r"(?:een|het|de)\s+"),
    "pl": _defining("to"),
    "ru": _defining("[—–-] это|это|[—–] это"),
    "uk": _defining("[—–-] це"),
    "el": _defining("είναι|σημαίνει", r"(?:ο|η|το|οι|τα|ένας|μια|μία|ένα)\s+"),
    "ar": _defining("هو|هي"),
    "he": _defining("הוא|היא|הם|הן"),
    "zh": re.compile(
        r"^(?P<term>[^，。、；：\s是]{2,10})(?:是指|指的是|是)(?P<definition>[^。]+?的[^。，的]{1,8})。?$"
    ),
    "ja": re.compile(
        r"^(?P<term>[^、。\s]{2,12}?)(?:とは、?|は、)(?P<definition>[^。]+?)(?:である|です|のことだ|をいう)?。?$"
    ),
}
"""What stands between a term and what it is, by language; where it may only state a quality, an article must follow."""


_LISTED = re.compile(r"^[^\S\n]*[-*+]\s+(?:\*\*|__)([^*_\n]+?):?(?:\*\*|__)\s*[:：–—-]?\s*(\S.*)$", re.MULTILINE)
"""A line of a glossary in Markdown: a term in bold, and what it means."""


def listed_terms(text: str) -> list[KeyTerm]:
    """The terms of the text's own glossary lines, such as a course's key terms, that do not give themselves away."""
    found = [KeyTerm(term.strip(), definition.strip()) for term, definition in _LISTED.findall(text)]
    return [one for one in found if _names(one.term) and not _gives_away(one.term, one.definition)]


def without_listed(text: str) -> str:
    """The text without its glossary lines, which are no sentences."""
    return _LISTED.sub("", text)


def definitions_of(sentences: Sequence[str], language: str) -> Iterator[KeyTerm]:
    """Every term that the text defines, with the definition in its own words, which do not hold the term."""
    pattern = _PATTERNS.get(language)
    for sentence in sentences if pattern is not None else ():
        found = pattern.match(sentence) if pattern is not None and len(sentence) <= 300 else None
        if found is None:
            continue
        term = _ARTICLES.sub("", found["term"]).strip()
        definition = found["definition"].strip()
        if _names(term) and len(definition) >= _least(language) and not _gives_away(term, definition):
            yield KeyTerm(term, definition)


def _least(language: str) -> int:
    return _SHORTEST_UNSPACED if language in ("zh", "ja") else _SHORTEST


def _names(term: str) -> bool:
    words = term.split()
    return 0 < len(words) <= _TERM_WORDS and len(term) > 1 and any(character.isalpha() for character in term)


def _gives_away(term: str, definition: str) -> bool:
    if find_term(term, definition):
        return True
    stems = {stem(word) for word in term.split() if len(word) > 3}
    return bool(stems & {stem(word) for word in WORD.findall(definition)})
