"""What a language must be able to say."""

from typing import Literal

import msgspec

from lyo_rt.language_models.tasks import Level, Style

StageName = Literal["orientation", "vocabulary", "workings", "goals", "practice", "connections", "limits", "review"]


class Guide(msgspec.Struct, frozen=True):
    """One guided lesson: what to ask, what to look for, what to do. Each is written by hand, none states a fact."""

    title: str
    focus: str
    opening: str
    questions: tuple[str, ...]
    look_for: tuple[str, ...]
    exercise: str
    instructions: str


class Check(msgspec.Struct, frozen=True):
    """A question about how to study; the first option is the right one."""

    question: str
    options: tuple[str, str, str, str]
    explanation: str


class Stage(msgspec.Struct, frozen=True):
    """One step of the way into a subject."""

    title: str
    summary: str
    objective: str
    lessons: tuple[Guide, ...]
    check: Check


class Reading(msgspec.Struct, frozen=True):
    """Phrases for a course made of a given text."""

    description: str
    module_summary: str
    objective: str
    focus: str
    summary: str
    passage: str
    main_points: str
    questions_heading: str
    questions: tuple[str, ...]
    quoting: tuple[str, ...]
    definition: str
    exercise: tuple[str, ...]
    instructions: tuple[str, ...]
    cloze: str
    cloze_explanation: str
    which_term: str


class Structure(msgspec.Struct, frozen=True):
    """Questions about the module's own plan."""

    focus: str
    exercise: str
    objective: str
    explanation: str


FlowName = Literal["loop", "branch", "error", "leave"]
ConstructName = Literal["definition", "loop", "branch", "error", "leave", "import"]


class CodePhrases(msgspec.Struct, frozen=True):
    """What can be said of code by its structure alone. `flow` is keyed loop, branch, error and leave."""

    opening: str
    defines: str
    defines_nothing: str
    no_meaning: str
    no_answer: str
    unread: str
    imports: str
    definition: str
    inside: str
    loose: str
    comment: str
    flow: dict[FlowName, str]
    terms: dict[ConstructName, tuple[str, str]]
    ask_definition: str
    ask_flow: dict[FlowName, str]
    ask_trace: str
    ask_language: str


class QuizPhrases(msgspec.Struct, frozen=True):
    """Questions from a text, beside those of `Reading`."""

    true: str
    false: str
    name: str
    output: str
    output_explanation: str


class Advice(msgspec.Struct, frozen=True):
    """Why a course may suit a learner."""

    shares: tuple[str, ...]
    level: str
    language: str


class Phrases(msgspec.Struct, frozen=True):
    """All of one language."""

    language: str
    title: str
    description: str
    prerequisite: str
    everyday: tuple[str, str]
    guiding_questions: str
    look_for: str
    how_to_work: str
    where_to_look: str
    assessment_title: str
    search_title: str
    definition: tuple[str, ...]
    levels: dict[Level, str]
    styles: dict[Style, str]
    stages: dict[StageName, Stage]
    reading: Reading
    structure: Structure
    code: CodePhrases
    quiz: QuizPhrases
    advice: Advice
