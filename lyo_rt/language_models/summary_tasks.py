"""The older part of a conversation in few words."""

from typing import Annotated

import msgspec

from lyo_rt.language_models.tasks import StructuredTask, Turn

SUMMARY_CHARACTERS = 3000
"""What a summary may take of every later prompt: about 750 tokens."""


class SummaryDraft(msgspec.Struct, frozen=True):
    """What is needed to go on with the conversation."""

    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=SUMMARY_CHARACTERS)]


class SummariseConversation(StructuredTask[SummaryDraft], frozen=True, kw_only=True):
    """Fold `turns`, oldest first, into the summary of what was before them ("" at first)."""

    former: str
    turns: tuple[Turn, ...]
    locale: str = "en"

    @property
    def answer(self) -> type[SummaryDraft]:
        return SummaryDraft
