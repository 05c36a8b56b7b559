"""Code to be explained: it is read, never run."""

import re
from typing import Annotated

import msgspec

from lyo_rt.language_models.tasks import KeyTerm, Level, StructuredTask, Text

LineNumber = Annotated[int, msgspec.Meta(ge=1)]


class CodePart(msgspec.Struct, frozen=True):
    """Some lines, counted from 1, both ends included, and what they do."""

    first_line: LineNumber
    last_line: LineNumber
    explanation: Text


class CodeExplanation(msgspec.Struct, frozen=True):
    """What a piece of code does, part by part.

    `language` is "" when it cannot be told. `pitfalls` are what goes wrong or may go wrong; `questions` lead on.
    """

    language: str
    summary: Text
    parts: Annotated[list[CodePart], msgspec.Meta(max_length=40)]
    terms: Annotated[list[KeyTerm], msgspec.Meta(max_length=20)]
    pitfalls: Annotated[list[Text], msgspec.Meta(max_length=10)]
    questions: Annotated[list[Text], msgspec.Meta(max_length=5)]


class ExplainCode(StructuredTask[CodeExplanation], frozen=True, kw_only=True):
    """Explain `code` in the language of `locale`; `language` is what the learner says it is written in."""

    code: str
    language: str | None = None
    question: str | None = None
    level: Level = "beginner"
    locale: str = "en"

    @property
    def answer(self) -> type[CodeExplanation]:
        return CodeExplanation


def lines_of(code: str) -> list[str]:
    """The lines of code as an editor counts them."""
    lines = re.split(r"\r\n|\r|\n", code)
    return lines if lines[-1] else lines[:-1]


def code_faults(task: ExplainCode, draft: CodeExplanation) -> list[str]:
    """Where the parts do not lie in the code, or run backwards; in words for the model."""
    lines = len(lines_of(task.code))
    faults = []
    for number, part in enumerate(draft.parts):
        if part.first_line > part.last_line:
            faults.append(f"`$.parts[{number}]` ends before it begins")
        if part.last_line > lines:
            faults.append(f"`$.parts[{number}]` names line {part.last_line}, but the code has {lines}")
    return faults
