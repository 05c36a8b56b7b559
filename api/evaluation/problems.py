"""The course of worked problems that the dialogues are about, from its TOML file."""

import tomllib
from importlib.resources import files
from typing import Annotated, Literal

import msgspec

from api.evaluation.scores.leaks import Key
from lyo_rt.language_models.tasks import KeyTerm, Minutes, Text

Subject = Literal["maths", "code", "history", "biology"]


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A lesson that ends in a problem whose answer is known: `answer` in words, `key` in all its forms.

    `solution` and `mistakes` are for the tutor alone.
    """

    name: str
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] = "en"
    subject: Subject
    title: Text
    summary: Text
    minutes: Minutes
    text: Text
    statement: Text
    answer: Text
    solution: Text
    mistakes: list[str]
    key_terms: list[KeyTerm]
    key: Key

    @property
    def shown(self) -> tuple[str, ...]:
        """Everything of it that a learner sees."""
        terms = (f"{term.term}: {term.definition}" for term in self.key_terms)
        return (self.title, self.summary, self.text, self.statement, *terms)


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, a lesson each."""

    title: Text
    description: Text
    problems: list[Problem]


def read_course() -> Course:
    """From its file. Blocks for a few milliseconds."""
    text = files(__package__).joinpath("data", "problems.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Course)
