"""What the gates did, as it is counted: with each draft, in a course's metadata, and on each instance."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class Gates(msgspec.Struct, frozen=True):
    """How often each rule (`Rule`, `CourseRule`) was mended mechanically, and how often it made something be dropped.

    `repairs` is the number of rounds in which a model was asked to mend its own draft.
    """

    mended: dict[str, int] = {}
    dropped: dict[str, int] = {}
    repairs: int = 0

    def plus(self, other: "Gates") -> "Gates":
        """Both together."""
        return summed((self, other))


def summed(gates: Iterable[Gates]) -> Gates:
    """All of them together."""
    mended: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    repairs = 0
    for one in gates:
        mended.update(one.mended)
        dropped.update(one.dropped)
        repairs += one.repairs
    return Gates(mended=dict(mended), dropped=dict(dropped), repairs=repairs)


def counted(rules: Mapping[Any, int]) -> dict[str, int]:
    """Rules by how often they counted, without those that did not."""
    return {str(rule): count for rule, count in rules.items() if count}
