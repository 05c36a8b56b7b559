"""Code explained without a model: its structure, in every language that is read, in a bounded time."""

import time
import tomllib
from pathlib import Path

import pytest

from lyo_rt.language_models.code_tasks import CodeExplanation, ExplainCode, code_faults, lines_of
from lyo_rt.language_models.outline.code import explanation_of
from lyo_rt.language_models.outline.code.grammars import GRAMMARS
from lyo_rt.language_models.outline.code.languages import language_of
from lyo_rt.language_models.outline.code.reading import structure_of
from lyo_rt.language_models.outline.phrases import phrases_for

SAMPLES = tomllib.loads(Path(__file__).with_name("outline_code.toml").read_text(encoding="utf-8"))
HOSTILE = (
    *("(", "{", '"', "'a", "/*", "#", "\\", "<", "$", "a ", "1.", "=~/", "<<A\n", "`", "[[", "//", "\n", " ", "?"),
    *("def a(", "class ", "public static ", "int ", "a<b,", "if(", "func ", "select ", "=> ", '"""', "f(){", "@a "),
)


def explained(code: str, *, language: str | None = None, locale: str = "en") -> CodeExplanation:
    task = ExplainCode(code=code, language=language, locale=locale)
    explanation = explanation_of(task, phrases_for(locale))
    assert code_faults(task, explanation) == []
    return explanation


def test_every_language_that_is_read_has_a_sample() -> None:
    assert SAMPLES.keys() == GRAMMARS.keys()


@pytest.mark.parametrize("language", GRAMMARS)
def test_a_language_is_told_by_its_marks_and_its_names_are_found(language: str) -> None:
    assert language_of(SAMPLES[language]["code"], None) == language
    structure = structure_of(SAMPLES[language]["code"], GRAMMARS[language])
    assert [one.name for one in structure.defined] == SAMPLES[language]["names"]


def test_parts_name_their_lines_and_quote_the_comments() -> None:
    explanation = explained(SAMPLES["python"]["code"])
    imports, mean = explanation.parts
    assert (imports.first_line, imports.last_line) == (1, 1)
    assert "`import os`" in imports.explanation
    assert (mean.first_line, mean.last_line) == (4, 8)
    for told in ("`mean`", "repeated (line 5)", "condition (line 6)", "(line 7)", "(line 8)", "“the mean”"):
        assert told in mean.explanation
    assert [term.term for term in explanation.terms] == [
        "definition",
        "loop",
        "branch",
        "exception",
        "return",
        "import",
    ]
    assert any("loop in line 5" in question for question in explanation.questions)


@pytest.mark.parametrize(("locale", "word"), [("en", "without a language model"), ("de", "ohne Sprachmodell")])
def test_it_says_what_it_is(locale: str, word: str) -> None:
    assert word in explained(SAMPLES["go"]["code"], locale=locale).summary


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("def mean(values):\n    return sum(values) / len(values)\n", "python"),
        ("async def wait(seconds: float) -> None:\n    await sleep(seconds)", "python"),
        ("def mean(xs)\n  xs.sum / xs.size\nend", "ruby"),
    ],
)
def test_a_few_lines_are_enough(code: str, language: str) -> None:
    assert language_of(code, None) == language


@pytest.mark.parametrize(
    ("code", "language"),
    [("MOVE A TO B.", None), (SAMPLES["python"]["code"], "brainfuck"), ("你好，世界", None), ("😀", None)],
)
def test_a_language_that_is_not_read_gets_no_structure_rather_than_a_wrong_one(code: str, language: str | None) -> None:
    explanation = explained(code, language=language)
    assert (explanation.parts, explanation.terms) == ([], [])
    assert "not read here" in explanation.summary


@pytest.mark.parametrize("said", ["Python", "python3", "C++", "c#", "JS", "Golang", " Shell "])
def test_languages_have_the_names_people_use(said: str) -> None:
    assert language_of("", said) in GRAMMARS


def test_what_stands_in_strings_and_comments_defines_nothing() -> None:
    code = 's = "def fake(): pass"\n# def other():\nt = """\ndef third():\n"""\n\ndef real():\n    return s\n'
    assert [one.name for one in structure_of(code, GRAMMARS["python"]).defined] == ["real"]


def test_lines_are_counted_as_an_editor_does() -> None:
    assert lines_of("a\r\nb\rc\n\u2028d") == ["a", "b", "c", "\u2028d"]
    code = "x = 1\r\n\r\ndef f():\r\n    return x\r\n"
    assert [part.first_line for part in explained(code, language="python").parts] == [1, 3]


@pytest.mark.parametrize("language", GRAMMARS)
def test_hostile_code_takes_a_bounded_time(language: str) -> None:
    """20,000 characters each; Pygments' lexers took up to 45 s for some of these."""
    for unit in HOSTILE:
        began = time.perf_counter()
        explained((unit * 20_000)[:20_000], language=language)
        language_of((unit * 20_000)[:20_000], None)
        assert time.perf_counter() - began < 2.0, unit
