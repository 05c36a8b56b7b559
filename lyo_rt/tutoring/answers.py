"""Whether a text gives an answer away, and which answer a learner gave: the known one in all its forms. Pure."""

import base64
import codecs
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Literal

import msgspec

from lyo_rt.language_models.guidance import Problem
from lyo_rt.language_models.outline.words import content_words, sentences_of, stem
from lyo_rt.tutoring.choices import CLAIMS, LETTERED, LETTERS, LISTED, ORDINAL, PICKS, letters_of
from lyo_rt.tutoring.folding import compact, folded, typed, words_of
from lyo_rt.tutoring.numbers import spelt, value_of, values

SMALL = 12
"""Whole numbers up to here stand in many a sentence; they tell an answer only where something is said to be them."""
MOST_NUMBERS = 3
"""Numbers one attempt may name: a way to the answer and the answer, not a list of guesses."""
WORDS = 3
"""Telling words from which a message is an attempt that no rule can judge."""
SOLUTION_WORDS = 4
"""Words of its own from which a sentence of the worked solution is looked for as such."""
_TELLING = 0.75
"""Share of an answer's own words with which a sentence says the same in other words."""
_MEANT = 0.6
"""Share of an option's words by which a learner means it, when no other option comes as near."""

_IS = re.compile(
    r"(?:=|≈|→|:)\s*$|(?<!\w)(?:is|are|be|equals?|gives?|get|makes?|yields?|becomes?|exactly|just|number|"
    r"ist|sind|ergibt"
    r"|macht|gibt|lautet|genau|es|son|da|igual a|est|font|fait|donne|vaut|è|sono|fa|é|são|dá|равно|等于|は|"
    r"be)"
    r"(?:\s+(?:the|a|an|number|die|der|das|el|la|le|zahl|número|nombre))?\W{0,3}$",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"(?<!\w)(?:or|oder|ou|o|lub|albo|veya|ya da|или|или же|או)(?!\w)|还是|還是|それとも|または|아니면|أو|या", re.I
)
_WORKED = re.compile(
    r"[=≈→+*/^]|\d\s*-\s*\d|(?<!\w)(?:so|then|thus|therefore|times|plus|minus|also|mal|entonces|donc|quindi)(?!\w)",
    re.I,
)
_DENIED = re.compile(
    r"(?<!\w)(?:not|n['’]t|never|no|nicht|kein\w*|nie|nunca|ne|pas|non|não|не|нет|不|没)(?:\s+\w+){0,2}\W*$",
    re.IGNORECASE,
)


class Attempt(msgspec.Struct, frozen=True):
    """A learner's answer: whether it is right, as far as rules can tell, and `trial`, the same for the same answer."""

    verdict: Literal["right", "wrong", "unclear"]
    trial: str


