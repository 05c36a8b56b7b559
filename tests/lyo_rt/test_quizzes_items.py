"""Drafts that break a rule of item writing never become questions."""

import pytest

from lyo_rt.language_models.quiz_tasks import CodingDraft, ItemDraft, KeyPoint, ShortAnswerDraft, StatementDraft
from lyo_rt.language_models.tasks import QuestionDraft
from lyo_rt.quizzes.items import sifted

WHY = "The text says so in its second sentence."


def choice(question: str = "Which gas do plants take up?", *options: str, answer: int = 0) -> QuestionDraft:
    return QuestionDraft(question, list(options or ("Carbon dioxide", "Nitrous oxide", "Hydrogen gas", "Pure helium")),
                         answer, WHY)  # fmt: skip


def program(task: str, **members: str) -> CodingDraft:
    made = {"question": "What is printed?", "language": "Python", "code": "print('ha' * 2)", "expected_output": "haha",
            "solution": "", "explanation": WHY}  # fmt: skip
    return CodingDraft(task, **{**made, **members})  # type: ignore[arg-type]


SHORT = ShortAnswerDraft("Name the gas that plants take up.", "Carbon dioxide", ["CO2"], [KeyPoint("p", ["co2"])], WHY)


@pytest.mark.parametrize(
    "draft",
    [
        choice("Which gas do plants take up?", "Helium", "helium", "Oxygen"),
        choice("Which gas do plants take up?", "Oxygen", "Helium", "All of the above", answer=2),
        choice(answer=5),
        QuestionDraft("Which gas do plants take up?", ["Carbon dioxide", "Helium", "Argon", "Neon"], 0, "-"),
        StatementDraft("Plants take up carbon dioxide.", True, "Yes"),
        ShortAnswerDraft("Do plants take up carbon dioxide?", "Carbon dioxide", [], [KeyPoint("p", ["w"])], WHY),
        program("predict", code=" "),
        program("predict", question="Why does this print haha?"),
        program("write", solution=" "),
    ],
)
def test_a_flawed_draft_is_refused_with_its_reasons(draft: ItemDraft) -> None:
    found = sifted([draft, SHORT], "beginner", "en")
    assert [question.quiz_type for question in found.sound] == ["short_answer"]
    assert len(found.refused) == 1
    assert found.refused[0].reasons


def test_sound_drafts_become_questions_of_their_type() -> None:
    drafts = [choice(), StatementDraft("Plants take up carbon dioxide.", False, WHY)]
    found = sifted(drafts, "advanced", "fr")
    assert found.refused == ()
    (choose, judge) = found.sound
    assert (choose.quiz_type, choose.answer, choose.points) == ("multiple_choice", "Carbon dioxide", 15)
    assert choose.options[choose.key or 0] == choose.answer
    assert (judge.quiz_type, judge.options, judge.answer, judge.fixed_order) == (
        "true_false", ("Vrai", "Faux"), "Faux", True,
    )  # fmt: skip


def test_what_can_be_mended_mechanically_is() -> None:
    labelled = choice("Which gas do plants take up?", "a) Carbon dioxide", "b) Helium", "c) Oxygen", "d) Argon")
    (question,) = sifted([labelled], "beginner", "en").sound
    assert set(question.options) == {"Carbon dioxide", "Helium", "Oxygen", "Argon"}
    assert question.answer == question.options[question.key or 0] == "Carbon dioxide"


def test_numbers_in_order_are_not_to_be_shuffled() -> None:
    found = sifted([choice("How many planets are there?", "7", "8", "9", "10", answer=1)], "beginner", "en")
    assert [question.fixed_order for question in found.sound] == [True]


def test_a_program_to_read_shows_its_code_and_one_to_write_its_output() -> None:
    read, write = sifted(
        [program("predict"), program("write", question="Print ha twice.", code="", solution="print('haha')")],
        "beginner",
        "en",
    ).sound
    assert read.question == "What is printed?\n\n```python\nprint('ha' * 2)\n```"
    assert (read.answer, read.rubric) == ("haha", ())
    assert write.question == "Print ha twice.\n\n```text\nhaha\n```"
    assert (write.answer, len(write.rubric)) == ("print('haha')", 1)


def test_no_question_comes_twice() -> None:
    assert len(sifted([choice(), choice()], "beginner", "en").sound) == 1
    assert sifted([choice()], "beginner", "en", had=["which gas do plants take up?"]).sound == ()
    kept = sifted([choice()], "beginner", "en").sound
    assert sifted([choice()], "beginner", "en", kept).sound == kept


def test_a_set_whose_longest_options_are_its_keys_is_thinned_out() -> None:
    drafts = [
        choice(
            f"Which of these is number {name}?", f"A long and careful answer {name}", "Short b", "Short c", "Short d"
        )
        for name in ("one", "two", "three", "four", "five")
    ]
    found = sifted(drafts, "beginner", "en")
    assert len(found.sound) + len(found.refused) == 5
    assert found.refused
