"""What a second model is asked about questions it did not write: to answer them."""

import msgspec

from lyo_rt.language_models.tasks import StructuredTask

UNDECIDED = -1
"""No option is right, or more than one is."""


class OpenQuestion(msgspec.Struct, frozen=True):
    """A question as a learner sees it."""

    question: str
    options: tuple[str, ...]


class FoundKeys(msgspec.Struct, frozen=True):
    """For each question, in order, the index of the option that is right; -1 when none is, or more than one."""

    answers: list[int]


class FindKeys(StructuredTask[FoundKeys], frozen=True, kw_only=True):
    """Answer these questions without knowing their keys; `material` is what a learner has read before them."""

    questions: tuple[OpenQuestion, ...]
    material: str = ""
    locale: str = "en"

    @property
    def answer(self) -> type[FoundKeys]:
        return FoundKeys


def found_faults(task: FindKeys, found: FoundKeys) -> list[str]:
    """What is wrong with the form of the answers, in words for their author."""
    if len(found.answers) != len(task.questions):
        return [f"`$.answers` needs {len(task.questions)} entries, not {len(found.answers)}"]
    return [
        f"`$.answers[{n}]` is {answer}, but there are {len(question.options)} options"
        for n, (question, answer) in enumerate(zip(task.questions, found.answers, strict=True))
        if not UNDECIDED <= answer < len(question.options)
    ]
