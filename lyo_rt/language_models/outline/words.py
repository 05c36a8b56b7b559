"""Words and sentences of a text, in any script, and which of them belong together: what counting can tell."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from sentencex import segment  # type: ignore[import-untyped]  # its extension module has no stubs

from lyo_rt.language_models.outline.languages import core_words, language_of, unspaced

_SIGNS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u200c\u200d"
)
"""Vowel signs and joiners, which belong to a word and are no letters to `re`: Hebrew, Arabic, Devanagari."""
WORD = re.compile(rf"[^\W\d_](?:[\w{_SIGNS}’'-]*[\w{_SIGNS}])?")
"""A word in any script that has spaces."""
_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u30a1-\u30ff\u3041-\u309f\u0e00-\u0e7f]+")
"""Letters of scripts that write no spaces."""
_MARKUP = (
    (re.compile(r"```.*?```", re.DOTALL), " "),
    (re.compile(r"!?\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)"), r"\1"),
    (re.compile(r"^\s{0,3}(?:[-*+>]|\d+[.)])\s+", re.MULTILINE), ""),
    (re.compile(r"[*_`]{1,3}(\S(?:.{0,200}?\S)?)[*_`]{1,3}"), r"\1"),
)
"""None looks ahead without a bound of its own: a text has 50,000 characters, and all of them may be open brackets."""
_LONGEST_STRETCH = 4000
_HEADING = re.compile(r"^\s{0,3}#{1,6}[^\S\n]+(\S.*)$", re.MULTILINE)


class Section(msgspec.Struct, frozen=True):
    """A stretch of a text; `title` is its heading, "" when it has none."""

    title: str
    sentences: list[str]


def plain(text: str) -> str:
    """The text without Markdown's marks; headings stay."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text


def sentences_of(text: str, language: str = "") -> list[str]:
    """The sentences of plain prose, in order, whitespace evened out; `language` is told from the text when not given.

    Cut by Wikimedia's sentencex, which knows the abbreviations and full stops of 240 languages.
    """
    language = language or language_of(text, "en")
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))
    stretches = (stretch for paragraph in paragraphs for stretch in _stretches(paragraph))
    cut = (sentence.strip() for stretch in stretches for sentence in segment(language, stretch))
    return [sentence for sentence in cut if sentence]


def _stretches(paragraph: str) -> Iterator[str]:
    """The paragraph, cut behind a sentence where it is very long: sentencex's time grows with its length's square."""
    while len(paragraph) > _LONGEST_STRETCH:
        ends = (paragraph.rfind(mark, 0, _LONGEST_STRETCH) for mark in (". ", "? ", "! ", "。", " "))
        behind = next((end + 1 for end in ends if end > 0), _LONGEST_STRETCH)
        yield paragraph[:behind]
        paragraph = paragraph[behind:]
    if paragraph:
        yield paragraph


def sections_of(text: str) -> list[Section]:
    """The parts of a text: by its headings when it has any, else by paragraphs."""
    text = plain(text)
    pieces = _HEADING.split(text)
    if len(pieces) > 1:
        titled = [("", pieces[0]), *zip(map(_title, pieces[1::2]), pieces[2::2], strict=True)]
    else:
        titled = [("", paragraph) for paragraph in re.split(r"\n\s*\n", text)]
    language = language_of(text, "en")
    sections = [Section(title, sentences_of(body, language)) for title, body in titled]
    return [section for section in sections if section.sentences]


def _title(heading: str) -> str:
    """A heading without the marks that may close it."""
    return heading.rstrip().rstrip("#").rstrip() or heading.strip()


def content_words(text: str, language: str) -> list[str]:
    """The words that carry meaning, folded, in order; where words have no spaces between them, each pair of letters."""
    if unspaced(language):
        return [run[n : n + 2] for run in _RUN.findall(text) for n in range(len(run) - 1)]
    stop = core_words(language)
    words = [word.casefold() for word in WORD.findall(text)]
    if not stop:
        return [word for word in words if len(word) > 3]
    return [word for word in words if word not in stop and len(word) > 2]


def stem(word: str) -> str:
    """Words with one stem are taken for one: crude, but the same in every language."""
    return word.casefold()[:6]


def find_term(term: str, text: str) -> re.Match[str] | None:
    """Where `term` stands in `text`, in any case; as whole words where the script has spaces between them."""
    if _RUN.fullmatch(term):
        return re.search(re.escape(term), text)
    return re.search(rf"(?<![\w{_SIGNS}]){re.escape(term)}(?![\w{_SIGNS}])", text, re.IGNORECASE)


def capital(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]


def asks(sentence: str) -> bool:
    """Whether the sentence is a question, by its mark in any script."""
    return sentence.rstrip(" \"'”’»)」").endswith(("?", "？", "؟", "\u037e"))


class Relevance:
    """Which sentences speak of what a query speaks of: shared stems, rare ones counting more (tf-idf)."""

    def __init__(self, sentences: Sequence[str], language: str) -> None:
        self._sentences = sentences
        self._language = language
        self._stems = [{stem(word) for word in content_words(sentence, language)} for sentence in sentences]
        self._frequency = Counter(part for stems in self._stems for part in stems)

    def ranked(self, query: str) -> list[tuple[float, int]]:
        """(score, index) of every sentence, best first; the score is 0 where nothing is shared."""
        wanted = {stem(word) for word in content_words(query, self._language)}
        scored = [(self._score(wanted & stems, stems), n) for n, stems in enumerate(self._stems)]
        return sorted(scored, key=lambda pair: (-pair[0], pair[1]))

    def central(self, count: int) -> list[str]:
        """The `count` sentences that share most with all others, in the order of the text."""
        weights = [sum(self._frequency[part] for part in stems) / math.sqrt(len(stems) + 4) for stems in self._stems]
        best = sorted(range(len(weights)), key=lambda n: (-weights[n], n))[:count]
        return [self._sentences[n] for n in sorted(best)]

    def _score(self, shared: set[str], stems: set[str]) -> float:
        total = len(self._sentences)
        weight = sum(math.log(1 + total / self._frequency[part]) for part in shared)
        return weight / math.sqrt(len(stems) + 4)
