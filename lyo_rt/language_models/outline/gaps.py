"""Sentences with a term left out, and other terms of the same text that could be thought to belong there."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from lyo_rt.language_models.outline.languages import unspaced
from lyo_rt.language_models.outline.stopwords import ANAPHORS, ARTICLES
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.outline.words import asks, find_term, stem

BLANK = "____"
WRONG = 3
_TERMS = 24
_CHOICE = 60
"""Terms that are left out, and terms that are offered in their place: the most telling of the text."""
_LONGEST = 300
_VOWEL = re.compile(r"[aeiou]", re.IGNORECASE)
_PLURAL_S = frozenset({"en", "es", "fr", "pt"})
_ENDING = frozenset(
    {"ru", "uk", "bg", "pl", "cs", "sk", "hr", "sl", "el", "lt", "lv", "tr", "ko", "hu", "fi", "et", "it"}
)
"""Languages in which a word's last letter tells its case, number or particle: another one would stand out."""
_PREFIXES = {"ar": ("ال", "و", "ب"), "he": ("ה", "ו", "ב", "ל", "מ")}
"""Written onto the word: the article, and, in, to, from."""
_FIRST_WORD = re.compile(r"\W*([\w’']+)")


class Gap(msgspec.Struct, frozen=True):
    """A sentence, the term that is left out in `blank`, and three other terms of the text that do not stand in it."""

    sentence: str
    blank: str
    term: str
    wrong: tuple[str, ...]

    def filled(self, term: str) -> str:
        """The sentence with another term in the gap."""
        return self.blank.replace(BLANK, term, 1)


def gaps(
    sentences: Sequence[str], language: str, *, around: Sequence[str] = (), rare_first: bool = False
) -> Iterator[Gap]:
    """Each sentence at most once, the most telling terms first, or the rarest of them; none that is no whole thought.

    `around` are the sentences of the whole text when `sentences` are a part of it: wrong terms may come from there.
    A sentence that asks, or leans on the one before it, is left as it is, and so is a term for which the text has not
    three others that look alike: what is wrong must not be seen by its form.
    """
    fit = [line for line in dict.fromkeys(sentences) if _can_be_asked(line, language)]
    terms = Terms(around or sentences, language)
    chosen = [term for term in terms.within(" ".join(fit)) if terms.nounish(term)][:_TERMS]
    used: set[str] = set()
    for term in sorted(chosen, key=terms.count) if rare_first else chosen:
        for sentence in fit:
            if sentence in used or (gap := _gap(term, sentence, terms, language)) is None:
                continue
            used.add(sentence)
            yield gap
            break


def _can_be_asked(sentence: str, language: str) -> bool:
    if asks(sentence) or BLANK in sentence or len(sentence) > _LONGEST:
        return False
    if unspaced(language):
        return len(sentence) >= 10
    first = _FIRST_WORD.match(sentence)
    leans = first is not None and first[1].casefold() in ANAPHORS.get(language, frozenset())
    return not leans and 5 <= len(sentence.split()) <= 40


def _gap(term: str, sentence: str, terms: Terms, language: str) -> Gap | None:
    found = find_term(term, sentence)
    if found is None or (found.start() == 0 and language != "de" and found[0][0].isupper()):
        return None  # a capital that only the sentence's beginning gives would tell the options apart
    wrong = _wrong(found[0], sentence, terms, language, before=sentence[: found.start()])
    if len(wrong) < WRONG:
        return None
    return Gap(sentence, f"{sentence[: found.start()]}{BLANK}{sentence[found.end() :]}", found[0], tuple(wrong))


def _wrong(term: str, sentence: str, terms: Terms, language: str, *, before: str) -> list[str]:
    """Terms that fit the gap by their form: as many words, the same kind of capital, a like ending and length."""
    taken = _stems(term)
    likely = [
        other
        for other in terms.all[:_CHOICE]
        if terms.nounish(other)
        and _alike(term, other, language)
        and _fits_behind(before, term, other, terms.behind(other), language)
        and not find_term(other, sentence)
    ]
    likely.sort(key=lambda other: (-_same_ending(term, other), abs(len(other) - len(term)), other))
    kept: list[str] = []
    for other in likely:
        if len(kept) < WRONG and not _stems(other) & taken:
            kept.append(other)
            taken |= _stems(other)
    return kept


def _alike(term: str, other: str, language: str) -> bool:
    """As many words, the same kind of capital, and the form that the language gives a word in such a place."""
    if len(term.split()) != len(other.split()) or term[0].isupper() != other[0].isupper():
        return False
    if language in _PLURAL_S and (term[-1] == "s") != (other[-1] == "s"):
        return False
    if language in _ENDING:
        return term[-1] == other[-1]
    prefixes = _PREFIXES.get(language, ())
    return all(term.startswith(prefix) == other.startswith(prefix) for prefix in prefixes)


def _fits_behind(before: str, term: str, other: str, behind: set[str], language: str) -> bool:
    """Whether the word before the gap goes with `other`: English a and an, articles that show gender or number."""
    words = before.split()
    if not words:
        return True
    last = words[-1].casefold()
    if language == "en" and last in ("a", "an"):
        return (_VOWEL.match(term) is None) == (_VOWEL.match(other) is None)
    groups = ARTICLES.get(language, ())
    mine = next((group for group in groups if last in group), None)
    return mine is None or not any(group & behind for group in groups if group is not mine)


def _same_ending(term: str, other: str) -> int:
    """How many of the last two letters are the same: in many languages they are case and gender."""
    return 2 if term[-2:] == other[-2:] else int(term[-1] == other[-1])


def _stems(term: str) -> set[str]:
    return {stem(word) for word in term.split()}
