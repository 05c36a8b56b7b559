"""Harm in what a learner says (before a model is asked) and in what a model says (before or just after it leaves).

Rules over data (signs.py, resources.toml, replies.toml), no model: a learner in need is answered by words that people
wrote, at once. What rules cannot see, the model is told about in its prompt.
"""

import re
from collections.abc import Iterable
from functools import cache

from lyo_rt.tutoring.folding import unaccented
from lyo_rt.tutoring.harm.resources import Reply, Resource, Resources, read_replies, read_resources
from lyo_rt.tutoring.harm.sayings import HARMLESS, TUTOR
from lyo_rt.tutoring.harm.signs import LEARNER, Kind

CARE = "care-2"
"""The version of the replies, as stored with an answer made of them; changed texts get a new one."""


def in_message(text: str) -> Kind | None:
    """What kind of harm a learner speaks of, the most urgent first; None for none."""
    plain = _read(text)
    return next((kind for kind, sign in _learner() if sign.search(plain)), None)


def in_answer(sentence: str) -> bool:
    """Whether a sentence of the tutor's would do harm."""
    return _tutor().search(_read(sentence)) is not None


def reply(kind: Kind, locale: str, language: str) -> str:
    """What the tutor answers, in `language`, with help where `locale` (BCP 47, the profile's) says they live.

    The first call reads two files: not for the event loop.
    """
    replies, resources = read_replies(), read_resources()
    texts = replies.get(language, replies["en"])
    places = resources.places(_country(locale), language)
    lines = " ".join(_lines(resources, texts, places))
    return str(getattr(texts, kind)).format(lines=lines, emergency=", ".join(resources.emergency(places)))


def _country(locale: str) -> str:
    last = locale.replace("_", "-").partition("-")[2].rpartition("-")[2]
    return last.upper() if len(last) == 2 else ""


def _lines(resources: Resources, texts: Reply, places: Iterable[str]) -> Iterable[str]:
    for place in places:
        if there := resources.lines(place):
            numbers = ", ".join(_named(one) for one in there)
            yield texts.line.format(country=resources.countries[place].name, numbers=numbers)
    yield texts.everywhere.format(url=", ".join(resources.directories()))


def _named(resource: Resource) -> str:
    return resource.contact if resource.name == resource.contact else f"{resource.name} {resource.contact}"


def _read(text: str) -> str:
    return _harmless().sub(" ", " ".join(unaccented(text).replace("’", "'").split()))


@cache
def _learner() -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple(
        (kind, _any(sign for signs in by_language.values() for sign in signs)) for kind, by_language in LEARNER.items()
    )


@cache
def _tutor() -> re.Pattern[str]:
    return _any(TUTOR)


@cache
def _harmless() -> re.Pattern[str]:
    return _any(HARMLESS)


def _any(signs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{sign})" for sign in signs))
