"""What of its prompt a tutor must not repeat: the rules, by runs of their words, and a mark put there to be seen."""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2s
from uuid import UUID

from lyo_rt.language_models.tutor_prompt import read_texts
from lyo_rt.tutoring.folding import folded, words_of

RUN = 8
"""Words in a row that an answer can share with the rules by repeating them only."""


def mark_of(conversation: UUID) -> str:
    """A word that stands in the prompts of this conversation alone, and has no business in an answer."""
    return blake2s(conversation.bytes, digest_size=6, person=b"lyomark").hexdigest()


class Hidden:
    """The rules and the mark of a conversation's prompts. The first one made reads a file."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._runs = _runs_of_rules()

    def shown_by(self, sentence: str, before: str = "") -> bool:
        """Whether a sentence repeats them, by itself or going on from what was said before it."""
        if self._mark in sentence:
            return True
        words = [*words_of(folded(before))[-(RUN - 1) :], *words_of(folded(sentence))]
        return not self._runs.isdisjoint(_runs(words))


@cache
def _runs_of_rules() -> frozenset[tuple[str, ...]]:
    return frozenset(run for text in read_texts().all() for run in _runs(words_of(folded(text))))


def _runs(words: list[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1))