class Key:
    """The answer of one open problem, in every form it is looked for. Made once a turn; a check takes microseconds.

    `said` is what the learner has just written: what they named themselves may be named again, short of confirming it.
    """

    def __init__(self, problem: Problem, language: str, said: str = "") -> None:
        self.problem = problem
        self.language = language
        self._options = [_Form(option, language) for option in problem.options]
        self._answer = _Form(problem.answer, language)
        self._right = next((n for n, option in enumerate(problem.options) if option == problem.answer), None)
        self._letters = letters_of(said, problem.options) or {
            LETTERS[n]: n for n in range(min(len(problem.options), len(LETTERS)))
        }
        asked = folded(problem.question)
        self._is_asked = bool(self._answer.phrase) and self._answer.within(words_of(asked))
        own = {stem(word) for word in content_words(f"{asked} {folded(said)}", language)}
        others = {part for n, form in enumerate(self._options) if n != self._right for part in form.stems}
        self._own = self._answer.stems - own - others
        asked_stems = {stem(word) for word in content_words(asked, language)}
        told = [
            {stem(word) for word in content_words(folded(sentence), language)} - asked_stems
            for sentence in sentences_of(problem.solution)
        ]
        self._solution = [stems for stems in told if len(stems) >= SOLUTION_WORDS]
        self._coded = _coded(self._answer.compact)
        self._asked_values = values(problem.question, language)

    def leaks(self, sentence: str, before: str = "") -> bool:
        """Whether a sentence tells the answer, by itself or together with what was said before it in this answer."""
        plain, lower = typed(sentence), folded(sentence)
        return (
            self._chooses(plain) or self._names(lower) or self._counts(sentence) or self._hides(sentence, lower, before)
        )

    def attempt(self, message: str) -> Attempt | None:
        """The answer a learner's message gives; None when it gives none, or several at once."""
        if self._options:
            chosen = self._chosen(message)
            if len(chosen) > 1:
                return None
            if chosen and self._right is not None:
                return Attempt("right" if chosen == {self._right} else "wrong", f"option {min(chosen)}")
        if self._answer.value is not None:
            return self._number(message, self._answer.value)
        lower = folded(message)
        if _EITHER.search(message):
            return None
        telling = sorted({stem(word) for word in content_words(lower, self.language)})
        if self._answer.within(words_of(lower)):
            return Attempt("wrong" if _denied(lower, self._answer.phrase) else "right", " ".join(telling))
        return Attempt("unclear", " ".join(telling)) if len(telling) >= WORDS else None

    def _number(self, message: str, value: Fraction) -> Attempt | None:
        named = values(message, self.language)
        given = named - self._asked_values
        if not self._is_asked:
            given |= named & {value}
        # of several numbers the answer is one only where they are worked with, not offered
        if len(given) > 1 and (_EITHER.search(message) or not _WORKED.search(typed(message))):
            return None
        trial = " ".join(map(str, sorted(given)))
        if value in given:
            return Attempt("right", trial) if len(given) <= MOST_NUMBERS else None
        return Attempt("wrong", trial) if 0 < len(given) <= MOST_NUMBERS else None

    def _chooses(self, plain: str) -> bool:
        """`The answer is B`, `the third option is right`: of options in any order, none may be named as the one."""
        if not self._options:
            return False
        letters = {letter for found in LETTERED.finditer(plain) for letter in found.groups() if letter}
        if len({letter.upper() for letter in letters}) == 1 and (
            len(plain) < 16 or CLAIMS.search(plain) or PICKS.search(plain)
        ):
            return True
        return CLAIMS.search(plain) is not None and len(list(ORDINAL.finditer(plain))) == 1 and "?" not in plain

    def _names(self, lower: str) -> bool:
        words = words_of(lower)
        if not self._answer.value_only and self._answer.within(words):
            if CLAIMS.search(lower) and not self._compares(words):
                return True
            return not (self._is_asked or self._compares(words))
        held = {stem(word) for word in words}
        if any(len(stems & held) >= _TELLING * len(stems) for stems in self._solution):
            return True
        if len(self._own) < 2:
            return False
        return len(self._own & held) >= max(2, _TELLING * len(self._own)) and not self._compares(words)

    def _compares(self, words: list[str]) -> bool:
        """Whether other options are named beside the answer: then it is one of several."""
        return any(form.within(words) for n, form in enumerate(self._options) if n != self._right)

    def _counts(self, sentence: str) -> bool:
        value = self._answer.value
        if value is None or value not in values(sentence, self.language):
            return False
        others = {form.value for n, form in enumerate(self._options) if n != self._right} - {None}
        if others & values(sentence, self.language) and not CLAIMS.search(sentence):
            return False
        if value in self._asked_values or (value.denominator == 1 and abs(value) <= SMALL):
            return self._is_said_to_be(sentence)
        return True

    def _is_said_to_be(self, sentence: str) -> bool:
        """Whether something is said to be that number: `= 4`, `gives four`, `**4**`, or hardly any other word."""
        plain = typed(sentence)
        if CLAIMS.search(plain) or re.search(r"\*\*[^*]{1,20}\*\*|\\boxed", sentence) or len(plain.split()) <= 3:
            return True
        words = plain.split()
        for n, word in enumerate(words):
            if self._answer.value in values(word, self.language) and _IS.search(" ".join(words[max(0, n - 4) : n])):
                return True
        return False

    def _hides(self, sentence: str, lower: str, before: str) -> bool:
        """Spelt with spaces or over several sentences, reversed, in ROT13, Base64 or hexadecimal."""
        tight = compact(lower)
        if any(form in tight for form in self._coded) or any(form in sentence for form in self._encoded()):
            return True
        digits = self._answer.digits
        if digits is not None and digits in spelt(f"{before[-200:]} {sentence}", self.language):
            return True
        whole = self._answer.compact
        if len(whole) < 4 or self._is_asked or self._answer.within(words_of(lower)):
            return False
        letters = re.sub(r"(?<![^\W_])([^\W_])(?![^\W_])\W{0,3}", r"\1", f"{folded(before[-200:])} {lower}")
        return whole in compact(letters) and not self._answer.within(words_of(folded(before)))

    def _encoded(self) -> tuple[str, ...]:
        answer = self.problem.answer.strip()
        if len(answer) < 4:
            return ()
        return tuple(base64.b64encode(form.encode()).decode().rstrip("=") for form in {answer, answer.lower()})

    def _chosen(self, message: str) -> set[int]:
        """The options a learner names: by letter, or by text, of which the longest counts."""
        lower = folded(message)
        words = words_of(lower)
        by_text = {n for n, form in enumerate(self._options) if form.within(words)}
        by_text -= {n for n in by_text for m in by_text - {n} if self._options[n].compact in self._options[m].compact}
        if not by_text and len(self._options) > 1:
            said = {stem(word) for word in words}
            shared = [len(form.stems & said) / (len(form.stems) or 1) for form in self._options]
            best = max(range(len(shared)), key=shared.__getitem__)
            if shared[best] >= _MEANT and sorted(shared)[-2] < shared[best] and len(self._options[best].stems) > 1:
                by_text = {best}
        letters = {letter.upper() for found in LETTERED.finditer(typed(message)) for letter in found.groups() if letter}
        listed = set(LISTED.findall(message))
        letters |= listed if len(listed) > 1 else set()
        by_letter = {self._letters[letter] for letter in letters if letter in self._letters}
        return by_text or by_letter


