"""The SQL of courses, one statement a function. Ids of modules, lessons and items follow from the course's id and
their places (UUIDv5), so storing one again after a takeover stores the same one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from lyo_rt.courses.records import (
    CourseRecord,
    CourseSummary,
    ItemRecord,
    LessonRecord,
    ModuleRecord,
    NewItem,
    NewLesson,
    NewModule,
)
from lyo_rt.database.changes import ONCE, Changes
from lyo_rt.database.pool import Queries, Transaction, many

_SUMMARY = """id, slug, title, description, status, difficulty, locale, estimated_minutes, is_published,
    created_at AS "createdAt" """


def module_id(course: UUID, position: int) -> UUID:
    """The id of the module at `position` (1-based)."""
    return uuid5(course, f"module:{position}")


def lesson_id(course: UUID, position: int) -> UUID:
    """The id of the lesson at `position` (1-based within the course)."""
    return uuid5(course, f"lesson:{position}")


def add_course(
    changes: Changes, id: UUID, user: UUID, *, title: str, difficulty: str, locale: str, behind: str = ONCE
) -> None:
    """A course that is about to be generated."""
    changes.add(
        "course",
        f"""
        INSERT INTO courses (id, user_id, title, difficulty, locale, status, is_ai_generated)
        SELECT $1, $2, $3, $4, $5, 'generating', true FROM {behind}
        """,  # noqa: S608  (the name of a part)
        id,
        user,
        title,
        difficulty,
        locale,
    )


async def existing_courses(queries: Queries, ids: Sequence[UUID]) -> set[UUID]:
    """Which of `ids` are courses."""
    rows = await queries.fetch("SELECT id FROM courses WHERE id = ANY($1)", ids)
    return {row["id"] for row in rows}


async def add_finished_course(
    transaction: Transaction,
    id: UUID,
    user: UUID,
    *,
    slug: str | None,
    title: str,
    difficulty: str,
    locale: str,
    is_published: bool = True,
) -> bool:
    """A course that people wrote; its outline and lessons follow in the same transaction.

    False, and nothing is changed, when the id or the slug is taken; whoever is adding it just now is waited for.
    """
    added = await transaction.fetchval(
        """
        INSERT INTO courses (id, user_id, slug, title, difficulty, locale, status, is_published)
        VALUES ($1, $2, $3, $4, $5, $6, 'completed', $7)
        ON CONFLICT DO NOTHING RETURNING true
        """,
        id,
        user,
        slug,
        title,
        difficulty,
        locale,
        is_published,
    )
    return bool(added)


def plan_course(
    changes: Changes,
    id: UUID,
    *,
    title: str,
    description: str,
    objectives: list[str],
    prerequisites: list[str],
    modules: Sequence[NewModule],
    behind: str = ONCE,
) -> None:
    """The outline: the course's own texts and all its modules."""
    changes.add(
        "course",
        f"""
        UPDATE courses SET title = $2, description = $3, objectives = $4, prerequisites = $5, estimated_minutes = $6,
            updated_at = now()
        FROM {behind} WHERE id = $1
        """,  # noqa: S608  (the name of a part)
        id,
        title,
        description,
        objectives,
        prerequisites,
        sum(module.estimated_minutes for module in modules),
    )
    changes.add(
        "modules_added",
        f"""
        INSERT INTO modules (id, course_id, position, title, description, objectives, estimated_minutes, planned)
        SELECT m.id, $1, m.position, m.title, m.description, m.objectives, m.estimated_minutes, m.planned
        FROM {behind}, jsonb_to_recordset($2::jsonb) AS m(id uuid, position int, title text, description text,
            objectives jsonb, estimated_minutes int, planned jsonb)
        ON CONFLICT DO NOTHING
        """,  # noqa: S608  (the name of a part)
        id,
        _placed(modules, lambda position: module_id(id, position)),
    )


def add_lesson(changes: Changes, lesson: NewLesson, *, behind: str = ONCE) -> UUID:
    """A finished lesson with its items; returns its id."""
    id = lesson_id(lesson.course_id, lesson.position)
    changes.add(
        "lesson",
        f"""
        INSERT INTO lessons (id, course_id, module_id, position, title, summary, kind, estimated_minutes)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM {behind}
        """,  # noqa: S608  (the name of a part)
        id,
        lesson.course_id,
        module_id(lesson.course_id, lesson.module_position),
        lesson.position,
        lesson.title,
        lesson.summary,
        lesson.kind,
        lesson.estimated_minutes,
    )
    changes.add(
        "items_added",
        f"""
        INSERT INTO items (id, course_id, lesson_id, position, type, title, content, detail, source, source_url,
                           duration)
        SELECT i.id, $1, $2, i.position, i.type, i.title, i.content, i.detail, i.source, i.source_url, i.duration
        FROM {behind}, jsonb_to_recordset($3::jsonb) AS i(id uuid, position int, type text, title text, content text,
            detail jsonb, source text, source_url text, duration int)
        """,  # noqa: S608  (the name of a part)
        lesson.course_id,
        id,
        _placed(lesson.items, lambda position: uuid5(id, f"item:{position}")),
    )
    return id


