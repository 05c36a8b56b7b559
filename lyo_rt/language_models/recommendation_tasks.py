"""Why a course may suit a learner: one sentence for each course."""

from typing import Annotated

import msgspec

from lyo_rt.language_models.tasks import StructuredTask, Text

RECOMMENDED_MAX = 20


class CourseOffered(msgspec.Struct, frozen=True):
    """A course that fits; `matched` are the learner's own words that it shares, the most telling first. `begun`: it is
    the learner's own, and not finished."""

    title: str
    description: str
    level: str
    matched: tuple[str, ...]
    objectives: tuple[str, ...] = ()
    begun: bool = False


class Reasons(msgspec.Struct, frozen=True):
    """One sentence a course, in the order of the courses."""

    reasons: Annotated[list[Text], msgspec.Meta(max_length=RECOMMENDED_MAX)]


class GiveReasons(StructuredTask[Reasons], frozen=True, kw_only=True):
    """Say of each course why it may suit a learner who studied `studied` and is interested in `interests`."""

    courses: tuple[CourseOffered, ...]
    studied: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    level: str | None = None
    locale: str = "en"

    @property
    def answer(self) -> type[Reasons]:
        return Reasons


def reasons_faults(task: GiveReasons, draft: Reasons) -> list[str]:
    """A sentence too many or too few; in words for the model."""
    if len(draft.reasons) == len(task.courses):
        return []
    return [f"`$.reasons` needs {len(task.courses)} entries, one for each course, not {len(draft.reasons)}"]