class Keys:
    """The answers of all problems a turn touches."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    def leaks(self, sentence: str, before: str = "") -> bool:
        """Whether any of them is told."""
        return any(key.leaks(sentence, before) for key in self._keys)

    def without_leaks(self, text: str) -> str:
        """A text (the material) without the sentences that tell one of them."""
        kept = []
        for line in text.splitlines():
            sentences = re.split(r"(?<=[.!?。！？])\s+", line)
            kept.append(" ".join(one for one in sentences if not self.leaks(one)))
        return "\n".join(kept)


class _Form:
    """An answer or an option, ready to be looked for."""

    def __init__(self, text: str, language: str) -> None:
        lower = folded(text).strip(" .")
        self.words = words_of(lower)
        self.phrase = " ".join(self.words)
        self.compact = compact(lower)
        self.value = value_of(text, language)
        self.value_only = self.value is not None
        self.stems = {stem(word) for word in content_words(lower, language)} or {stem(word) for word in self.words}
        whole = self.value is not None and self.value.denominator == 1 and self.value >= 10
        self.digits = str(self.value) if whole else None
        self._stemmed = [stem(word) for word in self.words]

    def within(self, words: Sequence[str]) -> bool:
        """Whether the whole of it stands among the words of a folded text, inflected or not."""
        if not self.words:
            return False
        size = len(self.words)
        if size == 1 and len(self.compact) < 5:
            return self.words[0] in words
        stemmed = [stem(word) for word in words]
        return any(stemmed[n : n + size] == self._stemmed for n in range(len(words) - size + 1)) or (
            len(self.compact) > 6 and _joined(self.compact, words)
        )


def _joined(tight: str, words: Sequence[str]) -> bool:
    """Whether whole words together make it: `carbon-di oxide`."""
    whole = "".join(words)
    place = whole.find(tight)
    if place < 0:
        return False
    ends = {0, *accumulate(map(len, words))}
    return place in ends and place + len(tight) in ends


def _coded(answer: str) -> tuple[str, ...]:
    if len(answer) < 4:
        return ()
    forms = {answer[::-1], codecs.encode(answer, "rot13"), answer.encode().hex()}
    return tuple(form for form in forms if form != answer)


def _denied(lower: str, phrase: str) -> bool:
    before, found, _ = " ".join(words_of(lower)).partition(phrase)
    return bool(found) and _DENIED.search(before) is not None
