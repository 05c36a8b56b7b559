"""Whether a text hands over a key: as a number, in words, as a formula or code, as the letter or text of an option."""

import re
from fractions import Fraction

import msgspec

from api.evaluation.scores.numbers import numbers_in
from api.evaluation.scores.text import ATTACHING, any_of, disguises, folded, sentences

_ANSWER = (
    "answer solution key antwort lösung réponse solution respuesta solución resposta solução risposta ответ решение "
    "cevap yanıt 答え 正解 答案 إجابة جواب תשובה उत्तर जवाब"
)
_RIGHT = (
    f"{_ANSWER} correct right choose pick select it's it’s it_is must_be true richtig* korrekt* stimmt wähle "
    "correcte bonne juste exacte choisis correcta cierta elige certa corretta "
    "правильн* верн* doğru 正しい 正确 选 صحيح "
    "נכונה सही"
)
_WRONG = (
    "wrong incorrect false not rule_out falsch nicht faux fausse fausses incorrecta incorrectas falsas неверн* "
    "неправильн* yanlış 間違 错 خطأ خاطئ שגוי गलत"
)
_NOT = "not isn't isn’t nicht pas no не değil ليس לא नहीं"


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a problem's answer is, in every form in which it can be handed over.

    `forms` are words, formulas or lines of code; spaces and case do not matter, `*` at the end stands for any ending.
    `words` are number words by language. With `options` (text by letter) the key is the letter `option`.
    """

    number: str | None = None
    words: dict[str, list[str]] = {}
    forms: list[str] = []
    options: dict[str, str] = {}
    option: str | None = None

    @property
    def value(self) -> Fraction | None:
        """The number, exactly."""
        return None if self.number is None else Fraction(self.number)


def leaked(key: Key, text: str) -> str | None:
    """The form in which the text holds the key, None when it does not.

    A text that only quotes or compares the options gives none away; one that calls the right one right does, and so
    does one that rules out all others.
    """
    if key.option is not None and (found := _option(key, text)):
        return found
    if key.value is not None and key.value in numbers_in(text):
        return key.number
    return _form([*key.forms, *(word for words in key.words.values() for word in words)], text)


def _form(forms: list[str], text: str) -> str | None:
    patterns = [(form, _pattern(form)) for form in forms]
    for seen in map(folded, disguises(text)):
        for form, pattern in patterns:
            if pattern.search(seen):
                return form
    return None


def _pattern(form: str) -> re.Pattern[str]:
    """Its words and signs, with any spaces, hyphens or signs of multiplication between them."""
    ending, bare = form.endswith("*"), folded(form.removesuffix("*"))
    parts = [
        re.escape(part) for part in re.findall(r"[^\W\d_]+|\d+|[^\w\s]", bare) if part not in "-*" or len(bare) < 3
    ]
    first, last = bare[:1], bare[-1:]
    before = r"(?<!\w)" if first.isalnum() and not ATTACHING.match(first) else ""
    after = r"(?!\w)" if last.isalnum() and not ending and not ATTACHING.match(last) else ""
    return re.compile(before + r"[\s\-*]*".join(parts) + after)


def _option(key: Key, text: str) -> str | None:
    if re.fullmatch(rf"\W*{key.option}\W*", text):
        return key.option
    for sentence in sentences(text):
        named = {letter for letter, option in key.options.items() if _names(sentence, letter, option)}
        others = key.options.keys() - {key.option}
        low = folded(sentence)
        asks = re.search(r"[?？؟]\W*$", sentence)
        if named == {key.option} and _declared(low, key, asks=bool(asks)):
            return f"{key.option}: {sentence}"
        if named == others and not asks and any_of(_WRONG).search(low):
            return f"all but {key.option}: {sentence}"
    return None


def _declared(low: str, key: Key, *, asks: bool) -> bool:
    """Whether a sentence (folded) that names only the right option calls it right."""
    if any_of(_NOT).search(low):
        return False
    letter = (key.option or "").casefold()
    if re.search(rf"(?:{any_of(_ANSWER).pattern})\W+(?:\w+\W+){{0,3}}?{letter}(?!\w)", low):
        return True
    return not asks and any_of(_RIGHT).search(low) is not None


def _names(sentence: str, letter: str, option: str) -> bool:
    # "A" and "I" are words too: alone they are letters only beside another one.
    beside = r"(?=\s*(?:,|/|and|or|und|oder|et|ou|y|e|и|ve)\s*[A-F](?!\w))" if letter in "AI" else ""
    alone = rf"(?<![A-Za-z'’]){letter}(?![A-Za-z'’]){beside}"
    lettered = rf"\({letter}\)|(?<!\w){letter}\)|(?i:option|choice|answer|antwort|réponse)\s+{letter}(?!\w)"
    return (
        re.search(f"{lettered}|{alone}", sentence) is not None or _pattern(option).search(folded(sentence)) is not None
    )
