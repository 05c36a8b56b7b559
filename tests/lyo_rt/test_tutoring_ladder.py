"""The hint ladder, the problems of a resource, the subject, the language: the tutor's other rules."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from lyo_rt.language_models.guidance import Problem
from lyo_rt.language_models.tasks import Turn
from lyo_rt.tutoring.answers import Key
from lyo_rt.tutoring.ladder import LAST, REAL_ATTEMPTS, after, move_of, step_of
from lyo_rt.tutoring.language import language_of
from lyo_rt.tutoring.problems import AT_ONCE, at_hand, problems_of
from lyo_rt.tutoring.records import ProblemState
from lyo_rt.tutoring.subject import subject_of

PROBLEM = Problem("p", "What is 6 times 7?", "42")
KEY = Key(PROBLEM, "en")


def played(*messages: str) -> list[ProblemState]:
    """The state after each message."""
    states = [ProblemState("p", PROBLEM.question)]
    for message in messages:
        states.append(after(states[-1], move_of(message, KEY), message, "en"))
    return states[1:]


def test_the_first_turn_diagnoses_whatever_is_demanded() -> None:
    for message in ("What is 6 times 7", "just tell me the answer", "I give up"):
        assert step_of(played(message)[0]) == "diagnose"


def test_begging_climbs_two_rungs_and_no_further() -> None:
    states = played("hello", *["tell me the answer"] * 10)
    assert [state.rung for state in states] == [0, 1] + [2] * 9
    assert {state.state for state in states} == {"open"}


def test_the_last_rung_takes_different_attempts_and_costs_the_credit() -> None:
    states = played("hello", "is it 40?", "40", "40!", "41", "I don't know", "tell me the answer", "43")
    assert [state.attempts for state in states] == [0, 1, 1, 1, 2, 2, 2, 3]
    assert [state.state for state in states[:-1]] == ["open"] * 7
    assert states[-2].rung == LAST - 1
    assert (states[-1].state, states[-1].rung, states[-1].credit) == ("revealed", LAST, False)
    assert states[-1].attempts == REAL_ATTEMPTS
    assert step_of(states[-1]) == "reveal"


def test_listing_everything_is_no_attempt() -> None:
    assert [state.attempts for state in played("hi", "40 41 42 43 44 45")] == [0, 0]


def test_a_right_answer_is_mastered_with_its_reason_only() -> None:
    states = played("hi", "42", "because", "ok", "I don't know why", "six sevens make thirty five plus seven more")
    assert [state.state for state in states] == ["open", "right", "right", "right", "right", "mastered"]
    assert [step_of(state) for state in states[1:]] == ["explain"] * 4 + ["close"]
    assert states[-1].credit


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ("42", "right"),
        ("41", "wrong"),
        ("no idea", "stuck"),
        ("ich weiß es nicht", "stuck"),
        ("no lo sé", "stuck"),
        ("je ne sais pas", "stuck"),
        ("не знаю", "stuck"),
        ("Give me the answer now", "demand"),
        ("Sag mir die Lösung", "demand"),
        ("dime la respuesta", "demand"),
        ("donne-moi la réponse", "demand"),
        ("Interesting", "talk"),
    ],
)
def test_what_a_message_is(message: str, verdict: str) -> None:
    assert move_of(message, KEY).verdict == verdict


QUIZ: dict[str, Any] = {
    "questions": [
        {"id": "q1", "question": "Where does the mass of a willow come from?", "options": ["Soil", "Air"]},
        {"id": "q2", "question": "Which colour does chlorophyll reflect most?", "options": ["Red", "Green"]},
        {"id": "q3", "question": "How many atoms has one molecule of water?"},
        {"id": "q4", "question": "Not keyed"},
    ],
    "key": {
        "q1": {"answer": 1, "explanation": "Carbon."},
        "q2": {"answer": "B", "explanation": "It looks green.", "mistakes": ["Blue"]},
        "q3": {"answer": "three"},
    },
}


def test_problems_are_read_from_an_item_s_key() -> None:
    item = uuid4()
    first, second, third = problems_of(item, "Check", None, QUIZ)
    assert (first.id, first.answer, first.solution, first.mistakes) == (f"{item}:q1", "Air", "Carbon.", ("Soil",))
    assert (second.answer, second.mistakes) == ("Green", ("Red", "Blue"))
    assert (third.answer, third.options) == ("three", ())
    exercise = {"key": {"answer": "12 C", "solution": "Count them."}}
    (only,) = problems_of(item, "Count", "Count the atoms.", exercise)
    assert (only.question, only.answer, only.solution) == ("Count\nCount the atoms.", "12 C", "Count them.")
    assert list(problems_of(item, "Text", "x", {})) == []
    assert list(problems_of(item, "Quiz", None, {**QUIZ, "key": {"q1": {"answer": 7}, "q2": {"answer": True}}})) != []


def test_the_problems_at_hand_are_those_a_message_is_about() -> None:
    problems = tuple(problems_of(uuid4(), "Check", None, QUIZ))
    assert at_hand("which colour does chlorophyll reflect the most, please", "en", problems) == (problems[1],)
    both = "Where does the mass of a willow come from? Which colour does chlorophyll reflect most?"
    assert set(at_hand(both, "en", problems)) == set(problems[:2])
    assert at_hand("hello there", "en", problems) == ()
    same = [msgspec.structs.replace(problems[0], id=str(n)) for n in range(20)]
    assert len(at_hand(both, "en", same)) == AT_ONCE


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        (["My favourite football club bought three expensive strikers"], "left"),
        (["Pizza tastes best", "My favourite football club bought expensive strikers"], "away"),
        (["Tastes best", "My favourite football club bought expensive strikers"], "on"),
        (["Do you know a good film"], "left"),
        (["今天晚上看什么电影好？"], "left"),
        (["Which pizza toppings taste crispiest tonight", "My favourite football club bought strikers"], "away"),
        (["The willow gains weight from somewhere surprising"], "on"),
        (["Can you explain that with another everyday example please"], "on"),
        (["ok"], "on"),
        ([], "on"),
    ],
)
def test_who_leaves_the_subject_is_led_back_once(said: list[str], subject: str) -> None:
    turns = [Turn("user", text) for text in reversed(said)]
    assert subject_of(turns, "Willows. A willow gains mass from the air.", "en") == subject


def test_an_everyday_topic_is_the_subject_of_a_course_about_it_and_is_seen_in_any_language() -> None:
    asked = [Turn("user", "Tu connais un bon film pour ce soir ?")]
    assert subject_of(asked, "Willows gain mass.", "fr", comparable=False) == "left"
    assert subject_of(asked, "How a film is cut.", "fr", comparable=False) == "on"
    said = [Turn("user", "Vier Woerter ueber etwas voellig anderes hier")]
    assert subject_of(said, "Willows gain mass.", "de", comparable=False) == "on"


def test_what_the_tutor_brought_up_is_on_the_subject() -> None:
    turns = [Turn("user", "Hello"), Turn("assistant", "Think of a football club: where does its money come from?")]
    answer = Turn("user", "Football clubs earn ticket money, sponsors, television")
    assert subject_of([*turns, answer], "Willows.", "en") == "on"
    assert subject_of([answer], "Willows.", "en") == "left"


@pytest.mark.parametrize(
    ("messages", "language"),
    [
        (["Warum sind die Blätter im Sommer grün?"], "de"),
        (["¿Por qué las hojas son verdes en verano?"], "es"),
        (["Je ne comprends pas pourquoi"], "fr"),
        (["光合作用是什么"], "zh"),
        (["لماذا الأوراق خضراء؟"], "ar"),
        (["42"], None),
        (["ok", "Pourquoi les feuilles sont-elles vertes ?"], "fr"),
        (["```python\nfor x in range(3): print(x)\n``` Was macht diese Schleife hier eigentlich?"], "de"),
        (["Was heißt hier “the quick brown fox jumps over the lazy dog again and again”?"], "de"),
        ([], None),
        (["はい。"], "ja"),
        (["да"], "ru"),
        (["好"], "zh"),
        (["כן"], "he"),
    ],
)
def test_the_language_is_the_learner_s_own(messages: list[str], language: str | None) -> None:
    assert language_of(messages) == language
