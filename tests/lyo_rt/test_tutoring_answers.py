"""What gives an answer away and what does not; which answer a learner gave."""

from fractions import Fraction

import pytest

from lyo_rt.courses.demo import read_course
from lyo_rt.language_models.guidance import Problem
from lyo_rt.tutoring.answers import Attempt, Key, Keys
from lyo_rt.tutoring.numbers import spelt, value_of, values

MASS = Problem(
    "m",
    "Where does most of the dry mass of a plant come from?",
    "Carbon dioxide from the air",
    ("Minerals from the soil", "Carbon dioxide from the air", "Water alone", "Sunlight"),
)
PRODUCT = Problem("p", "What is 6 times 7?", "42")
ATOMS = Problem("a", "How many carbon atoms has glucose?", "6")
PIGMENT = Problem("g", "Which pigment absorbs the light?", "chlorophyll")
HALF = Problem("h", "What share of the cake is left?", "1/2")


@pytest.mark.parametrize(
    "sentence",
    [
        "It comes from carbon dioxide from the air.",
        "Most of it is taken from carbon dioxide in the air around the leaf.",
        "Isn't it carbon dioxide from the air?",
        "The answer is B.",
        "The answer is A because of its roots.",
        "I would go with B here.",
        "It's B.",
        "(B)",
        "The second option is right.",
        "Die richtige Antwort lautet B.",
        "La respuesta es la B, la correcta.",
        "**Carbon di\u200boxide** from the \u0430ir",
        "C-a-r-b-o-n d-i-o-x-i-d-e from the a i r",
        "riA eht morf edixoid nobraC",
        "Decode this: Q2FyYm9uIGRpb3hpZGUgZnJvbSB0aGUgYWly",
        "In ROT13 it is Pneoba qvbkvqr sebz gur nve.",
        "CARBON DIOXIDE, FROM THE AIR",
        r"It is $\text{carbon dioxide from the air}$.",
    ],
)
def test_a_named_option_is_found_in_every_dress(sentence: str) -> None:
    assert Key(MASS, "en", "I think it is the soil").leaks(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You say the soil, and plants do take something from it.",
        "What gas surrounds the leaf?",
        "Compare sunlight and carbon dioxide from the air: which of them has mass?",
        "Is A or B heavier?",
        "A plant needs energy, and light gives it.",
        "A leaf is right next to the stem, is it not?",
        "Can you answer a question first?",
        "The answer: a plant needs matter, so where could it be?",
        "What do you think a leaf does?",
        "Which is the right way to weigh it?",
    ],
)
def test_hints_may_leave(sentence: str) -> None:
    assert not Key(MASS, "en", "I think it is the soil").leaks(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It's 42.",
        "It is forty-two.",
        "Das sind zweiundvierzig.",
        r"So $\boxed{42}$.",
        "６×７ = ４２",
        "That makes ٤٢.",
        "84/2 = 42.0",
        "It is 4.2e1.",
        r"\frac{84}{2} is 42",
        "four, then two",
        "The first digit is a 4, followed by a 2.",
        "Say 4-2.",
        "It is one more than 41.",
        "Es ist eins mehr als 41, mehr als 41.",
        "It comes right after 41.",
        "4 &#50; i.e. &#52;2",
    ],
)
def test_a_number_is_found_in_every_dress(sentence: str) -> None:
    assert Key(PRODUCT, "de").leaks(sentence)


@pytest.mark.parametrize(
    "sentence", ["Your 41 is close.", "What is 6 times 6?", "How far is 7 from 6?", "On page 142 there is a table."]
)
def test_other_numbers_may_leave(sentence: str) -> None:
    assert not Key(PRODUCT, "en", "I got 41").leaks(sentence)


@pytest.mark.parametrize(
    ("sentence", "leaks"),
    [
        ("Glucose has **6** of them.", True),
        ("The answer is six.", True),
        ("The number of atoms is 6.", True),
        ("6", True),
        ("Look at the 6 corners of the ring and tell what stands there?", False),
    ],
)
def test_a_small_number_counts_where_something_is_said_to_be_it(sentence: str, leaks: bool) -> None:
    assert Key(ATOMS, "en").leaks(sentence) is leaks


@pytest.mark.parametrize(
    "sentence", ["Half: ½ is left.", r"$\frac{1}{2}$", "0.5 of it", "50 % is left", "That is 1/2."]
)
def test_a_fraction_is_found_in_every_dress(sentence: str) -> None:
    assert Key(HALF, "en").leaks(sentence)


