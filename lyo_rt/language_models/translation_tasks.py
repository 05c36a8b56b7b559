"""Text to be translated, with what must stay as it is taken out and put back in."""

from collections import Counter

import msgspec

from lyo_rt.language_models.markdown import structure_of
from lyo_rt.language_models.masking import MARK, Masked, mark_of, masked
from lyo_rt.language_models.tasks import StructuredTask, Text


class Translation(msgspec.Struct, frozen=True):
    """A translation with its marks; `source_language` is a BCP 47 tag."""

    source_language: Text
    text: Text


class Translate(StructuredTask[Translation], frozen=True, kw_only=True):
    """Translate `masked.text` into the language of `target`; `source` is None where the learner did not say."""

    masked: Masked
    target: str
    source: str | None = None

    @property
    def answer(self) -> type[Translation]:
        return Translation


def translate(text: str, *, target: str, source: str | None) -> Translate:
    """The task for `text`: its code, maths, addresses and the like stand behind marks."""
    return Translate(masked=masked(text), target=target, source=source)


def restored(task: Translate, draft: Translation) -> str:
    """The translation with everything put back where its mark stands."""
    return task.masked.restored(draft.text)


def translation_faults(task: Translate, draft: Translation) -> list[str]:
    """Marks that are lost, repeated or invented, and Markdown that is not what it was; in words for the model."""
    counts = Counter(int(number) for number in MARK.findall(draft.text))
    faults = [
        f"{mark_of(number)} must stand in the text once, not {counts[number]} times"
        for number in range(len(task.masked.spans))
        if counts[number] != 1
    ]
    faults += [
        f"{mark_of(number)} is not a mark of the text" for number in sorted(counts) if number >= len(task.masked.spans)
    ]
    return faults or _markdown_faults(task.masked.original(), restored(task, draft))


def _markdown_faults(before: str, after: str) -> list[str]:
    wanted, found = structure_of(before), structure_of(after)
    if wanted == found:
        return []
    counted, counts = Counter(wanted), Counter(found)
    faults = [
        f"there are {counts[part]} of Markdown's `{part}` where the text has {counted[part]}"
        for part in dict.fromkeys((*wanted, *found))
        if counts[part] != counted[part]
    ]
    return faults or ["the parts of the Markdown stand in another order than in the text"]
