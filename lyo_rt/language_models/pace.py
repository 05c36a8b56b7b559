"""How large a course is: modules, lessons and minutes from the weeks a learner gave."""

import msgspec

from lyo_rt.language_models.tasks import CourseBrief

MINUTES_A_WEEK = 180
"""Three hours of study a week, what a part-time course usually asks."""


class Pace(msgspec.Struct, frozen=True):
    """Modules of the course, lessons in each, and minutes of all lessons together."""

    modules: int
    lessons: int
    minutes: int


def pace_of(brief: CourseBrief) -> Pace:
    """The size of the course for `brief`.

    One module a week within the 4 to 12 of SPEC §5, and room for each objective; without weeks, 5 modules of three
    lessons of 15 minutes.
    """
    if brief.weeks is None:
        modules = min(12, max(5, len(brief.objectives)))
        return Pace(modules, 3, modules * 3 * 15)
    modules = min(12, max(4, brief.weeks))
    minutes = brief.weeks * MINUTES_A_WEEK
    lessons = min(6, max(2, round(minutes / modules / 30)))
    return Pace(modules, lessons, minutes)


def share_minutes(total: int, parts: int) -> list[int]:
    """`total` minutes in `parts` lessons, in steps of 5, adding up to `total` where the limits of 5 to 600 allow it."""
    whole = max(5 * parts, min(600 * parts, total))
    shares = [whole * (n + 1) // parts // 5 * 5 - whole * n // parts // 5 * 5 for n in range(parts)]
    shares[-1] += whole - sum(shares)
    return [max(5, min(600, share)) for share in shares]
