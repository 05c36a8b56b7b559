"""A study room as its members see it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec


class Member(msgspec.Struct, frozen=True):
    """A learner who is in the room, with however many devices."""

    user: UUID
    name: str
    since: datetime


class Roster(msgspec.Struct, frozen=True):
    """The room as it stands at `seq` of the course's stream: events behind that change it.

    `members`: those who have been there longest; `count`: all there are.
    """

    members: Sequence[Member]
    count: int
    epoch: int
    seq: int
