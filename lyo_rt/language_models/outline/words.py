"""Words, sentences and terms of a text: what can be known of it by counting."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from lyo_rt.language_models.outline.stopwords import BEFORE_NOUNS, STOPWORDS

_WORD = re.compile(r"[^\W\d_](?:[\w’'-]*\w)?")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”“»')\]]*\s+(?=[\"“„«¿¡(\[]*[^\W_])|(?<=[。！？])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|ca|approx|fig|no|nr|dr|mr|mrs|ms|prof|st|sr|sra|mme|bzw|usw|vgl|z\. ?b|d\. ?h|u\. ?a"
    r"|p\. ?ex|p\. ?ej)|\b[A-ZÄÖÜÉ])\.$",
    re.IGNORECASE,
)
_MARKUP = (
    (re.compile(r"```.*?```", re.DOTALL), " "),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"^\s{0,3}(?:[-*+>]|\d+[.)])\s+", re.MULTILINE), ""),
    (re.compile(r"[*_`]{1,3}(\S(?:.*?\S)?)[*_`]{1,3}"), r"\1"),
)


_MOST_TERMS = 400


class Section(msgspec.Struct, frozen=True):
    """A stretch of a text; `title` is its heading, "" when it has none."""

    title: str
    sentences: list[str]


def plain(text: str) -> str:
    """The text without Markdown's marks; headings stay."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text


def sentences_of(text: str) -> list[str]:
    """The sentences of plain prose, in order, whitespace evened out."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        joined = False
        for piece in _SENTENCE_END.split(" ".join(paragraph.split())):
            if not piece.strip():
                continue
            if joined:
                found[-1] = f"{found[-1]} {piece.strip()}"
            else:
                found.append(piece.strip())
            joined = _ABBREVIATED.search(found[-1]) is not None and len(piece) > 1
    return found


def sections_of(text: str) -> list[Section]:
    """The parts of a text: by its headings when it has any, else by paragraphs."""
    text = plain(text)
    pieces = re.split(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$", text, flags=re.MULTILINE)
    if len(pieces) > 1:
        titled = [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    else:
        titled = [("", paragraph) for paragraph in re.split(r"\n\s*\n", text)]
    sections = [Section(title, sentences_of(body)) for title, body in titled]
    return [section for section in sections if section.sentences]


def content_words(text: str, language: str) -> list[str]:
    """The words that carry meaning, folded, in order; a language without a stop list goes by length."""
    stop = STOPWORDS.get(language)
    words = [word.casefold() for word in _WORD.findall(text)]
    if stop is None:
        return [word for word in words if len(word) > 3]
    return [word for word in words if word not in stop and len(word) > 2]


def stem(word: str) -> str:
    """Words with one stem are taken for one: crude, but the same in every language."""
    return word.casefold()[:6]


class Terms:
    """The telling terms of a text, best first: frequent, long, of one or two words, and nouns as far as can be seen."""

    def __init__(self, sentences: Sequence[str], language: str) -> None:
        self._language = language
        self._counts: Counter[str] = Counter()
        self._nounish: Counter[str] = Counter()
        spelt: dict[str, Counter[str]] = {}
        for sentence in sentences:
            for term, nounish in self._candidates(sentence):
                folded = term.casefold()
                self._counts[folded] += 1
                self._nounish[folded] += nounish
                spelt.setdefault(folded, Counter())[term] += 1
        self._scores = {folded: self._score(folded) for folded in self._counts}
        ranked = sorted(self._scores, key=lambda folded: (-self._scores[folded], folded))
        self.all = _without_parts([spelt[folded].most_common(1)[0][0] for folded in ranked[:_MOST_TERMS]])

    def within(self, text: str) -> list[str]:
        """The terms that stand in `text`, best first."""
        words = [word.casefold() for word in _WORD.findall(text)]
        standing = {*words, *(f"{word} {after}" for word, after in pairwise(words))}
        return [term for term in self.all if term.casefold() in standing]

    def telling_apart(self, texts: Sequence[str]) -> list[list[str]]:
        """For each of the texts its terms, those first that the fewest others have."""
        standing = [self.within(text) for text in texts]
        shared = Counter(term for terms in standing for term in terms)

        def order(term: str) -> tuple[float, str]:
            return -self._scores[term.casefold()] * math.log(1 + len(texts) / shared[term]), term

        return [sorted(terms, key=order) for terms in standing]

    def _candidates(self, sentence: str) -> Iterable[tuple[str, bool]]:
        words = [(found.group(), found.start(), found.end()) for found in _WORD.finditer(sentence)]
        telling = [bool(content_words(word, self._language)) for word, _, _ in words]
        for n, (word, start, end) in enumerate(words):
            if not telling[n]:
                continue
            nounish = self._looks_like_noun(word, words[n - 1][0] if n else "", first=start == 0)
            if len(word) > 3:
                yield word, nounish
            if n + 1 < len(words) and telling[n + 1] and words[n + 1][1] == end + 1:
                yield f"{word} {words[n + 1][0]}", True

    def _looks_like_noun(self, word: str, before: str, *, first: bool) -> bool:
        if word[:1].isupper() and not first:
            return True
        if self._language == "de":
            return first and word[:1].isupper()
        return before.casefold() in BEFORE_NOUNS.get(self._language, frozenset())

    def _score(self, folded: str) -> float:
        count = self._counts[folded]
        if " " in folded:
            parts = [self._counts[word] for word in folded.split()]
            # words that mostly stand together are one term: "carbon dioxide"
            together = count > 1 and count >= 0.6 * max(parts)
            return count * 4.0 if together else 0.1
        return count * math.log(len(folded)) * (1.0 if self._nounish[folded] else 0.3)


def find_term(term: str, text: str) -> re.Match[str] | None:
    """Where `term` stands in `text` as whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text, re.IGNORECASE)


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


def _without_parts(terms: list[str]) -> list[str]:
    """Drops a term that shares a word with a better one: "cell wall" makes "wall" superfluous."""
    kept: list[str] = []
    taken: set[str] = set()
    for term in terms:
        stems = {stem(word) for word in term.split()}
        if not stems & taken:
            kept.append(term)
            taken |= stems
    return kept
