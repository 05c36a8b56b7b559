"""Where help is to be had, and the replies that name it: data of resources.toml and replies.toml."""

import datetime
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

EVERYWHERE = ("112", "911")
"""Emergency numbers for who lives in a country that is not known: most mobile phones put both through."""


class Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who helps. `contact` is a number or an address; `source` says that it is theirs, as `checked` then."""

    name: str
    kind: Literal["directory", "emergency", "listening", "children"]
    contact: str
    source: str
    checked: datetime.date
    countries: tuple[str, ...] = ()


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country by its own name, and the languages whose speakers are told of it."""

    name: str
    languages: tuple[str, ...]


class Resources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""

    resources: tuple[Resource, ...]
    countries: dict[str, Country]

    def directories(self) -> list[str]:
        """Addresses that are of use everywhere."""
        return [one.contact for one in self.resources if one.kind == "directory"]

    def places(self, country: str, language: str) -> list[str]:
        """The country, if it is one of them; where none is named, those of the language."""
        if country:
            return [country] if country in self.countries else []
        return [code for code, one in self.countries.items() if language in one.languages]

    def lines(self, country: str) -> list[Resource]:
        """Whom to talk to there."""
        return [one for one in self.resources if country in one.countries and one.kind != "emergency"]

    def emergency(self, countries: Iterable[str]) -> list[str]:
        """Emergency numbers there, each once; those that hold almost everywhere when none is known."""
        wanted = set(countries)
        found = [one.contact for one in self.resources if one.kind == "emergency" and wanted & set(one.countries)]
        return list(dict.fromkeys(found)) or list(EVERYWHERE)


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answers in one language, by the kind of harm; `line` names help in a country, `everywhere` elsewhere."""

    self_harm: str
    violence: str
    abuse: str
    danger: str
    line: str
    everywhere: str


@cache
def read_resources() -> Resources:
    """From its file; the first call blocks for a few milliseconds."""
    return msgspec.convert(_read("resources.toml"), Resources)


@cache
def read_replies() -> dict[str, Reply]:
    """By language; the first call blocks for a few milliseconds."""
    return msgspec.convert(_read("replies.toml"), dict[str, Reply])


def _read(name: str) -> dict[str, object]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))
