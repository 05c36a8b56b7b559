"""A task as clients watch it."""

from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.language_models.port import Written
from lyo_rt.language_models.tasks import CourseBrief

KIND = "generation"
"""The kind of lease under which tasks are worked on."""

TERMINAL = frozenset({"DONE", "ERROR", "CANCELLED"})


class TaskProgress(msgspec.Struct, frozen=True):
    """The four members of the seeds: what the simple door sends, and what every `progress` event carries."""

    state: str
    progress_pct: int = msgspec.field(name="progressPct")
    message: str | None
    result_id: UUID | None = msgspec.field(name="resultId")


class TaskRecord(msgspec.Struct, frozen=True):
    """One task with its progress; `code` is that of the problem it ended with, if it ended so, and `retry_at` when it
    makes sense to ask again."""

    task_id: UUID
    kind: str
    state: str
    progress_pct: int = msgspec.field(name="progressPct")
    message: str | None
    result_id: UUID | None = msgspec.field(name="resultId")
    provisional_course_id: UUID | None
    created_at: datetime = msgspec.field(name="createdAt")
    updated_at: datetime = msgspec.field(name="updatedAt")
    code: str | None = None
    retry_at: datetime | None = None

    @property
    def progress(self) -> TaskProgress:
        """Only the four members."""
        return TaskProgress(self.state, self.progress_pct, self.message, self.result_id)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in TERMINAL


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a kick-off."""

    task_id: UUID
    provisional_course_id: UUID


class Work(msgspec.Struct, frozen=True):
    """What a generation actor needs to begin or to go on."""

    user_id: UUID
    course_id: UUID
    state: str
    brief: CourseBrief


class Step(msgspec.Struct, frozen=True):
    """A finished step: paid for, never asked again."""

    step: str
    result: msgspec.Raw
    written: Written
