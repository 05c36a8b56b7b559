"""A question as it is judged, and what can be wrong with it."""

from typing import Literal

import msgspec

Kind = Literal["multiple_choice", "true_false", "short_answer", "coding"]

Rule = Literal[
    "empty_text",
    "option_count",
    "key_out_of_range",
    "missing_answer",
    "missing_explanation",
    "catch_all_option",
    "repeated_option",
    "near_equal_options",
    "labelled_option",
    "key_length",
    "absolute_term",
    "vague_term",
    "unmarked_negation",
    "key_word_repeated",
    "grammar_cue",
    "unsorted_numbers",
    "explanation_contradicts",
    "explanation_by_letter",
    "repeated_question",
    "longest_is_key",
    "key_position",
    "key_not_found",
]
"""The names of the rules, as they are counted. `key_not_found`: a second model, unaided, chose another option."""


class Item(msgspec.Struct, frozen=True):
    """One question.

    `key` is the index of the right option; an item without options (short_answer, coding) has None there and the
    expected answer in `answer`. `locale` says in whose words negations and the like are looked for.
    """

    question: str
    options: tuple[str, ...]
    key: int | None
    explanation: str
    kind: Kind = "multiple_choice"
    answer: str = ""
    locale: str = "en"

    @property
    def language(self) -> str:
        """The primary subtag of the locale."""
        return self.locale.replace("_", "-").partition("-")[0].lower()

    @property
    def right(self) -> str:
        """The text that is right; "" when the key points nowhere."""
        if self.key is None:
            return self.answer
        return self.options[self.key] if 0 <= self.key < len(self.options) else ""

    @property
    def wrong(self) -> tuple[str, ...]:
        """The other options, in order."""
        return tuple(option for place, option in enumerate(self.options) if place != self.key)


class ItemFault(msgspec.Struct, frozen=True):
    """A broken rule of one item; `detail` says it in words for whoever mends it, `option` which option it is about."""

    rule: Rule
    detail: str
    option: int | None = None


class SetFault(msgspec.Struct, frozen=True):
    """A broken rule of a set of items; `items` are the places of those to blame, the worst first."""

    rule: Rule
    detail: str
    items: tuple[int, ...]
