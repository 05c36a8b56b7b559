"""The floor under every grade, and what a model may add to it."""

from typing import Any

import pytest

from lyo_rt.language_models.quiz_tasks import KeyPoint
from lyo_rt.quizzes import grading
from lyo_rt.quizzes.records import Grade, NewQuestion

RUBRIC = (KeyPoint("absorbs red and blue", ["absorbs red", "takes up red"]), KeyPoint("reflects green", ["reflects"]))


def question(answer: str, kind: str = "short_answer", **more: Any) -> NewQuestion:
    made: dict[str, Any] = {
        "quiz_type": kind,
        "question": "?",
        "answer": answer,
        "explanation": "e",
        "difficulty": "beginner",
        "points": 5,
        "estimated_time": 90,
    }
    return NewQuestion(**{**made, **more})


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ("Chlorophyll", "  chlorophyll. "),
        ("Chlorophyll", "ＣＨＬＯＲＯＰＨＹＬＬ"),
        ("Straße", "strasse"),
        ("光合作用", "光合作用。".rstrip("。")),
        ("100", "100.0"),
        ("1000", "1,000"),
        ("0.5", "0,5"),
        ("0.5", "1/2"),
        ("-3", "−3"),
        ("9.81 m/s²", "9.81 m/s2"),
        ("3e8 m/s", "300000000 m/s"),
        ("42", "42 apples"),
    ],
)
def test_the_same_text_or_number_is_right(known: str, said: str) -> None:
    assert grading.floor(question(known), said) == Grade(1.0, "match")


@pytest.mark.parametrize(
    ("known", "said"),
    [("100", "1000"), ("9.81 m/s²", "9.81 km"), ("9.81 m/s²", "9.81"), ("1/3", "1/0"), ("12", "1.2"), ("-3", "3"),
     ("light", "no light"), ("", "anything")],
)  # fmt: skip
def test_another_number_unit_or_text_is_not(known: str, said: str) -> None:
    assert grading.floor(question(known), said) == Grade(0.0, "rules")


def test_other_accepted_answers_are_right() -> None:
    assert grading.floor(question("100 °C", accepted=("100", "boiling point")), "100").score == 1.0


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("It absorbs red light and reflects the rest", 1.0),
        ("It reflects", 0.5),
        ("It never absorbs red light, it reflects", 0.5),
        ("It doesn't reflects; it does not absorbs red", 0.0),
        ("reflectsabsorbs", 0.0),
        ("🌱", 0.0),
    ],
)
def test_the_rubrics_own_words_earn_their_points_unless_denied(said: str, score: float) -> None:
    assert grading.floor(question("-", rubric=RUBRIC), said) == Grade(score, "rules")


@pytest.mark.parametrize("said", [None, "", "  \n"])
def test_nothing_said_is_left_open(said: str | None) -> None:
    assert grading.floor(question("x"), said) == Grade(0.0, "open")


@pytest.mark.parametrize("said", ["a\nb", "a  \nb\n\n", "```\na\nb\n```", "```text\na\nb\n```"])
def test_an_output_is_compared_line_by_line(said: str) -> None:
    assert grading.floor(question("a\nb", "coding"), said) == Grade(1.0, "match")


@pytest.mark.parametrize("said", ["a b", "A\nb", "a", "a\nb\nc", "  a\n b"])
def test_another_output_is_wrong_and_that_is_certain(said: str) -> None:
    assert grading.floor(question("a\nb", "coding"), said) == Grade(0.0, "match")


def test_a_program_needs_judgement_unless_it_is_the_known_solution() -> None:
    program = question("print(1)", "coding", rubric=(KeyPoint("prints 1", ["prints 1"]),))
    assert grading.floor(program, "```python\nprint(1)\n```") == Grade(1.0, "match")
    assert grading.floor(program, "print(2 - 1)") == Grade(0.0, "rules")
    assert grading.judged(program, "print(2 - 1)", Grade(0.0, "rules"), [(0, "print(2 - 1)")], "").score == 1.0


def test_a_model_adds_points_for_words_that_stand_in_the_answer_only() -> None:
    asked, said = question("-", rubric=RUBRIC), "It soaks up red light."
    basis = grading.floor(asked, said)
    assert basis.score == 0.0
    assert grading.judged(asked, said, basis, [(0, "soaks up red")], "Good.") == Grade(0.5, "model", "Good.")
    assert grading.judged(asked, said, basis, [(0, "absorbs red light"), (1, "it reflects")], "").score == 0.0
    assert grading.judged(asked, said, basis, [(0, ""), (7, "red light"), (0, "!?")], "").score == 0.0


def test_a_model_never_takes_below_the_floor() -> None:
    asked, said = question("-", rubric=RUBRIC), "It reflects."
    assert grading.judged(asked, said, grading.floor(asked, said), [], "Hm.") == Grade(0.5, "model", "Hm.")
