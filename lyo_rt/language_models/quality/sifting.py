"""Questions through all the gates: mended mechanically, the rest refused, the keys in balance."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from lyo_rt.language_models.quality.items import balanced, set_faults
from lyo_rt.language_models.quality.mending import examined
from lyo_rt.language_models.quality.records import Item, ItemFault, Rule


class Refused(msgspec.Struct, frozen=True):
    """An item that is not to be shown; `place` is where it stood in what was given."""

    place: int
    item: Item
    faults: tuple[ItemFault, ...]


class Sifted(msgspec.Struct, frozen=True):
    """What came through.

    `items` are sound, alone and as a set, and balanced; `places` says where each stood in what was given. `refused`
    is for the model to repair, or to be dropped and counted; `mended` counts the rules that were mended.
    """

    items: tuple[Item, ...]
    places: tuple[int, ...]
    refused: tuple[Refused, ...]
    mended: dict[Rule, int]


def sifted(items: Sequence[Item]) -> Sifted:
    """The items through every rule; sound ones come back as they are but for the order of their options."""
    counts: Counter[Rule] = Counter()
    sound: list[tuple[int, Item]] = []
    refused: list[Refused] = []
    for place, item in enumerate(items):
        better, rules, found = examined(item)
        if found:
            refused.append(Refused(place, better, tuple(found)))
        else:
            counts.update(rules)
            sound.append((place, better))
    sound, blamed = _without_habits(sound)
    return Sifted(
        items=balanced([item for _, item in sound]),
        places=tuple(place for place, _ in sound),
        refused=tuple(sorted([*refused, *blamed], key=lambda one: one.place)),
        mended=dict(counts),
    )


def _without_habits(sound: list[tuple[int, Item]]) -> tuple[list[tuple[int, Item]], list[Refused]]:
    """The set without the worst of those to blame, one by one, until it keeps the rules of sets.

    The place of the key is no reason to refuse anything: `balanced` mends it.
    """
    blamed: list[Refused] = []
    while True:
        found = [fault for fault in set_faults([item for _, item in sound]) if fault.rule != "key_position"]
        if not found:
            return sound, blamed
        worst = found[0].items[0]
        place, item = sound[worst]
        blamed.append(Refused(place, item, (ItemFault(found[0].rule, found[0].detail, item.key),)))
        sound = sound[:worst] + sound[worst + 1 :]
