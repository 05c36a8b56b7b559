"""The rules of item writing, each on an item that breaks it and one that does not; the key's place in a set."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo_rt.language_models.quality.items import Item, balanced, faults, fixed_order, set_faults

SOUND = Item(
    "Which pigment makes leaves look green?",
    ("Chlorophyll", "Carotene", "Melanin", "Anthocyanin"),
    0,
    "Chlorophyll reflects the middle of the spectrum; carotene looks orange.",
)


def changed(**fields: object) -> Item:
    return msgspec.structs.replace(SOUND, **fields)  # type: ignore[arg-type]


def rules(item: Item) -> list[str]:
    return [fault.rule for fault in faults(item)]


def test_a_sound_item_has_no_faults() -> None:
    assert faults(SOUND) == []


@pytest.mark.parametrize(
    "option",
    [
        "All of the above",
        "None of these",
        "Both A and B",
        "Alle oben genannten",
        "Keine der genannten Antworten",
        "Todas las anteriores",
        "Ninguna de las opciones",
        "Toutes ces réponses",
        "Aucune des propositions ci-dessus",
    ],
)
def test_an_option_that_stands_for_others_is_a_fault(option: str) -> None:
    assert rules(changed(options=("Chlorophyll", "Carotene", "Melanin", option))) == ["catch_all_option"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("Chlorophyll", "chlorophyll.", "Melanin"), ["repeated_option"]),
        (("Chlorophyll", "The cell walls", "a cell wall"), ["near_equal_options"]),
        (("Chlorophyll", "5", "-5"), []),
        (("Chlorophyll", "afferent", "efferent"), []),
        (("Chlorophyll", "part 1 of the wall", "part 2 of the wall"), []),
        (("`True`", "`true`", "`TRUE`"), []),
        (("A) Chlorophyll", "B) Carotene", "C) Melanin"), ["labelled_option"]),
        (("Chlorophyll", " ", "Melanin"), ["empty_text"]),
        (("Chlorophyll", "Melanin"), ["option_count"]),
        (("1,200 km", "900 km", "1.5 km"), []),
        (("900 km", "1,200 km", "1.5 km"), ["unsorted_numbers"]),
        (("3", "12 km", "4"), []),
    ],
)
def test_options(options: tuple[str, ...], expected: list[str]) -> None:
    assert rules(changed(options=options)) == expected


def test_a_key_must_point_at_an_option() -> None:
    assert rules(changed(key=4)) == ["key_out_of_range"]


def test_an_explanation_must_say_why() -> None:
    assert rules(changed(explanation=" ")) == ["missing_explanation"]
    assert rules(changed(explanation="Chlorophyll.")) == ["missing_explanation"]


def test_an_item_without_options_needs_its_answer() -> None:
    open_item = changed(options=(), key=None, kind="short_answer", answer="Chlorophyll")
    assert faults(open_item) == []
    assert rules(msgspec.structs.replace(open_item, answer="")) == ["missing_answer"]


def test_habits_of_a_set_are_faults() -> None:
    items = [changed(question=f"Question {n}?", options=("Chlorophylls", "Carotene", "Melanin")) for n in range(4)]
    assert [fault.rule for fault in set_faults(items)] == ["longest_is_key", "key_position"]
    assert set_faults(items[:3]) == []
    repeated = [items[0], changed(question=" question 0 ")]
    assert [(fault.rule, fault.items) for fault in set_faults(repeated)] == [("repeated_question", (1,))]


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
items = st.builds(
    lambda question, options, key, kind: Item(question, tuple(options), key % len(options), "Because it is so.", kind),
    texts,
    st.lists(texts, min_size=2, max_size=6, unique=True),
    st.integers(0, 5),
    st.sampled_from(["multiple_choice", "true_false"]),
)


@given(st.lists(items, max_size=12))
def test_balancing_keeps_what_is_right_and_is_the_same_twice(given: list[Item]) -> None:
    moved = balanced(given)
    for before, after in zip(given, moved, strict=True):
        assert after.right == before.right
        assert after.wrong == before.wrong
        assert not fixed_order(before) or after == before
    assert balanced(moved) == moved


@given(st.lists(st.sampled_from([3, 4, 5]), min_size=4, max_size=20))
def test_balanced_keys_stand_about_equally_often_in_each_place(sizes: list[int]) -> None:
    given = [
        Item(f"Question {n}?", tuple(f"option {chr(97 + place)}" for place in range(size)), 0, "Because it is so.")
        for n, size in enumerate(sizes)
    ]
    moved = balanced(given)
    assert "key_position" not in [fault.rule for fault in set_faults(moved)]
    places = [item.key for item in moved]
    assert max(places.count(place) for place in range(3)) - min(places.count(place) for place in range(3)) <= 1
