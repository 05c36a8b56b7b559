"""Texts made for what reads them: the time it takes grows with their length, not with its square (ReDoS, CWE-1333)."""

import time
from collections.abc import Callable, Iterator

import pytest

from lyo_rt.language_models.masking import masked
from lyo_rt.language_models.outline import definitions, programs
from lyo_rt.language_models.outline.words import sections_of
from lyo_rt.tutoring import harm, language
from lyo_rt.tutoring.folding import folded
from lyo_rt.tutoring.orders import gives_orders
from tests.attacks import Cases

PIECES = (
    "a", "A", "1", " ", "\n", "\t", ".", "-", "/", "(", "[", "{", '"', "'", "*", "_", "`", "<", "\\", "=", ":", ",",
    "?", "$", "|", "#", "不", "\u0301", "&#1", "x=", "1/", "1 ", "a ", "a.", "A. ", "is ", "<a", "1,", "1.0",
    "- ", "**a",
    "_a ", "*a ", "`a ", "# a ", "\n# ", "a\n", "\n\n", " \n", "* a\n", "- **a", "- **a**", "> ", ">>> ", "=> ",
    "x # ->",
    "http://a.", "a@", "![", "](", "[](", "[x](a", "[x]((a)", "[^", "<!--", "<pre>", "\\[", "\\(", "$$", "```a",
    "```\n", "\\frac{", "\\begin{a}", "«a", "a; ", "a: ", "a is b. ",
)  # fmt: skip
READERS: tuple[tuple[int, Callable[[str], object]], ...] = (
    (50_000, sections_of),
    (50_000, definitions.listed_terms),
    (50_000, lambda text: list(programs.programs_of(text))),
    (50_000, programs.without_programs),
    (5_000, masked),
    (8_000, folded),
    (8_000, gives_orders),
    (8_000, harm.in_message),
    (8_000, language.speaks_of_languages),
)
"""What reads a whole text that a learner sends, and how long that may be (see the requests in api/)."""
MOST_SECONDS = 1.0
"""Of the processor: they take a tenth of that at most, and what was quadratic took ten times as much."""


def slow(reader: Callable[[str], object], length: int) -> Iterator[str]:
    """The pieces of which a text takes too long."""
    for piece in PIECES:
        text = ("Yeast is a fungus. " + piece * length)[: length - 1] + "z"
        began = time.thread_time()
        reader(text)
        if (taken := time.thread_time() - began) > MOST_SECONDS:
            yield f"{piece!r}: {taken:.1f} s"


@pytest.mark.attack("texts made for regular expressions")
@pytest.mark.parametrize(("length", "reader"), READERS)
def test_no_text_takes_long_to_read(cases_tried: Cases, length: int, reader: Callable[[str], object]) -> None:
    assert list(slow(reader, length)) == []
    cases_tried(len(PIECES))
