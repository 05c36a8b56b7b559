"""The telling terms of a text, found by counting, in scripts with and without spaces."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from lyo_rt.language_models.outline.languages import core_words, unspaced
from lyo_rt.language_models.outline.stopwords import BEFORE_NOUNS
from lyo_rt.language_models.outline.words import WORD, stem

_MOST_TERMS = 400
_KANJI = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]{2,8}|[\u30a1-\u30ff]{3,}")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_HAN_WORDS = frozenset(
    "的了是在和与或将把被也都而又就不没有其这那此该从到对为所以因只很更最中里上下个一用由使让给向于之可能会要"
)
"""Chinese characters that mostly are words of their own and no part of a term's edge."""
_LONGEST_HAN = 8


class _Place(msgspec.Struct, frozen=True):
    """Where a term stands: behind which word, folded, whether where a noun would, and whether a sentence begins."""

    term: str
    nounish: bool = True
    before: str = ""
    begins: bool = False


class Terms:
    """The telling terms of a text, best first: frequent, long, of one or two words, and nouns as far as can be seen."""

    def __init__(self, sentences: Sequence[str], language: str) -> None:
        self._language = language
        self._unspaced = unspaced(language)
        self._counts: Counter[str] = Counter()
        self._nounish: Counter[str] = Counter()
        self._spelt: dict[str, Counter[str]] = defaultdict(Counter)
        self._begun: dict[str, Counter[str]] = defaultdict(Counter)
        self._behind: dict[str, set[str]] = defaultdict(set)
        for place in self._unspaced_candidates(sentences) if self._unspaced else self._candidates(sentences):
            folded = place.term.casefold()
            self._counts[folded] += 1
            self._nounish[folded] += place.nounish
            (self._begun if place.begins else self._spelt)[folded][place.term] += 1
            self._behind[folded].add(place.before)
        self._scores = {folded: self._score(folded) for folded in self._counts}
        ranked = sorted(self._scores, key=lambda folded: (-self._scores[folded], folded))[:_MOST_TERMS]
        self.all = self._without_parts([self._spelling(folded) for folded in ranked])

    def count(self, term: str) -> int:
        """How often the term stands in the text."""
        return self._counts[term.casefold()]

    def behind(self, term: str) -> set[str]:
        """The words that stand before the term, folded."""
        return self._behind[term.casefold()]

    def nounish(self, term: str) -> bool:
        """Whether the term mostly stands where a noun would; of a language in which that cannot be seen, every term."""
        folded = term.casefold()
        known = self._language == "de" or self._language in BEFORE_NOUNS
        return not known or " " in folded or 2 * self._nounish[folded] >= self._counts[folded]

    def maybe_noun(self, term: str) -> bool:
        """Whether the term once stands where a noun would, or begins a sentence, as subjects do."""
        folded = term.casefold()
        return self._nounish[folded] > 0 or folded in self._begun or self.nounish(term)

    def only_begins(self, term: str) -> bool:
        """Whether the term stands nowhere but at the beginning of sentences: its capital says nothing."""
        return term.casefold() not in self._spelt

    def within(self, text: str) -> list[str]:
        """The terms that stand in `text`, best first."""
        if self._unspaced:
            return [term for term in self.all if term in text]
        words = [word.casefold() for word in WORD.findall(text)]
        standing = {*words, *(f"{word} {after}" for word, after in pairwise(words))}
        return [term for term in self.all if term.casefold() in standing]

    def telling_apart(self, texts: Sequence[str]) -> list[list[str]]:
        """For each of the texts its terms, those first that the fewest others have."""
        standing = [self.within(text) for text in texts]
        shared = Counter(term for terms in standing for term in terms)

        def order(term: str) -> tuple[float, str]:
            return -self._scores[term.casefold()] * math.log(1 + len(texts) / shared[term]), term

        return [sorted(terms, key=order) for terms in standing]

    def _candidates(self, sentences: Sequence[str]) -> Iterator[_Place]:
        stop = core_words(self._language)
        least = 2 if stop else 3
        before_nouns = BEFORE_NOUNS.get(self._language, frozenset())
        for sentence in sentences:
            before, previous, ended = "", _Place(""), -2
            for found in WORD.finditer(sentence):
                word, start = found.group(), found.start()
                folded = word.casefold()
                if folded in stop or len(word) <= least:
                    before, ended = folded, -2
                    continue
                nounish = self._looks_like_noun(word, before, before_nouns, first=start == 0)
                place = _Place(word, nounish, before, begins=not before)
                if len(word) > 3:
                    yield place
                if ended + 1 == start:
                    yield _Place(f"{previous.term} {word}", begins=previous.begins)
                before, previous, ended = folded, place, found.end()

    def _looks_like_noun(self, word: str, before: str, before_nouns: frozenset[str], *, first: bool) -> bool:
        if self._language == "de":
            return word[0].isupper()
        return (word[0].isupper() and not first) or before in before_nouns

    def _unspaced_candidates(self, sentences: Sequence[str]) -> Iterable[_Place]:
        if self._language == "ja":
            return [_Place(run) for sentence in sentences for run in _KANJI.findall(sentence)]
        return [_Place(term) for term in _repeated(sentences)]

    def _score(self, folded: str) -> float:
        count = self._counts[folded]
        if " " in folded:
            parts = [self._counts[word] for word in folded.split()]
            # words that mostly stand together are one term: "carbon dioxide"
            together = count > 1 and count >= 0.6 * max(parts)
            return count * 4.0 if together else 0.1
        return count * math.log(1 + len(folded)) * (1.0 if self._nounish[folded] else 0.3)

    def _spelling(self, folded: str) -> str:
        return (self._spelt.get(folded) or self._begun[folded]).most_common(1)[0][0]

    def _without_parts(self, terms: list[str]) -> list[str]:
        """Drops a term that shares a word with a better one: "cell wall" makes "wall" superfluous."""
        kept: list[str] = []
        taken: set[str] = set()
        for term in terms:
            stems = {term} if self._unspaced else {stem(word) for word in term.split()}
            if not stems & taken:
                kept.append(term)
                taken |= stems
        return kept


def _repeated(sentences: Sequence[str]) -> list[str]:
    """Stretches of Chinese that stand in two places among different neighbours, each as often as it stands there.

    There are no spaces to tell a word by; what keeps its form while its surroundings change is one. A stretch that
    only ever stands inside a longer one of these is left out.
    """
    around: dict[str, set[tuple[str, str]]] = defaultdict(set)
    counts: Counter[str] = Counter()
    for run in (run for sentence in sentences for run in _HAN.findall(sentence)):
        for start in range(len(run)):
            for end in range(start + 2, min(len(run), start + _LONGEST_HAN) + 1):
                if run[start] not in _HAN_WORDS and run[end - 1] not in _HAN_WORDS:
                    counts[run[start:end]] += 1
                    around[run[start:end]].add((run[start - 1 : start], run[end : end + 1]))
    free = [
        text
        for text, neighbours in around.items()
        if counts[text] > 1
        and len({left for left, _ in neighbours}) > 1
        and len({right for _, right in neighbours}) > 1
    ]
    return [text for text in free if _stands_alone(text, free, counts) for _ in range(counts[text])]


def _stands_alone(text: str, free: Sequence[str], counts: Counter[str]) -> bool:
    return sum(counts[longer] for longer in free if text in longer and text != longer) < counts[text]
