"""Languages as clients name them: BCP 47 tags, checked against the registry and written in its usual form."""

from typing import Annotated

import langcodes
from langcodes.tag_parser import LanguageTagError
from pydantic import AfterValidator, StringConstraints

_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})
"""Registered, but standing for no one language (ISO 639-3, special codes)."""


def _language_tag(value: str) -> str:
    try:
        known = langcodes.tag_is_valid(value)
        language = langcodes.Language.get(value)
    except LanguageTagError:
        known = False
    if not known or language.language is None or language.language in _NO_LANGUAGE or _private(language.language):
        raise ValueError("must be a BCP 47 language tag, e.g. en, pt-BR or zh-Hant")
    return langcodes.standardize_tag(value)


def _private(language: str) -> bool:
    # qaa to qtz mean what two parties agree on (RFC 5646 §4.6), and nothing was agreed here
    return len(language) == 3 and "qaa" <= language <= "qtz"


def primary_language(tag: str) -> str:
    """The language of a tag without script and region: `pt-BR` and `pt` are one language."""
    return langcodes.Language.get(tag).language or tag


LanguageTag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=35), AfterValidator(_language_tag)
]
