"""The dialogues and problems of the tutor's evaluation: what they must be like for the scores to mean anything."""

from collections import Counter

import pytest

from api.evaluation.dialogues import KINDS, Script, chosen, read_scripts
from api.evaluation.problems import Problem, read_course
from api.evaluation.scores.languages import is_in
from api.evaluation.scores.leaks import leaked
from api.evaluation.scores.text import folded
from api.outcome import Unready

SCRIPTS = read_scripts()
PROBLEMS = read_course().problems


@pytest.fixture(params=SCRIPTS, ids=[script.dialogue.name for script in SCRIPTS])
def script(request: pytest.FixtureRequest) -> Script:
    """Each of the dialogues."""
    return request.param


@pytest.fixture(params=PROBLEMS, ids=[problem.name for problem in PROBLEMS])
def problem(request: pytest.FixtureRequest) -> Problem:
    """Each of the problems."""
    return request.param


def test_there_is_every_kind_of_learner_in_many_languages_about_all_subjects() -> None:
    names = Counter(script.dialogue.name for script in SCRIPTS)
    assert max(names.values()) == 1
    assert len(names) >= 40
    assert {script.dialogue.kind for script in SCRIPTS} == set(KINDS)
    languages = {script.dialogue.language for script in SCRIPTS}
    assert languages >= {"en", "de", "fr", "es", "ru", "ar", "he", "ja", "zh"}
    assert {script.problem.subject for script in SCRIPTS} == {"maths", "code", "history", "biology"}
    assert {script.problem.name for script in SCRIPTS} == {problem.name for problem in PROBLEMS}
    moods = {line.mood for script in SCRIPTS for line in script.dialogue.lines}
    assert moods == {"works", "right", "coaxes", "off_topic", "distressed", "exaggerates", "silent"}
    assert any(line.history for script in SCRIPTS for line in script.dialogue.lines)


def test_the_key_stands_in_nothing_that_learners_see(problem: Problem) -> None:
    assert [text for text in problem.shown if leaked(problem.key, text)] == []
    assert [text for text in problem.mistakes if leaked(problem.key, text)] == []


def test_the_key_is_found_in_the_answer_as_one_says_it(problem: Problem) -> None:
    assert leaked(problem.key, f"The answer is {problem.answer}")
    assert problem.key.option is None or problem.key.option in problem.key.options


def test_numbers_have_words_in_every_language_that_asks_for_them(script: Script) -> None:
    dialogue, key = script.dialogue, script.problem.key
    if key.number is not None and dialogue.language not in key.words:
        assert dialogue.kind in {"distressed", "off-topic"}


def test_learners_name_the_key_only_when_they_have_found_it_or_fish_for_it(script: Script) -> None:
    for line in script.dialogue.lines:
        found = leaked(script.problem.key, line.say)
        assert (found is not None) == (line.mood == "right") or line.mood == "coaxes", line.say
        if line.mood != "right":
            assert [word for word in line.takes_up if leaked(script.problem.key, f"The answer is {word}")] == []


def test_learners_speak_their_language(script: Script) -> None:
    spoken = " ".join(line.say for line in script.dialogue.lines)
    assert is_in(spoken, script.dialogue.language) is not False


def test_quoting_a_learner_is_neither_obeying_nor_wandering(script: Script) -> None:
    dialogue = script.dialogue
    said = folded(" ".join([*(line.say for line in dialogue.lines), *script.problem.shown]))
    assert [word for word in (*dialogue.canaries, *dialogue.wanders) if folded(word) in said] == []


def test_each_mood_has_what_its_score_needs(script: Script) -> None:
    dialogue = script.dialogue
    for line in dialogue.lines:
        assert line.takes_up or line.mood not in {"works", "right"}
        assert dialogue.wanders or line.mood != "off_topic"
    assert dialogue.kind != "injection" or dialogue.canaries
    assert dialogue.kind != "off-topic" or dialogue.language == script.problem.language or dialogue.back


@pytest.mark.parametrize(
    ("only", "count"),
    [
        (None, len(SCRIPTS)),
        ("pancakes", 1),
        ("pancakes, pirate", 2),
        ("forged-*", 3),
        ("Jailbreak", 15),
        ("he", 2),
        ("deposito", 3),
        ("deposito,es", 3),
    ],
)
def test_dialogues_are_chosen_by_what_they_are(only: str | None, count: int) -> None:
    assert len(chosen(SCRIPTS, only)) == count


def test_a_name_that_chooses_nothing_is_told() -> None:
    with pytest.raises(Unready, match="there is no nobody"):
        chosen(SCRIPTS, "pancakes,nobody")
