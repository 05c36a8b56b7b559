"""How well each rule tells flawed items from sound ones: precision and recall over the fixture, as a table."""

import pytest

from lyo_rt.language_models.quality.items import Rule, faults
from lyo_rt.language_models.quality.mending import mended
from tests.lyo_rt.quality_fixture import FLAWED, SOUND

LEAST = 0.95
RULES = sorted({rule for _, rules in FLAWED for rule in rules})


def found(place: int) -> frozenset[Rule]:
    return frozenset(fault.rule for fault in faults(FLAWED[place][0]))


def test_the_fixture_is_large_enough() -> None:
    assert len(FLAWED) >= 60
    assert len(SOUND) >= 60
    assert {item.language for item, _ in FLAWED} == {"en", "de", "es", "fr"}


@pytest.mark.parametrize("rule", RULES)
def test_precision_and_recall(rule: Rule) -> None:
    told = [rule in found(place) for place in range(len(FLAWED))]
    meant = [rule in rules for _, rules in FLAWED]
    false_alarms = [item.question for item in SOUND if rule in {fault.rule for fault in faults(item)}]
    right = sum(one and other for one, other in zip(told, meant, strict=True))
    precision = right / max(1, sum(told) + len(false_alarms))
    recall = right / sum(meant)
    print(f"{rule:<24} items {sum(meant):>2}  precision {precision:.2f}  recall {recall:.2f}  {false_alarms}")
    assert precision >= LEAST
    assert recall >= LEAST


def test_sound_items_pass_and_are_not_changed() -> None:
    passed = [item for item in SOUND if mended(item) == (item, [])]
    assert len(passed) / len(SOUND) >= LEAST


def test_what_no_meaning_depends_on_is_mended() -> None:
    mendable = {
        "catch_all_option", "repeated_option", "near_equal_options", "labelled_option", "unmarked_negation",
        "unsorted_numbers", "explanation_by_letter", "grammar_cue",
    }  # fmt: skip
    for item, rules in FLAWED:
        better, _ = mended(item)
        if rules <= mendable:
            assert faults(better) == [], item.question
            assert better.right in (item.right, item.right.removesuffix("."), item.right[3:])
