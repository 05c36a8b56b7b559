"""Options in a learner's order, answers by label or text."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from lyo_rt.quizzes import rules
from lyo_rt.quizzes.records import Placed

LEARNER = UUID(int=1)
PIGMENTS = ("Carotene", "Chlorophyll", "Xanthophyll", "Anthocyanin")


def placed(options: tuple[str, ...] = PIGMENTS, key: int = 1, **more: Any) -> Placed:
    made: dict[str, Any] = {
        "id": UUID(int=99),
        "quiz_type": "multiple_choice",
        "question": "Which pigment absorbs light?",
        "options": options,
        "key": key,
        "answer": options[key] if options else "",
        "explanation": "It is the main one.",
        "difficulty": "intermediate",
        "points": 10,
        "estimated_time": 30,
        "model": "m",
        "position": 1,
        "expected_success": 0.6,
    }
    return Placed(**{**made, **more})


def shown(learner: UUID, question: Placed) -> list[str]:
    return [question.options[index] for index in rules.order_for(learner, question.id, question)]


def test_the_order_is_stable_for_a_learner_and_differs_between_learners() -> None:
    orders = {tuple(shown(UUID(int=n), placed())) for n in range(60)}
    assert len(orders) > 10
    assert all(sorted(order) == sorted(PIGMENTS) for order in orders)
    assert shown(LEARNER, placed()) == shown(LEARNER, placed())


def test_the_right_option_stands_in_every_place_about_equally_often() -> None:
    places = [rules.correct_answer(uuid4(), placed()) for _ in range(800)]
    assert all(140 < places.count(label) < 260 for label in "ABCD")


def test_what_has_an_order_of_its_own_keeps_it() -> None:
    numbers = placed(("10", "20", "30", "40"), fixed_order=True)
    assert shown(LEARNER, numbers) == ["10", "20", "30", "40"]
    assert rules.labelled(shown(LEARNER, numbers)) == ["A) 10", "B) 20", "C) 30", "D) 40"]


@pytest.mark.parametrize("learner", range(20))
def test_a_label_and_an_option_that_is_its_letter_mean_the_same(learner: int) -> None:
    groups = placed(("O", "B", "AB", "A"), key=0)
    order = shown(UUID(int=learner), groups)
    assert (order[0], order[1]) == ("A", "B")
    for said in ("A", "B", "O", "AB"):
        assert groups.options[rules.option_meant(UUID(int=learner), groups, said) or 0] == said


def test_an_answer_is_a_label_a_text_or_both() -> None:
    question = placed()
    label = rules.correct_answer(LEARNER, question)
    for said in (label, label.lower(), f"{label})", f"({label})", f"{label}) Chlorophyll", f" {label}. chlorophyll ",
                 "Chlorophyll", "chlorophyll.", "  CHLOROPHYLL "):  # fmt: skip
        assert rules.option_meant(LEARNER, question, said) == 1, said


def test_what_is_no_option_means_none() -> None:
    question = placed()
    label = rules.correct_answer(LEARNER, question)
    other = next(one for one in "ABCD" if one != label)
    for said in ("E", "Z)", "Phycobilin", f"{other}) Chlorophyll", "1", "🦄", "AB"):
        assert rules.option_meant(LEARNER, question, said) is None, said


def test_true_and_false_are_understood_in_both_languages() -> None:
    question = placed(rules.true_false_options("de-AT"), 0, quiz_type="true_false", fixed_order=True)
    assert [rules.option_meant(LEARNER, question, said) for said in ("Wahr", "true", "A", "falsch", "False", "b)")] == [
        0, 0, 0, 1, 1, 1,
    ]  # fmt: skip
    assert rules.true_false_options("sw") == ("True", "False")


def test_options_that_differ_only_in_stops_are_told_apart_by_their_exact_text() -> None:
    code = placed(("x;", "x", "y;", "y"), 0)
    assert [rules.option_meant(LEARNER, code, said) for said in ("x;", "x", "y", "Y.")] == [0, 1, 3, None]
