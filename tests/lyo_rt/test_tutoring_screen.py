"""The screen between the model and the learner: what passes at once, what waits, what never leaves."""

import re

import pytest

from lyo_rt.language_models.guidance import Problem
from lyo_rt.tutoring.answers import Key, Keys
from lyo_rt.tutoring.screen import LONGEST, Screen

KEYS = Keys([Key(Problem("p", "What is 6 times 7?", "42"), "en")])
DRAFT = "You begin well, e.g. with 6. Take five sevens first; that is 3.5 times ten. What is left to add?"


def through(screen: Screen, text: str, *, size: int = 0) -> list[str]:
    """What leaves with each token (or each `size` characters), and at the end."""
    tokens = [text[n : n + size] for n in range(0, len(text), size)] if size else re.findall(r"\S+\s*", text)
    return [*(screen.piece(token) for token in tokens), screen.rest()]


@pytest.mark.parametrize("size", [0, 1, 3, 1000])
def test_without_a_known_answer_nothing_waits(size: int) -> None:
    text = f"{DRAFT[:-28]}`a ? b : c` and *so on*\n\n1. one\n2. two"
    tokens = [text[n : n + size] for n in range(0, len(text), size)] if size else re.findall(r"\S+\s*", text)
    assert through(Screen(), text, size=size)[:-1] == tokens


@pytest.mark.parametrize("size", [0, 1, 3, 1000])
def test_with_one_whole_sentences_leave_and_nothing_is_lost(size: int) -> None:
    left = through(Screen(KEYS), DRAFT, size=size)
    assert "".join(left) == DRAFT
    assert "You" not in left[:3] or size == 1000


def test_a_leak_never_leaves_nor_what_follows_it() -> None:
    screen = Screen(KEYS)
    assert "".join(through(screen, "Good. The sum is forty-two. So?")) == "Good. "
    assert (screen.fault, screen.withheld) == ("leak", "The sum is forty-two.")
    screen.restart()
    assert "".join(through(screen, "Good. What now?")) == "Good. What now?"
    assert screen.fault is None


def test_a_leak_without_an_end_is_seen_at_the_end() -> None:
    screen = Screen(KEYS)
    assert "".join(through(screen, "It equals 42")) == ""
    assert screen.fault == "leak"


def test_a_sentence_without_end_does_not_wait_for_ever() -> None:
    text = "word " * (LONGEST // 2)
    left = through(Screen(KEYS), text)
    assert "".join(left) == text
    assert max(map(len, left)) <= LONGEST


@pytest.mark.parametrize("keys", [None, KEYS])
@pytest.mark.parametrize("size", [0, 1])
def test_one_question_is_asked_and_it_is_the_end(keys: Keys | None, size: int) -> None:
    assert "".join(through(Screen(keys), "So far. What is it? And why? Tell me.", size=size)) == "So far. What is it?"


@pytest.mark.parametrize("keys", [None, KEYS])
@pytest.mark.parametrize(
    "text",
    [
        "You ask “why is it so?” yourself. What would you say?",
        "Read `x ? y : z` first. What does it do?",
        "```\na ? b : c\n```\nWhat does it do?",
        "See https://example.org/?q=1 first. What is there?",
        "你看叶子。它是什么颜色？",
    ],
)
def test_questions_that_are_not_asked_do_not_end_a_turn(text: str, keys: Keys | None) -> None:
    for size in (0, 1):
        assert "".join(through(Screen(keys), text, size=size)) == text


@pytest.mark.parametrize("keys", [None, KEYS])
def test_harm_is_seen_with_and_without_a_known_answer(keys: Keys | None) -> None:
    screen = Screen(keys)
    left = "".join(through(screen, "Well. You should kill yourself. What now?"))
    assert screen.fault == "harm"
    assert "What now" not in left
    assert ("kill" in left) is (keys is None)
