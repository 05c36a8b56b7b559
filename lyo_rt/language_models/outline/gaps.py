"""Sentences with a term left out, and other terms of the same text that could be thought to belong there."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from lyo_rt.language_models.outline.languages import unspaced
from lyo_rt.language_models.outline.stopwords import ANAPHORS, ARTICLES
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.outline.words import asks, capital, find_term, stem

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
    """A sentence, the term that is left out in `blank`, and other terms of the text that do not stand in it."""

    sentence: str
    blank: str
    term: str
    wrong: tuple[str, ...]

    def filled(self, term: str) -> str:
        """The sentence with another term in the gap."""
        return self.blank.replace(BLANK, term, 1)


def gaps(
    sentences: Sequence[str],
    language: str,
    *,
    around: Sequence[str] = (),
    wrong: int = WRONG,
    rare_first: bool = False,
) -> Iterator[Gap]:
    """Each sentence and each term at most once, the most telling terms first, or the rarest of them.

    `around` are the sentences of the whole text when `sentences` are a part of it: wrong terms may come from there.
    A sentence that asks, or leans on the one before it, is left as it is, and so is a term for which the text has not
    `wrong` others that look alike: what is wrong must not be seen by its form. Nouns among nouns come first; then, in
    the sentences that are left, nouns among any terms of their form, and last terms that may be nouns.
    """
    fit = [line for line in dict.fromkeys(_without_stump(sentences)) if _can_be_asked(line, language)]
    terms = Terms(around or sentences, language)
    standing = terms.within(" ".join(fit))
    nouns = [term for term in standing if terms.nounish(term)][:_TERMS]
    maybe = [term for term in standing if not terms.nounish(term) and terms.maybe_noun(term)][:_TERMS]
    asked: set[str] = set()
    for chosen, among_nouns in ((nouns, True), (nouns, False), (maybe, False)):
        for term in sorted(chosen, key=terms.count) if rare_first else chosen:
            if term in asked:
                continue
            found = (_gap(term, line, terms, language, wrong, among_nouns=among_nouns) for line in fit)
            if (gap := next(filter(None, found), None)) is not None:
                fit.remove(gap.sentence)
                asked.add(term)
                yield gap


def _without_stump(sentences: Sequence[str]) -> Sequence[str]:
    """The sentences but a last one that has no full stop where most others have: a text was cut there."""
    *others, last = sentences or [""]
    return others if not _ends(last) and 2 * sum(map(_ends, others)) > len(others) else sentences


def _ends(sentence: str) -> bool:
    return not sentence.rstrip(" \"'”’»)」")[-1:].isalnum()


def _can_be_asked(sentence: str, language: str) -> bool:
    if asks(sentence) or BLANK in sentence or len(sentence) > _LONGEST:
        return False
    if unspaced(language):
        return len(sentence) >= 10
    first = _FIRST_WORD.match(sentence)
    leans = first is not None and first[1].casefold() in ANAPHORS.get(language, frozenset())
    return not leans and 5 <= len(sentence.split()) <= 40


def _gap(term: str, sentence: str, terms: Terms, language: str, count: int, *, among_nouns: bool) -> Gap | None:
    found = find_term(term, sentence)
    if found is None:
        return None
    before, after = sentence[: found.start()], sentence[found.end() :]
    begins = not before and found[0][0].isupper()
    if begins and not terms.nounish(term) and not _follows_subject(after, language):
        return None
    others = (
        other
        for other in terms.all[:_CHOICE]
        if (terms.nounish(other) or not among_nouns)
        and _same_capital(found[0], other, terms, language, begins=begins)
        and _alike(found[0], other, language)
        and _fits_behind(before, found[0], other, terms.behind(other), language)
        and not find_term(other, sentence)
    )
    wrong = [capital(other) if begins else other for other in _most_alike(found[0], others, terms)[:count]]
    return Gap(sentence, f"{before}{BLANK}{after}", found[0], tuple(wrong)) if len(wrong) == count else None


def _follows_subject(after: str, language: str) -> bool:
    """Whether what is behind a sentence's first term may follow a subject: no comma, and no article, as behind
    adverbs and commands."""
    next_word = _FIRST_WORD.match(after)
    articles = frozenset().union(*ARTICLES.get(language, ()))
    return after[:1] == " " and next_word is not None and next_word[1].casefold() not in articles


def _same_capital(term: str, other: str, terms: Terms, language: str, *, begins: bool) -> bool:
    """Whether neither can be told by its capital; where a sentence begins every term gets one."""
    if begins and language != "de":
        return True
    if other[0].isupper() and language != "de" and terms.only_begins(other):
        return False
    return term[0].isupper() == other[0].isupper()


def _most_alike(term: str, others: Iterable[str], terms: Terms) -> list[str]:
    """Nouns first, then by ending and length; none shares a stem with the term or with one before it."""

    def order(other: str) -> tuple[bool, bool, int, int, str]:
        ending, length = _same_ending(term, other), abs(len(other) - len(term))
        return not terms.nounish(other), not terms.maybe_noun(other), -ending, length, other

    kept: list[str] = []
    taken = _stems(term)
    for other in sorted(others, key=order):
        if not _stems(other) & taken:
            kept.append(other)
            taken |= _stems(other)
    return kept


def _alike(term: str, other: str, language: str) -> bool:
    """As many words, and the form that the language gives a word in such a place."""
    if len(term.split()) != len(other.split()):
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
