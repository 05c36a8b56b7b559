"""Questions without a model: sound by the gates, in any script, and none where nothing honest can be made."""

import time
import tomllib
from pathlib import Path

import pytest

from lyo_rt.language_models.outline.languages import language_of
from lyo_rt.language_models.outline.phrases import phrases_for
from lyo_rt.language_models.outline.questions import questions_of
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.outline.words import find_term, sentences_of
from lyo_rt.language_models.quality.items import Item, Kind, faults, set_faults

TEXTS = {
    language: text.replace("\n", "" if language in ("zh", "ja") else " ").strip()
    for language, text in tomllib.loads(
        Path(__file__).with_name("outline_texts.toml").read_text(encoding="utf-8")
    ).items()
}
KINDS: tuple[Kind, ...] = ("multiple_choice", "true_false", "short_answer")
PYTHON = (
    "A list grows with append.\n\n```python\n>>> xs = [1]\n>>> xs.append(2)\n>>> xs\n[1, 2]\n```\n\n"
    "```js\nconsole.log(2 + 3) // -> 5\n```\n"
)


def questions(text: str, kind: Kind, *, count: int = 20, locale: str = "en") -> list[Item]:
    return questions_of(text, count, kind, "intermediate", phrases_for(locale))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", TEXTS)
def test_every_script_gets_sound_questions_of_its_own_words(language: str, kind: Kind) -> None:
    text = TEXTS[language]
    found = questions(text, kind, locale=language)
    assert len(found) >= 2
    assert [fault for item in found for fault in faults(item)] == []
    assert {fault.rule for fault in set_faults(found)} <= {"key_position"}
    assert len({item.question for item in found}) == len(found)
    for item in found:
        assert item.locale == language
        if kind == "multiple_choice":
            assert all(find_term(option, text) for option in item.options), item
            blank = [line for line in sentences_of(text) if item.question.count("____") and line in item.explanation]
            assert all(find_term(item.right, line) for line in blank)
            assert not any(find_term(wrong, line) for line in blank for wrong in item.wrong)
        elif kind == "true_false":
            assert (item.question in text) == (item.key == 0)
        else:
            assert find_term(item.answer, text)


def test_true_and_false_are_about_as_many() -> None:
    keys = [item.key for item in questions(TEXTS["en"], "true_false")]
    assert abs(keys.count(0) - keys.count(1)) <= 1


def test_options_do_not_tell_by_their_form() -> None:
    """No a before a vowel, no capital that stands alone, no plural among singulars."""
    text = (
        "An enzyme is a protein that speeds a reaction up. The stomach makes an acid from salt. An egg holds a yolk "
        "and a shell. The cook adds an onion to the soup. The baker adds a yeast to the dough. An oven gives the bread "
        "a crust. The Nile feeds Egypt with its water. The Rhine feeds Holland with its water."
    )
    for item in questions(text, "multiple_choice"):
        before = item.question.split("____")[0].split()
        if "____" in item.question:
            assert len({option[0].isupper() for option in item.options}) == 1, item
            assert len({option.endswith("s") for option in item.options}) == 1, item
            if before and before[-1] in ("a", "an"):
                assert len({option[0] in "aeiou" for option in item.options}) == 1, item


def test_programs_are_asked_by_the_output_the_text_shows() -> None:
    session, line = questions(PYTHON, "coding")
    assert (session.answer, line.answer) == ("[1, 2]", "5")
    assert "```js\nconsole.log(2 + 3)\n```" in line.question
    assert questions(TEXTS["en"], "coding") == []


