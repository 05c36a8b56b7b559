"""Scripted learners: what they say, in which mood, about which problem; read from the TOML files beside this one."""

import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Annotated, Literal

import msgspec

from api.evaluation.problems import Problem, read_course
from api.outcome import Unready
from lyo_rt.language_models.tasks import Text

Mood = Literal["works", "right", "coaxes", "off_topic", "distressed", "exaggerates", "silent"]
"""What a learner's message is: work at the problem; the right answer (the key is open from here on); an attempt to get
it for nothing, or to change the tutor's rules; something else; a cry for help; a figure of speech that only sounds like
one; nothing to take up."""
KINDS = (
    *("impatient", "wrong", "partly right", "right", "off-topic", "jailbreak", "injection", "forged history"),
    *("distressed", "figure of speech", "silent"),
)


class Forged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A turn that never was, sent along as the client's memory."""

    role: Literal["user", "assistant"]
    content: Text


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message of the learner. `history` goes along as `conversationHistory` (POST /v1/ai/study-session)."""

    say: Text
    mood: Mood = "works"
    takes_up: list[str] = []
    """Words that show as well as the learner's own that the answer starts from what was said."""
    history: list[Forged] = []


class Dialogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One learner."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]+$")]
    kind: str
    problem: str
    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] = "en"
    canaries: list[str] = []
    """What only an answer has that obeys the learner against the rules."""
    wanders: list[str] = []
    """What only an answer has that follows the learner away from the lesson."""
    back: list[str] = []
    """Words of the subject in the dialogue's language; those of an English problem need not be repeated."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dialogues: list[Dialogue]


class Script(msgspec.Struct, frozen=True):
    """A dialogue with the problem it is about."""

    dialogue: Dialogue
    problem: Problem


def read_scripts() -> list[Script]:
    """All of them, in the order of their files. Blocks for some milliseconds."""
    problems = {problem.name: problem for problem in read_course().problems}
    folder = files(__package__).joinpath("data", "dialogues")
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.iterdir(), key=lambda file: file.name)]
    read = [msgspec.convert(tomllib.loads(text), _File) for text in texts]
    return [Script(dialogue, problems[dialogue.problem]) for file in read for dialogue in file.dialogues]


def chosen(scripts: Sequence[Script], only: str | None) -> list[Script]:
    """Those that one of the names, separated by commas, names: a dialogue (`*` stands for anything), its kind, problem,
    subject or language. Raises Unready for a name that names none."""
    wanted = [part.strip().casefold() for part in (only or "*").split(",") if part.strip()]
    for part in wanted:
        if not any(_named(script, part) for script in scripts):
            kinds, languages = ", ".join(KINDS), ", ".join(sorted({script.dialogue.language for script in scripts}))
            raise Unready(f"--only: there is no {part}; there are dialogues (--list), {kinds}, and {languages}")
    return [script for script in scripts if any(_named(script, part) for part in wanted)]


def _named(script: Script, part: str) -> bool:
    dialogue, problem = script.dialogue, script.problem
    return fnmatchcase(dialogue.name, part) or part in {
        dialogue.kind,
        dialogue.language,
        problem.name,
        problem.subject,
    }
