"""A relation between a teacher and a student, as either reads it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

State = Literal["invited", "active", "declined", "ended"]


class Party(msgspec.Struct, frozen=True):
    """One of the two."""

    id: UUID
    full_name: str


class Teaching(msgspec.Struct, frozen=True):
    """An invitation, or what became of it.

    `student` is null until it was accepted; `email` is whom it was addressed to, until then, as the teacher wrote it.
    """

    id: UUID
    state: State
    teacher: Party
    student: Party | None
    email: str | None
    created_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