def test_digits_over_two_sentences_are_found() -> None:
    key = Key(PRODUCT, "en")
    assert not key.leaks("Begin with 4.")
    assert key.leaks("Then 2.", "Begin with 4.")


def test_letters_are_those_of_the_learner_s_own_paste() -> None:
    pasted = "A) Sunlight B) Water alone C) Carbon dioxide from the air D) Minerals from the soil"
    assert Key(MASS, "en", pasted).attempt("I think C") == Attempt("right", "option 1")
    assert Key(MASS, "en", f"{pasted}\nMy guess: C").leaks("The answer is C.")


@pytest.mark.parametrize(
    ("problem", "message", "verdict"),
    [
        (MASS, "B", "right"),
        (MASS, "it's c", "wrong"),
        (MASS, "Is it b?", "right"),
        (MASS, "I think it is carbon dioxide from the air", "right"),
        (MASS, "carbon dioxide?", "right"),
        (MASS, "minerals from the soil", "wrong"),
        (MASS, "Is it A, B, C or D?", None),
        (MASS, "water alone or sunlight", None),
        (MASS, "not sure", None),
        (MASS, "I think a leaf", None),
        (PRODUCT, "42", "right"),
        (PRODUCT, "forty two", "right"),
        (PRODUCT, "6*7=42", "right"),
        (PRODUCT, "maybe 41?", "wrong"),
        (PRODUCT, "6 times 7 is hard", None),
        (PRODUCT, "Is it 41 or 42?", None),
        (PRODUCT, "40, 41, 42", None),
        (PRODUCT, "35 + 7 = 42", "right"),
        (PIGMENT, "is it chlorophyll or carotene", None),
        (PRODUCT, "idk", None),
        (PIGMENT, "Chlorophylls!", "right"),
        (PIGMENT, "it's not chlorophyll", "wrong"),
        (PIGMENT, "the carotene pigments of carrots", "unclear"),
        (PIGMENT, "dunno", None),
    ],
)
def test_what_a_learner_answered(problem: Problem, message: str, verdict: str | None) -> None:
    attempt = Key(problem, "en").attempt(message)
    assert (attempt and attempt.verdict) == verdict


def test_the_same_answer_is_the_same_attempt() -> None:
    for problem, same in (
        (PRODUCT, ["40", "is it 40?", "forty!"]),
        (MASS, ["A", "the minerals from the soil", "it's a"]),
    ):
        attempts = [Key(problem, "en").attempt(message) for message in same]
        assert len({attempt.trial for attempt in attempts if attempt}) == 1
        assert None not in attempts


def test_material_without_what_tells_the_answer() -> None:
    text = "## Mass\n\nA willow weighs much. It is carbon dioxide from the air. Light has no mass."
    assert Keys([Key(MASS, "en")]).without_leaks(text) == "## Mass\n\nA willow weighs much. Light has no mass."


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("1,000", "en", {1000, 1}),
        ("1.000,5", "de", {Fraction(2001, 2)}),
        ("quatre-vingt-dix", "fr", {90}),
        ("cuarenta y dos", "es", {42}),
        ("4.2 × 10³", "en", {4200}),
        ("CO2 and x7", "en", set()),
        ("−7 °C", "en", {-7}),
    ],
)
def test_the_values_a_text_names(text: str, language: str, expected: set[Fraction]) -> None:
    assert values(text, language) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("42 kg", 42), ("x = 7", 7), ("$5", 5), ("9.81 m/s^2", Fraction(981, 100)), ("½", Fraction(1, 2)), ("H2O", None)],
)
def test_an_answer_that_is_a_number(text: str, value: Fraction | None) -> None:
    assert value_of(text, "en") == value


def test_spelt_digits() -> None:
    assert spelt("a four followed by a two", "en") == {"42"}
    assert spelt("vier, gefolgt von einer zwei", "de") == {"42"}
    assert spelt("between 14 and 25", "en") == frozenset()


@pytest.mark.parametrize("slug", ["photosynthesis_basics", "machine_learning_intro"])
def test_every_question_of_a_real_course_is_guarded_and_graded(slug: str) -> None:
    questions = [question for module in read_course(slug).modules for question in module.assessment.questions]
    assert len(questions) > 10
    for question in questions:
        answer = question.options[question.answer]
        key = Key(Problem("q", question.question, answer, tuple(question.options), question.explanation), "en")
        assert key.leaks(f"It is {answer}."), answer
        for option in question.options:
            attempt = key.attempt(option)
            assert attempt is not None, option
            assert attempt.verdict == ("right" if option == answer else "wrong"), option
