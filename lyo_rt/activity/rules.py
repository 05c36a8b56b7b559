"""When somebody learns. Pure."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from lyo_rt.activity.records import Patterns


def patterns(quarters: Iterable[datetime], zone: tzinfo) -> Patterns:
    """Days, weekdays and hours of these moments, by the clock on the learner's wall."""
    by_weekday, by_hour, days = [0] * 7, [0] * 24, set()
    for quarter in quarters:
        local = quarter.astimezone(zone)
        days.add(local.date())
        by_weekday[local.weekday()] += 1
        by_hour[local.hour] += 1
    return Patterns(len(days), by_weekday, by_hour)