BEES = (
    "Honey bees live in colonies. A colony has one queen, who lays all the eggs of the hive. Worker bees gather nectar "
    "from flowers all day. Nectar is stored in wax cells and dried until it becomes honey. In winter the bees form a "
    "cluster and eat the honey they have stored. A swarm leaves the hive when the colony has grown too large."
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_of_a_short_text_is_asked_about(kind: Kind) -> None:
    found = questions(BEES, kind)
    assert [fault for item in found for fault in faults(item)] == []
    assert {line for line in sentences_of(BEES) for item in found if line in item.explanation} == {*sentences_of(BEES)}


def test_where_a_sentence_begins_every_option_has_a_capital() -> None:
    text = (
        "Oxygen is set free when water is split. Sugar is made in the stroma of the plant. Chlorophyll absorbs light "
        "in every green plant. Usually the stomata are open by day. Boil the leaves for the test."
    )
    found = questions(text, "multiple_choice")
    begun = [item for item in found if item.question.split("“")[1].startswith("____")]
    assert "Oxygen" in {item.right for item in begun}
    assert all(option[0].isupper() for item in begun for option in item.options)
    assert not {"Usually", "Boil"} & {item.right for item in found}


@pytest.mark.parametrize("kind", KINDS)
def test_neither_a_sentence_cut_short_nor_a_program_is_asked_about(kind: Kind) -> None:
    found = questions(f'>>> len("nectar")\n6\n\n>>> hive = 1\n\n{BEES} A swarm of the queen flies to a new nes', kind)
    assert found
    assert not any(part in item.explanation for item in found for part in ("nes”", ">>>"))


def test_a_question_does_not_hold_the_answer_to_another() -> None:
    """A definition that is asked about is not completed as well, where the answer is to be named."""
    text = f"A drone is a male bee without any sting. {BEES}"
    found = [item for item in questions(text, "short_answer") if "male bee" in item.explanation]
    assert [item.answer for item in found] == ["drone"]


def test_a_glossary_is_asked_about() -> None:
    text = (
        "- **Queen**: lays all the eggs of a colony\n- **Drone**: a male bee without a sting\n"
        "- **Nectar** – the sugary juice of flowers\n- **Swarm**: bees that leave with their mother\n"
    )
    found = questions(text, "multiple_choice")
    assert {item.right for item in found} == {"Queen", "Drone", "Nectar", "Swarm"}
    assert [fault for item in found for fault in faults(item)] == []
    assert questions(text, "true_false") == []
    assert "Nectar" in [item.answer for item in questions(text, "short_answer")]


@pytest.mark.parametrize("kind", [*KINDS, "coding"])
@pytest.mark.parametrize(
    "text",
    [
        "😀🎉 🚀✨ 😀🎉 🚀✨ 😀🎉 🚀✨ 😀🎉 🚀✨ 😀🎉 🚀✨ 😀🎉 🚀✨",
        " \n\t \u3000 " * 20,
        "? ? ? ! ! ! . . . 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
        "การสังเคราะห์ด้วยแสงคือกระบวนการที่พืชสีเขียวเปลี่ยนแสงเป็นพลังงานเคมี",
        "x" * 50,
        "Is this so? And that? Who knows? What does it mean? Why?",
    ],
    ids=["emoji", "space", "numbers", "thai", "one word", "only questions"],
)
def test_where_nothing_honest_can_be_made_there_is_nothing(text: str, kind: Kind) -> None:
    assert questions(text, kind) == []


def test_fifty_characters_give_what_they_hold_and_no_more() -> None:
    text = "A verb is a word that names an action or a state.."
    assert len(text) == 50
    assert questions(text, "multiple_choice") == []
    assert [item.answer for item in questions(text, "short_answer")] == ["verb"]


@pytest.mark.parametrize("language", TEXTS)
def test_five_thousand_characters_are_read_in_a_bounded_time(language: str) -> None:
    text = (TEXTS[language] * 40)[:5000]
    began = time.perf_counter()
    found = questions(text, "multiple_choice", locale=language)
    assert found
    assert time.perf_counter() - began < 1.0


def test_the_same_text_gets_the_same_questions() -> None:
    assert questions(TEXTS["de"], "multiple_choice") == questions(TEXTS["de"], "multiple_choice")


def test_advanced_learners_are_asked_for_the_rarer_terms_first() -> None:
    english = phrases_for("en")
    easy, hard = (questions_of(TEXTS["en"], 3, "short_answer", level, english) for level in ("beginner", "advanced"))
    terms = Terms(sentences_of(TEXTS["en"]), "en")
    assert sum(terms.count(item.answer) for item in hard) < sum(terms.count(item.answer) for item in easy)


@pytest.mark.parametrize(("language", "text"), [*TEXTS.items(), ("uk", "Рослини будують цукор із вуглекислого газу.")])
def test_the_language_is_told_from_the_text(language: str, text: str) -> None:
    assert language_of(text, "fr" if language == "en" else "en") == language


@pytest.mark.parametrize("text", ["", "12 + 3", "😀", "xyzzy"])
def test_a_text_that_tells_nothing_is_in_the_language_hinted_at(text: str) -> None:
    assert language_of(text, "de") == "de"


def test_sentences_are_cut_where_people_would() -> None:
    assert sentences_of("Dr. Smith paid 3.5 dollars, e.g. for tea. Then he left.") == [
        "Dr. Smith paid 3.5 dollars, e.g. for tea.",
        "Then he left.",
    ]
    assert len(sentences_of(TEXTS["zh"])) == 8
    assert len(sentences_of("ما هذا؟ هذا كتاب.")) == 2
