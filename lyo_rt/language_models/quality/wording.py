"""What the wording of a question gives away: cues in the options, a negation overlooked, a word of it in the key."""

import re
from collections.abc import Iterator

from lyo_rt.language_models.quality.languages import LANGUAGES, Vocabulary
from lyo_rt.language_models.quality.records import Item, ItemFault
from lyo_rt.language_models.quality.texts import folded, holds, words

KEY_LENGTH_RATIO = 1.6
KEY_LENGTH_MARGIN = 15
"""A key longer than every other option by this factor, and by this many characters, is seen at a glance."""

_CODE = re.compile(r"`[^`]*`")
_QUOTED = re.compile(r"`[^`]*`|“[^”]*”|„[^“”]*[“”]|«[^»]*»|\"[^\"]*\"|\*\*[^*]*\*\*|(?<!\w)[*_][^*_]+[*_](?!\w)")
_SENTENCE = re.compile(r"[^.?!:]+[.?!:]*")
_ARTICLE = re.compile(r"(?<!\w)(an?)(?=\s*(?:_{2,}|\.{3}|…)|\s*[?:.]*\s*$)", re.IGNORECASE)
_ELISION = re.compile(r"(?<![\w/])([ld])['’](?=\s*(?:_{2,}|\.{3}|…)|\s*[?:.]*\s*$)", re.IGNORECASE)
_VOWEL = re.compile(r"[aeiou]|hour|hon[eo]|heir|[AEFHILMNORSX](?=[A-Z\d]|-|$)|8|1[18](?!\d)")
_NO_VOWEL = re.compile(r"un[ie](?![nm])|us[eaiu]|eu|one(?!r)|once|ut[eio]|ura|ubi|U(?=[A-Z\d]|-)")
_CLOSING = " \"'“”’»)"
_ELIDED = re.compile(r"[aeiouyhàâäéèêëîïôöùûüœæ]", re.IGNORECASE)


def wording_faults(item: Item) -> Iterator[ItemFault]:
    """The faults of an item's wording; without its language's words (languages.py) only those that need none."""
    vocabulary = LANGUAGES.get(item.language)
    if item.options:
        yield from _key_length(item)
        yield from grammar_cues(item)
    if vocabulary is None or item.kind not in ("multiple_choice", "true_false"):
        return
    yield from _terms(item, vocabulary)
    yield from _key_word(item, vocabulary)
    if item.kind == "multiple_choice" and (places := unmarked_negations(item.question, vocabulary)):
        begin, end = places[0]
        yield ItemFault("unmarked_negation", f"mark the negation {item.question[begin:end]!r}, in capitals")


def _key_length(item: Item) -> Iterator[ItemFault]:
    longest = max(map(len, item.wrong), default=0)
    length = len(item.right)
    if longest and length > KEY_LENGTH_RATIO * longest and length > longest + KEY_LENGTH_MARGIN:
        yield ItemFault("key_length", "the right option is much longer than all the others", item.key)


def _terms(item: Item, vocabulary: Vocabulary) -> Iterator[ItemFault]:
    """Absolute words mark wrong options, vague ones right ones, where some options have them and others have not."""
    plain = [_CODE.sub("", option) for option in item.options]
    found = [(vocabulary.absolute.search(text), vocabulary.vague.search(text)) for text in plain]
    if all(absolute or vague for absolute, vague in found):
        return
    for place, (absolute, vague) in enumerate(found):
        if absolute:
            yield ItemFault("absolute_term", f"option {place} says {absolute[0]!r}, others do not", place)
        elif vague:
            yield ItemFault("vague_term", f"option {place} says {vague[0]!r}, others do not", place)


def _key_word(item: Item, vocabulary: Vocabulary) -> Iterator[ItemFault]:
    """A telling word of the question that comes back in the right option and in no other (a "clang" cue).

    Where the question is negated the repeated word leads away from the right option.
    """
    if item.kind != "multiple_choice" or vocabulary.negation.search(item.question.lower()):
        return
    question = {stem(word) for word in words(item.question) if _telling(word, vocabulary)}
    shared = [word for word in words(item.right) if _telling(word, vocabulary) and stem(word) in question]
    if shared:
        others = {stem(word) for option in item.wrong for word in words(option)}
        shared = [word for word in shared if stem(word) not in others]
    right = folded(item.right)
    if not shared and len(right) > 3 and holds(folded(item.question), right) and right not in vocabulary.common:
        shared = [] if any(holds(folded(item.question), folded(option)) for option in item.wrong) else [right]
    if shared:
        yield ItemFault("key_word_repeated", f"only the right option repeats {shared[0]!r} of the question", item.key)


def _telling(word: str, vocabulary: Vocabulary) -> bool:
    return len(word) > 4 and word not in vocabulary.common and not word[0].isdigit()


def stem(word: str) -> str:
    """Words with one stem are taken for one."""
    return word[:7] if len(word) > 7 else word.removesuffix("s").removesuffix("e")


def unmarked_negations(question: str, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """Where a question that chooses among several is negated and its reader is not warned, by (begin, end).

    What stands in quotes or code, or is emphasised, is left alone.
    """
    hidden = _QUOTED.sub(lambda found: "\0" * len(found[0]), question)
    places = []
    for sentence in _SENTENCE.finditer(hidden):
        if asking := vocabulary.asking.search(sentence[0]):
            found = vocabulary.negation.finditer(hidden, sentence.start() + asking.start(), sentence.end())
            places += [one.span() for one in found]
    return places


def grammar_cues(item: Item) -> Iterator[ItemFault]:
    """Articles that fit only some options, and a full stop that sets the right option apart."""
    if (article := misfit_article(item)) is not None:
        detail = f"{item.question[slice(*article)]!r} before the gap fits only some of the options"
        yield ItemFault("grammar_cue", detail)
    stops = [option.rstrip(_CLOSING).endswith((".", "?", "!", "…")) for option in item.options]
    if len(stops) > 2 and item.key is not None and item.right and stops.count(stops[item.key]) == 1:
        yield ItemFault("grammar_cue", "only the right option ends, or does not end, with a full stop", item.key)


def misfit_article(item: Item) -> tuple[int, int] | None:
    """Where the article stands that fits only some options: English a and an, French l’ and d’."""
    if item.language == "en" and (found := _ARTICLE.search(item.question)):
        expected = found[1].lower() == "an"
        fitting = [_begins_with_vowel(option) == expected for option in item.options]
    elif item.language == "fr" and (found := _ELISION.search(item.question)):
        fitting = [_ELIDED.match(option.strip("«» \"“'")) is not None for option in item.options]
    else:
        return None
    return None if all(fitting) else found.span()


def _begins_with_vowel(option: str) -> bool:
    """Whether "an" goes before it: by sound where spelling misleads (hour, unit, MRI, 8)."""
    bare = option.lstrip("\"“'‘`(")
    lowered = bare if bare[:2].isupper() or len(bare) == 1 else bare.lower()
    return _VOWEL.match(lowered) is not None and _NO_VOWEL.match(lowered) is None
