"""What can be wrong with the options of one item."""

import re
from collections.abc import Iterator

from lyo_rt.language_models.quality.records import Item, ItemFault
from lyo_rt.language_models.quality.texts import folded, number_of, words

CATCH_ALL = re.compile(
    r"\W*("
    r"(all|none|both|neither|any|some|most|two|three) of (the|these)( (above|options|answers|choices|statements))?"
    r"|(all|none|both) (are|is) (correct|true|right|wrong)|(both|neither) [a-f] (and|n?or) [a-f]|[a-f] (and|or|&) [a-f]"
    r"|(alle|keine|keiner|keines|beide|beides)( der| von den)? ?(oben |vorher |vor)?(genannten|stehenden|antworten)"
    r"( \w+)*|alles (davon|genannte)|nichts davon|(sowohl )?[a-f] (und|oder|als auch) [a-f]"
    r"|(todas|todos|ningun[oa]|ambas|ambos)( (de|las|los|son|es))*( (las|los))? (anteriores|opciones|respuestas"
    r"|correctas?)( \w+)*|[a-f] [yo] [a-f]"
    r"|(toutes|tous|aucune?|les deux)( (de|d'|les|des|sont))*( (ces|les))? (réponses|propositions|options|précédentes"
    r"|choix|ci-dessus|correctes?|deux)( \w+|-\w+)*|[a-f] (et|ou) [a-f]"
    r"|(tutte|nessuna) (le|delle) (precedenti|risposte)( \w+)*|(todas|nenhuma) (as|das) anteriores"
    r")\W*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\s*[(\[]?([a-fA-F]|[1-6])[)\].:]\s+")
_ARTICLES = frozenset(
    re.findall(r"\w+", "a an the der die das ein eine einer einem einen des el la los las un una le les une l d")
)
_SYMBOLS = re.compile(r"[^\w\s.,;:!?…\"'“”„‘’«»-]+")


def option_faults(item: Item) -> Iterator[ItemFault]:
    """The faults of an item's options: their number, the key, repeats, catch-alls, labels, the order of numbers."""
    yield from _count(item)
    if item.key is not None and item.right == "" and not (0 <= item.key < len(item.options)):
        detail = f"the key is {item.key}, but there are {len(item.options)} options (counted from 0)"
        yield ItemFault("key_out_of_range", detail)
    for place, option in enumerate(item.options):
        if not folded(option):
            yield ItemFault("empty_text", f"option {place} is empty", place)
        if CATCH_ALL.fullmatch(option):
            yield ItemFault("catch_all_option", f"option {place} ({option!r}) stands for other options", place)
    yield from _alike(item)
    if labelled(item.options):
        yield ItemFault("labelled_option", "the options carry letters or numbers of their own")
    if unsorted(item.options):
        yield ItemFault("unsorted_numbers", "the options are numbers and not in their order")


def _count(item: Item) -> Iterator[ItemFault]:
    count = len(item.options)
    least, most = {"multiple_choice": (3, 6), "true_false": (2, 2)}.get(item.kind, (0, 0))
    if not least <= count <= most:
        expected = f"{least} to {most}" if most > least else str(most)
        yield ItemFault("option_count", f"{item.kind} needs {expected} options, not {count}")


def _alike(item: Item) -> Iterator[ItemFault]:
    """Options that are the same or say the same; of two, the one that is not the key is to blame."""
    seen: dict[str, int] = {}
    bare: dict[tuple[str, ...], int] = {}
    for place, option in enumerate(item.options):
        first = seen.setdefault(folded(option), place)
        near = bare.setdefault(essence(option), place)
        if first != place:
            detail = f"options {first} and {place} are the same"
            yield ItemFault("repeated_option", detail, first if place == item.key else place)
        elif near != place:
            detail = f"options {near} and {place} say the same"
            yield ItemFault("near_equal_options", detail, near if place == item.key else place)


def essence(option: str) -> tuple[str, ...]:
    """An option without articles, plural endings and punctuation: two with one essence say the same."""
    if "`" in option:
        return (option,)
    if number := number_of(option):
        return (str(number[0]), number[1])
    kept = [word.removesuffix("s") if len(word) > 3 else word for word in words(option) if word not in _ARTICLES]
    return (*(kept or [option]), *_SYMBOLS.findall(option))


def labelled(options: tuple[str, ...]) -> bool:
    """Whether every option begins with a letter or number of its own: "A) …", "2. …"."""
    labels = [found[1].upper() for option in options if (found := _LABEL.match(option))]
    return len(options) > 1 and labels in (list("ABCDEF")[: len(options)], list("123456")[: len(options)])


def unlabelled(option: str) -> str:
    """The option without its label."""
    return _LABEL.sub("", option, count=1)


def unsorted(options: tuple[str, ...]) -> bool:
    """Whether the options are numbers of one unit that neither rise nor fall."""
    found = [number_of(option) for option in options]
    values = [one[0] for one in found if one is not None]
    units = {one[1] for one in found if one is not None}
    if len(options) < 3 or len(values) < len(options) or len(units) > 1:
        return False
    return values not in (sorted(values), sorted(values, reverse=True))
