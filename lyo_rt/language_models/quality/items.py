"""The rules of item writing (SPEC §5), for one question and for a set of them, and the key's place in a set.

Whoever makes questions calls these, or `sifting.py`, which applies them all. Sources of the rules: Haladyna, Downing &
Rodriguez 2002, "A Review of Multiple-Choice Item-Writing Guidelines"; NBME, "Constructing Written Test Questions".
"""

import hashlib
from collections import Counter
from collections.abc import Sequence

import msgspec

from lyo_rt.language_models.quality.explanations import explanation_faults
from lyo_rt.language_models.quality.options import option_faults
from lyo_rt.language_models.quality.records import Item, ItemFault, Kind, Rule, SetFault
from lyo_rt.language_models.quality.texts import folded, number_of
from lyo_rt.language_models.quality.wording import wording_faults

__all__ = ["Item", "ItemFault", "Kind", "Rule", "SetFault", "balanced", "faults", "fixed_order", "set_faults"]

LONGEST_IS_KEY_BELOW = 0.75
"""The share of questions whose right option is the longest must stay below this."""
SMALLEST_SET = 4
"""A habit cannot be seen in fewer questions."""


def faults(item: Item) -> list[ItemFault]:
    """Everything that is wrong with one item, in the order of the rules; empty when it may be shown to learners."""
    return [*_missing(item), *option_faults(item), *wording_faults(item), *explanation_faults(item)]


def set_faults(items: Sequence[Item]) -> list[SetFault]:
    """What is wrong with a set of items that are each sound: repeated questions, and habits that give keys away."""
    found = _repeated_questions(items)
    choices = [place for place, item in enumerate(items) if len(item.options) > 2]
    if len(choices) >= SMALLEST_SET:
        found += _longest_is_key(items, choices)
        found += _key_position(items, choices)
    return found


def fixed_order(item: Item) -> bool:
    """Whether the options must stand as they do: true and false, and numbers in their order; all else may move."""
    return item.kind != "multiple_choice" or _all_numbers(item.options)


def balanced(items: Sequence[Item]) -> tuple[Item, ...]:
    """The same items, their options reordered so that the keys stand about equally often in each place.

    Deterministic, and the same again when done twice: the key's new place follows from the question's text and from
    the items before it. Which text is right never changes; the wrong options keep their order among themselves, and
    options of a fixed order stay.
    """
    taken: Counter[int] = Counter(item.key for item in items if item.key is not None and fixed_order(item))
    placed = []
    for item in items:
        if item.key is None or fixed_order(item) or not 0 <= item.key < len(item.options):
            placed.append(item)
            continue
        place = _place(item, taken)
        taken[place] += 1
        wrong = item.wrong
        options = (*wrong[:place], item.right, *wrong[place:])
        placed.append(msgspec.structs.replace(item, options=options, key=place))
    return tuple(placed)


def _place(item: Item, taken: Counter[int]) -> int:
    """The place that was taken least so far; among equals, one that follows from the question alone."""
    least = min(taken[place] for place in range(len(item.options)))
    free = [place for place in range(len(item.options)) if taken[place] == least]
    digest = hashlib.sha256(item.question.encode()).digest()
    return free[int.from_bytes(digest[:4], "big") % len(free)]


def _all_numbers(options: Sequence[str]) -> bool:
    return len(options) > 2 and all(number_of(option) is not None for option in options)


def _missing(item: Item) -> list[ItemFault]:
    found = []
    if not folded(item.question):
        found.append(ItemFault("empty_text", "the question is empty"))
    if item.key is None and not folded(item.answer):
        found.append(ItemFault("missing_answer", "the expected answer is missing"))
    explanation = folded(item.explanation)
    if len(explanation) < 8 or explanation == folded(item.right):
        found.append(ItemFault("missing_explanation", "the explanation does not say why the right option is right"))
    return found


def _repeated_questions(items: Sequence[Item]) -> list[SetFault]:
    first: dict[str, int] = {}
    found = []
    for place, item in enumerate(items):
        before = first.setdefault(folded(item.question), place)
        if before != place:
            found.append(SetFault("repeated_question", f"question {place + 1} repeats question {before + 1}", (place,)))
    return found


def _longest_is_key(items: Sequence[Item], choices: Sequence[int]) -> list[SetFault]:
    margins = {place: len(items[place].right) / max(1, *map(len, items[place].wrong)) for place in choices}
    longest = sorted((place for place in choices if margins[place] > 1), key=lambda place: -margins[place])
    if len(longest) < LONGEST_IS_KEY_BELOW * len(choices):
        return []
    detail = f"in {len(longest)} of {len(choices)} questions the right option is the longest; even their lengths out"
    return [SetFault("longest_is_key", detail, tuple(longest))]


def _key_position(items: Sequence[Item], choices: Sequence[int]) -> list[SetFault]:
    places = Counter(items[place].key for place in choices)
    key, count = places.most_common(1)[0]
    if count * 2 <= len(choices):
        return []
    detail = f"in {count} of {len(choices)} questions the right option stands in the same place"
    return [SetFault("key_position", detail, tuple(place for place in choices if items[place].key == key))]
