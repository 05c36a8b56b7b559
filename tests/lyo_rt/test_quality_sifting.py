"""Items through all the gates: what mending may change, what is refused, how a set comes out."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo_rt.language_models.quality.counts import Gates, summed
from lyo_rt.language_models.quality.items import Item, faults, set_faults
from lyo_rt.language_models.quality.mending import mended
from lyo_rt.language_models.quality.sifting import sifted
from lyo_rt.language_models.quality.texts import number_of
from tests.lyo_rt.quality_fixture import FLAWED, SOUND

WHY = "Chlorophyll sends that part of the light back."
ITEM = Item("Which pigment colours leaves?", ("Chlorophyll", "Carotene", "Melanin", "Keratin"), 0, WHY)


def changed(**fields: object) -> Item:
    return msgspec.structs.replace(ITEM, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        (
            {"options": ("A. Chlorophyll", "B. Carotene", "C. Melanin"), "key": 1},
            {"options": ("Chlorophyll", "Carotene", "Melanin"), "key": 1},
            ["labelled_option"],
        ),
        (
            {"options": ("None of these", "Carotene", "Chlorophyll", "Melanin"), "key": 2},
            {"options": ("Carotene", "Chlorophyll", "Melanin"), "key": 1},
            ["catch_all_option"],
        ),
        (
            {"options": ("the chlorophyll", "Carotene", "Chlorophyll", "Melanin"), "key": 2},
            {"options": ("Carotene", "Chlorophyll", "Melanin"), "key": 1},
            ["near_equal_options"],
        ),
        (
            {"options": ("9", "1", "5"), "key": 0},
            {"options": ("1", "5", "9"), "key": 2},
            ["unsorted_numbers"],
        ),
        (
            {"question": "Which of these isn’t “not green”, not `not` and not red?"},
            {"question": "Which of these ISN’T “not green”, NOT `not` and NOT red?"},
            ["unmarked_negation"],
        ),
        (
            {"question": "A pigment of leaves is an ____.", "options": ("xanthophyll", "acid", "oxide"), "key": 0},
            {"question": "A pigment of leaves is a(n) ____.", "options": ("xanthophyll", "acid", "oxide"), "key": 0},
            ["grammar_cue"],
        ),
        (
            {"explanation": "Option B is too yellow, while option (A) sends that part of the light back."},
            {"explanation": "“Carotene” is too yellow, while “Chlorophyll” sends that part of the light back."},
            ["explanation_by_letter"],
        ),
    ],
)
def test_mending(before: dict[str, object], after: dict[str, object], rules: list[str]) -> None:
    assert mended(changed(**before)) == (changed(**after), rules)


@pytest.mark.parametrize(
    "fields",
    [
        {"options": ("All of the above", "Carotene", "Melanin", "Keratin"), "key": 0},
        {"options": ("Chlorophyll", "Carotene", "All of the above")},
        {"explanation": ""},
        {"key": 9},
        {"explanation": "The correct answer is melanin."},
        {"explanation": "Option 2 sends that part of the light back."},
    ],
)
def test_what_only_its_author_can_mend_is_refused(fields: dict[str, object]) -> None:
    result = sifted([changed(**fields), changed(question="Another one?")])
    assert [one.place for one in result.refused] == [0]
    assert result.places == (1,)


def test_a_set_without_its_worst_habits() -> None:
    items = [
        changed(question=f"Question {n}?", options=("Chlorophyll b", "Carotene", "Melanin", "K" * (9 + n)))
        for n in range(3)
    ]
    even = changed(question="Question 9?", options=("Carotene", "Chlorophyll", "Melanin", "Keratin"), key=1)
    result = sifted([*items, even, msgspec.structs.replace(even, question="QUESTION 9")])
    assert [(one.place, one.faults[0].rule) for one in result.refused] == [
        (0, "longest_is_key"),
        (4, "repeated_question"),
    ]
    assert set_faults(result.items) == []


@given(st.permutations([*(item for item, _ in FLAWED), *SOUND]), st.integers(1, 40))
def test_what_comes_through_is_sound_and_keeps_its_right_answer(order: list[Item], count: int) -> None:
    given = order[:count]
    result = sifted(given)
    assert all(not faults(item) for item in result.items)
    assert {fault.rule for fault in set_faults(result.items)} <= {"key_position"}
    assert sorted([*result.places, *(one.place for one in result.refused)]) == list(range(count))
    for place, item in zip(result.places, result.items, strict=True):
        right = given[place].right
        assert item.right in (right, right.removesuffix("."), right.partition(") ")[2], right.partition(". ")[2])
    again = sifted(result.items)
    assert again.items == result.items
    assert again.refused == ()


@given(
    st.builds(
        Item,
        st.text(max_size=60),
        st.lists(st.text(max_size=30), max_size=7).map(tuple),
        st.none() | st.integers(-3, 9),
        st.text(max_size=60),
        st.sampled_from(["multiple_choice", "true_false", "short_answer", "coding"]),
        st.text(max_size=9),
        st.sampled_from(["en", "de-AT", "es_MX", "fr", "zh", ""]),
    )
)
def test_any_text_can_be_judged_and_mended(item: Item) -> None:
    better, rules = mended(item)
    assert set(rules).isdisjoint(fault.rule for fault in faults(better))
    assert len(sifted([item, better]).items) <= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", (12.0, "")),
        ("−3.5 °C", (-3.5, "°c")),
        ("1,200 km", (1200.0, "km")),
        ("1.200.000 km", (1_200_000.0, "km")),
        ("1 200 km", (1200.0, "km")),
        ("3,5 kg", (3.5, "kg")),
        ("$5", (5.0, "$")),
        ("chapter 5", None),
        ("5 of 9", None),
        ("", None),
        ("²", None),
        ("1.2.3", None),
    ],
)
def test_numbers(text: str, expected: tuple[float, str] | None) -> None:
    assert number_of(text) == expected


def test_counts_add_up() -> None:
    total = summed([Gates({"a": 1}, {"b": 2}, 1), Gates({"a": 2}), Gates(dropped={"c": 1}, repairs=1)])
    assert total == Gates({"a": 3}, {"b": 2, "c": 1}, 2)
    assert Counter(total.mended).total() == 3
