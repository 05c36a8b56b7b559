"""Which steps a course takes, and how far each brings it. Pure."""

from collections.abc import Iterator

import msgspec

from lyo_rt.language_models.tasks import CoursePlan

PLAN = "outline"
ASSEMBLE = "assemble"


class LessonStep(msgspec.Struct, frozen=True):
    """Lesson `lesson` of module `module`, both 0-based; `position` is its 1-based place in the course."""

    module: int
    lesson: int
    position: int

    @property
    def name(self) -> str:
        """As stored, 1-based: `lesson:2.3`."""
        return f"lesson:{self.module + 1}.{self.lesson + 1}"


class AssessmentStep(msgspec.Struct, frozen=True):
    """What closes module `module` (0-based); it stands in the course as its last lesson, at `position`."""

    module: int
    position: int

    @property
    def name(self) -> str:
        """As stored, 1-based: `quiz:2`."""
        return f"quiz:{self.module + 1}"


def steps(plan: CoursePlan) -> Iterator[LessonStep | AssessmentStep]:
    """All steps between outline and assembly, in the order of the course."""
    position = 0
    for module, planned in enumerate(plan.modules):
        for lesson in range(len(planned.lessons)):
            position += 1
            yield LessonStep(module, lesson, position)
        position += 1
        yield AssessmentStep(module, position)


def percent(done: int, plan: CoursePlan) -> int:
    """Progress after `done` of the plan's steps: the outline is worth 5, the assembly the last 1."""
    total = sum(1 for _ in steps(plan))
    return 5 + (94 * done) // total
