"""What can be mended without asking anybody, because no meaning changes by it."""

from collections.abc import Callable

import msgspec

from lyo_rt.language_models.quality.explanations import quoted
from lyo_rt.language_models.quality.items import faults
from lyo_rt.language_models.quality.languages import LANGUAGES
from lyo_rt.language_models.quality.options import labelled, option_faults, unlabelled, unsorted
from lyo_rt.language_models.quality.records import Item, ItemFault, Rule
from lyo_rt.language_models.quality.texts import number_of
from lyo_rt.language_models.quality.wording import misfit_article, unmarked_negations

FEWEST_OPTIONS = 3
_SUPERFLUOUS = frozenset({"catch_all_option", "repeated_option", "near_equal_options", "empty_text"})


def mended(item: Item) -> tuple[Item, list[Rule]]:
    """The item with what can be mended mended, and the rules it no longer breaks; a sound item comes back as it is.

    Labels go, superfluous wrong options go while three remain, numbers are put in order, a negation into capitals,
    "a" before a gap becomes "a(n)", and an explanation quotes the options it named by letter. The right option's text
    never changes but for its label or full stop.
    """
    better, rules, _ = examined(item)
    return better, rules


def examined(item: Item) -> tuple[Item, list[Rule], list[ItemFault]]:
    """As `mended`, with the faults that are left."""
    before = faults(item)
    if not before:
        return item, [], []
    for mend in (_without_labels, _without_superfluous, _sorted, _marked, _agreeing, _without_stops, _quoting):
        item = mend(item, before)
    after = faults(item)
    return item, sorted({fault.rule for fault in before} - {fault.rule for fault in after}), after


Mend = Callable[[Item, list[ItemFault]], Item]


def _without_labels(item: Item, _: list[ItemFault]) -> Item:
    if not labelled(item.options):
        return item
    return msgspec.structs.replace(item, options=tuple(unlabelled(option) for option in item.options))


def _without_superfluous(item: Item, _: list[ItemFault]) -> Item:
    """Wrong options that repeat another, say the same as the key, or stand for others, dropped while three remain."""
    while item.kind == "multiple_choice" and item.key is not None and len(item.options) > FEWEST_OPTIONS:
        found = (fault.option for fault in option_faults(item) if fault.rule in _SUPERFLUOUS)
        place = next((option for option in found if option is not None and option != item.key), None)
        if place is None:
            break
        options = item.options[:place] + item.options[place + 1 :]
        item = msgspec.structs.replace(item, options=options, key=item.key - (place < item.key))
    return item


def _sorted(item: Item, _: list[ItemFault]) -> Item:
    """Numbers in rising order."""
    if item.key is None or not item.right or not unsorted(item.options):
        return item
    order = sorted(range(len(item.options)), key=lambda place: number_of(item.options[place]) or (0.0, ""))
    options = tuple(item.options[place] for place in order)
    return msgspec.structs.replace(item, options=options, key=order.index(item.key))


def _marked(item: Item, before: list[ItemFault]) -> Item:
    """The negation in capitals."""
    vocabulary = LANGUAGES.get(item.language)
    if vocabulary is None or all(fault.rule != "unmarked_negation" for fault in before):
        return item
    question = item.question
    for begin, end in unmarked_negations(question, vocabulary):
        question = question[:begin] + question[begin:end].upper() + question[end:]
    return msgspec.structs.replace(item, question=question)


def _agreeing(item: Item, _: list[ItemFault]) -> Item:
    """The article before the gap in every form the options need."""
    place = misfit_article(item)
    if place is None:
        return item
    begin, end = place
    article = item.question[begin:end]
    forms = {"a": f"{article[0]}(n)", "l": "le/la/l’ ", "d": "de/d’ "}
    question = item.question[:begin] + forms[article[0].lower()] + item.question[end:]
    return msgspec.structs.replace(item, question=question)


def _without_stops(item: Item, before: list[ItemFault]) -> Item:
    """No option ends with a full stop, where only some did."""
    stops = {option.endswith(".") for option in item.options}
    if len(stops) < 2 or all(fault.rule != "grammar_cue" for fault in before):
        return item
    return msgspec.structs.replace(item, options=tuple(option.removesuffix(".") for option in item.options))


def _quoting(item: Item, before: list[ItemFault]) -> Item:
    """Options quoted where they were named by letter."""
    if all(fault.rule != "explanation_by_letter" for fault in before):
        return item
    return msgspec.structs.replace(item, explanation=quoted(item))
