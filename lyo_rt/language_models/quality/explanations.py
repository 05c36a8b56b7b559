"""Whether an explanation agrees with the key: what it says of the options, read sentence by sentence."""

import re
from collections.abc import Iterator

from lyo_rt.language_models.quality.languages import CLAIM, FALSE, LANGUAGES, TRUE, Vocabulary
from lyo_rt.language_models.quality.records import Item, ItemFault
from lyo_rt.language_models.quality.texts import folded, holds, number_of, numbers_in, words
from lyo_rt.language_models.quality.wording import stem

_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_OPTION = (
    r"(?i:\b(?:option|answer|choice|alternative|antwort|antwortmöglichkeit|lösung|opción|respuesta|alternativa|réponse"
    r"|proposition|choix))\s+"
)
BY_LETTER = re.compile(rf"({_OPTION})\(?([A-F])\b\)?")
_BY_NUMBER = re.compile(rf"{_OPTION}\(?[0-6]\b\)?(?![.,]?\d)")


def explanation_faults(item: Item) -> Iterator[ItemFault]:
    """An explanation that speaks of another option as the right one, or of options by their place."""
    if not item.options or not item.right:
        return
    if BY_LETTER.search(item.explanation) or _BY_NUMBER.search(item.explanation):
        detail = "the explanation names options by letter or number; options are shown in any order, so quote them"
        yield ItemFault("explanation_by_letter", detail)
    if told := contradiction(item):
        yield ItemFault("explanation_contradicts", told, item.key)


def quoted(item: Item) -> str:
    """The explanation with the text of an option in place of its letter."""

    def text_of(found: re.Match[str]) -> str:
        place = "ABCDEF".index(found[2])
        return f"“{item.options[place]}”" if place < len(item.options) else found[0]

    return BY_LETTER.sub(text_of, item.explanation)


def contradiction(item: Item) -> str | None:
    """How the explanation contradicts the key, in words; None when it does not, as far as can be seen by its words."""
    if item.kind == "true_false" and (key := _truth(item.right)) is not None:
        found = CLAIM.search(item.explanation.strip())
        claimed = _truth(found[1] or found[2]) if found else key
        return None if claimed == key else f"the explanation says {found and found[0]!r}, the key {item.right!r}"
    vocabulary = LANGUAGES.get(item.language)
    if vocabulary is None:
        return None
    said = quoted(item)
    sentences = [folded(sentence) for sentence in _SENTENCE.split(said)]
    options = [folded(option) for option in item.options]
    mentions = [_mentioned(sentence, item, options) for sentence in sentences]
    for sentence, named in zip(sentences, mentions, strict=True):
        if told := _claimed(item, vocabulary, sentence, named):
            return told
    return _only_another(item, vocabulary, sentences, mentions)


def _truth(word: str) -> bool | None:
    """Whether an option of a true or false statement is the true one; None when it is neither."""
    bare = folded(word)
    if bare in TRUE or bare in ("verdadera", "vraie"):
        return True
    return False if bare in FALSE or bare in ("falsa", "fausse") else None


def _mentioned(sentence: str, item: Item, options: list[str]) -> set[int]:
    """The options a sentence names; one that stands inside a longer one it names is not meant."""
    numbers = numbers_in(sentence)
    named = set()
    for place, option in enumerate(options):
        number = number_of(item.options[place])
        if (number is not None and number[0] in numbers) or (len(option) > 2 and holds(sentence, option)):
            named.add(place)
    return {one for one in named if not any(one != other and holds(options[other], options[one]) for other in named)}


def _claimed(item: Item, vocabulary: Vocabulary, sentence: str, named: set[int]) -> str | None:
    if not named or not item.options:
        return None
    if vocabulary.incorrect.search(sentence):
        return f"the explanation calls {item.right!r} wrong, but it is the key" if named == {item.key} else None
    if vocabulary.correct.search(sentence) and item.key not in named:
        return f"the explanation calls {item.options[min(named)]!r} right, but the key is {item.right!r}"
    return None


def _only_another(item: Item, vocabulary: Vocabulary, sentences: list[str], mentions: list[set[int]]) -> str | None:
    """An explanation that opens with one wrong option, plainly, and has nothing that the right one says.

    An option of one word is no evidence: "it takes red light away" explains why something is blue.
    """
    named = set().union(*mentions)
    if len(named) != 1 or not mentions[0] or item.key in named:
        return None
    other = item.options[min(named)]
    if len(words(other)) < 2 and number_of(other) is None:
        return None
    if any(vocabulary.contrast.search(sentence) for sentence in sentences):
        return None
    explained = {stem(word) for sentence in sentences for word in words(sentence)}
    if any(stem(word) in explained for word in words(item.right)):
        return None
    return f"the explanation speaks of {other!r} only, but the key is {item.right!r}"
