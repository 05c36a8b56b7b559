"""The outline's own words, one package for each language; the type checker sees that none lacks a phrase.

`{topic}`, `{interest}`, `{objective}`, `{term}`, `{sentence}` and the like are filled in with the task's facts, which
are quoted, never inflected.
"""

from lyo_rt.language_models.outline.phrases import de, en, es, fr
from lyo_rt.language_models.outline.phrases.shape import Phrases


def phrases_for(locale: str) -> Phrases:
    """The phrases in the language of `locale` (BCP 47); English for a language the outline does not speak."""
    match locale.replace("_", "-").split("-")[0].lower():
        case "de":
            return de.PHRASES
        case "es":
            return es.PHRASES
        case "fr":
            return fr.PHRASES
        case _:
            return en.PHRASES
