"""Items written by hand (quality_items.toml): over sixty with flaws, each named, and sixty sound ones."""

import tomllib
from pathlib import Path

import msgspec

from lyo_rt.language_models.quality.items import Item, Kind, Rule


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item of the file, with the rules it breaks."""

    question: str
    options: tuple[str, ...]
    key: int
    explanation: str
    kind: Kind = "multiple_choice"
    locale: str = "en"
    rules: frozenset[Rule] = frozenset()

    @property
    def item(self) -> Item:
        """As the gates see it."""
        return Item(self.question, self.options, self.key, self.explanation, self.kind, locale=self.locale)


_FILE = tomllib.loads((Path(__file__).parent / "quality_items.toml").read_text(encoding="utf-8"))
FLAWED = [(one.item, one.rules) for one in msgspec.convert(_FILE["flawed"], list[Written])]
SOUND = [one.item for one in msgspec.convert(_FILE["sound"], list[Written])]