def _placed(parts: Sequence[NewModule | NewItem], name: Callable[[int], UUID]) -> list[dict[str, Any]]:
    """Rows for jsonb_to_recordset: each part with its place, counted from 1, and its id."""
    return [
        {"id": name(position), "position": position, **msgspec.structs.asdict(part)}
        for position, part in enumerate(parts, 1)
    ]


def finish_course(changes: Changes, id: UUID, status: str, generation: dict[str, Any], *, behind: str = ONCE) -> None:
    """The course is as it will be: `completed` or `failed`; `generation` says who wrote it."""
    changes.add(
        "course",
        f"""
        UPDATE courses SET status = $2, generation = $3, updated_at = now(), content_version = content_version + 1
        FROM {behind} WHERE id = $1
        """,  # noqa: S608  (the name of a part)
        id,
        status,
        generation,
    )


async def remove_course(transaction: Transaction, id: UUID) -> None:
    """Nothing of the course remains."""
    await transaction.execute("DELETE FROM courses WHERE id = $1", id)


async def visible_course(queries: Queries, reference: str, user: UUID) -> UUID | None:
    """The id of the course of this id or slug, if `user` may see it: an own or a published one."""
    found: UUID | None = await queries.fetchval(
        "SELECT id FROM courses WHERE (id::text = lower($1) OR slug = $1) AND (user_id = $2 OR is_published)",
        reference,
        user,
    )
    return found


async def owns_course(queries: Queries, id: UUID, user: UUID) -> bool:
    """Whether the course is the learner's own."""
    return bool(await queries.fetchval("SELECT true FROM courses WHERE id = $1 AND user_id = $2", id, user))


async def read_course(queries: Queries, id: UUID) -> CourseRecord | None:
    """The whole course. Lessons are read before items, so no lesson lacks its items."""
    course = await queries.fetchrow(
        f"""
        SELECT {_SUMMARY}, objectives, prerequisites, is_ai_generated, content_version,
            generation AS ai_generation_metadata
        FROM courses WHERE id = $1
        """,  # noqa: S608  (a constant)
        id,
    )
    if course is None:
        return None
    lessons = await queries.fetch(
        """
        SELECT id, module_id, title, summary, kind, position AS "order", estimated_minutes,
            ARRAY(SELECT i.id FROM items i WHERE i.lesson_id = lessons.id ORDER BY i.position) AS items
        FROM lessons WHERE course_id = $1 ORDER BY position
        """,
        id,
    )
    read = many(LessonRecord, lessons)
    items = await queries.fetch(
        """
        SELECT i.id, i.lesson_id, type, i.title, content, source, source_url AS "sourceUrl", duration, detail - 'key'
            AS detail
        FROM items i JOIN lessons l ON l.id = i.lesson_id
        WHERE i.course_id = $1 AND i.lesson_id = ANY($2) ORDER BY l.position, i.position
        """,
        id,
        [lesson.id for lesson in read],
    )
    modules = await queries.fetch(
        """
        SELECT id, title, description, position AS "order", objectives, estimated_minutes, planned
        FROM modules WHERE course_id = $1 ORDER BY position
        """,
        id,
    )
    return CourseRecord(
        **{**_members(course), "ai_generation_metadata": course["ai_generation_metadata"]},
        modules=[
            ModuleRecord(**dict(module), lessons=[lesson.id for lesson in read if lesson.module_id == module["id"]])
            for module in modules
        ],
        lessons=read,
        items=many(ItemRecord, items),
    )


def _members(row: Any) -> dict[str, Any]:
    members = dict(row)
    members["created_at"] = members.pop("createdAt")
    return members


async def list_courses(
    queries: Queries, user: UUID, *, scope: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[CourseSummary]:
    """Newest first: `own`, `published`, or `all` of both, beginning behind `after` (created_at, id)."""
    rows = await queries.fetch(
        f"""
        SELECT {_SUMMARY} FROM courses
        WHERE (($2 <> 'published' AND user_id = $1) OR ($2 <> 'own' AND is_published))
          AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $5
        """,  # noqa: S608  (a constant)
        user,
        scope,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return many(CourseSummary, rows)
