"""The outline's own words, one module for each language; the type checker sees that none lacks a phrase.

`{topic}`, `{interest}`, `{objective}`, `{term}`, `{sentence}` and the like are filled in with the task's facts, which
are quoted, never inflected.
"""

from importlib import import_module

from lyo_rt.language_models.outline.phrases.shape import Phrases

LANGUAGES = ("en",)


def phrases_for(locale: str) -> Phrases:
    """The phrases in the language of `locale` (BCP 47); English for a language the outline does not speak."""
    language = locale.replace("_", "-").split("-")[0].lower()
    module = import_module(f"{__name__}.{language if language in LANGUAGES else 'en'}")
    phrases: Phrases = module.PHRASES
    return phrases
