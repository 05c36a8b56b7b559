"""A course as clients get it: the normalised payload of the seeds (`lessons[]` with item ids, `items[]`) plus
`modules[]`. The records are the response shape; their SQL names the columns as the members are called."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class CourseSummary(msgspec.Struct, frozen=True):
    """A course in a list."""

    id: UUID
    slug: str | None
    title: str
    description: str
    status: str
    difficulty: str
    locale: str
    estimated_minutes: int
    is_published: bool
    created_at: datetime = msgspec.field(name="createdAt")


class ModuleRecord(msgspec.Struct, frozen=True):
    """One module; `planned` are the titles of all its lessons, also of those not yet written."""

    id: UUID
    title: str
    description: str
    order: int
    objectives: list[str]
    estimated_minutes: int
    planned: list[str]
    lessons: list[UUID]


class LessonRecord(msgspec.Struct, frozen=True):
    """One lesson; `items` in order, their bodies stand in the course's `items[]`."""

    id: UUID
    module_id: UUID
    title: str
    summary: str
    kind: str
    order: int
    estimated_minutes: int
    items: list[UUID]


class ItemRecord(msgspec.Struct, frozen=True):
    """One piece of content. `detail` holds what its type needs: key terms, questions (without their answers)."""

    id: UUID
    lesson_id: UUID
    type: str
    title: str
    content: str | None
    source: str
    source_url: str | None = msgspec.field(name="sourceUrl")
    duration: int | None
    detail: dict[str, Any]


class CourseRecord(msgspec.Struct, frozen=True):
    """A whole course; while it is `generating` it shows the lessons that are finished."""

    id: UUID
    slug: str | None
    title: str
    description: str
    status: str
    difficulty: str
    locale: str
    estimated_minutes: int
    objectives: list[str]
    prerequisites: list[str]
    is_published: bool
    is_ai_generated: bool
    content_version: int
    created_at: datetime = msgspec.field(name="createdAt")
    ai_generation_metadata: dict[str, Any]
    modules: list[ModuleRecord]
    lessons: list[LessonRecord]
    items: list[ItemRecord]


class NewItem(msgspec.Struct, frozen=True):
    """An item to be stored with its lesson."""

    type: str
    title: str
    content: str | None = None
    detail: dict[str, Any] = {}
    source: str = "generated"
    source_url: str | None = None
    duration: int | None = None


class NewLesson(msgspec.Struct, frozen=True):
    """A lesson to be stored; `position` is 1-based within the course and decides its id."""

    course_id: UUID
    module_position: int
    position: int
    title: str
    summary: str
    estimated_minutes: int
    items: tuple[NewItem, ...]
    kind: str = "lesson"


class NewModule(msgspec.Struct, frozen=True):
    """A module to be stored; `planned` are its lessons' titles."""

    title: str
    description: str
    objectives: list[str]
    estimated_minutes: int
    planned: list[str]
