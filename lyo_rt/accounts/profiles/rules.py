"""What a profile's fields must be like, and to whom a profile is shown. Pure."""

import re
import unicodedata
import zoneinfo
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from lyo_rt.accounts.profiles.records import Card, Profile
from lyo_rt.security.permissions import may_see
from lyo_rt.security.tokens import Identity

LONGEST_BIO = 1000
LONGEST_ADDRESS = 500
OWN_MEDIA = re.compile(r"/v1/media/[0-9a-f-]{36}")
GROUPS = ("notification_preferences", "privacy_settings")
"""Fields with members of their own."""


def biography(text: str) -> str | None:
    """A bio: NFC, trimmed, at most 1000 characters, lines allowed, other control characters not; None when empty.

    Raises ValueError, whose text says what is wrong.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > LONGEST_BIO:
        raise ValueError(f"is longer than {LONGEST_BIO} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text if character not in "\n\t"):
        raise ValueError("must not contain control characters")
    return text or None


def avatar_address(text: str) -> str:
    """Where a picture is: an https address without credentials, or one of this server's media.

    Raises ValueError, whose text says what is wrong.
    """
    if OWN_MEDIA.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        sound = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or len(text) > LONGEST_ADDRESS or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"must be an https address of at most {LONGEST_ADDRESS} characters, or /v1/media/<id>")
    return text


@cache
def time_zones() -> frozenset[str]:
    """The IANA names. Reads files the first time, 20 ms."""
    return frozenset(zoneinfo.available_timezones()) - {"localtime", "posixrules"}


def time_zone(name: str) -> str:
    """The name itself. Raises ValueError when it is none."""
    if name not in time_zones():
        raise ValueError("must be an IANA time zone, e.g. Europe/Paris")
    return name


def merged(profile: Profile, changed: Mapping[str, Any]) -> Profile:
    """The profile with some fields changed; members that a group leaves out stay."""
    values = dict(changed)
    for group in GROUPS:
        if group in values:
            present = getattr(profile, group)
            values[group] = msgspec.convert({**msgspec.to_builtins(present), **values[group]}, type(present))
    return msgspec.structs.replace(profile, **values)


def shown_to(card: Card, who: Identity, *, teaches: bool) -> bool:
    """Whether somebody may read this card. A teacher reads a private one no more than others do."""
    return card.visibility == "public" or may_see(who, card.id, teaches=teaches and card.visibility == "teachers")


def stats_shown_to(card: Card, who: Identity, *, teaches: bool) -> bool:
    """Whether somebody who may read this card may read the stats beside it."""
    return card.show_stats or may_see(who, card.id, teaches=teaches)
