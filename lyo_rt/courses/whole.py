"""A generated course in one document, in the form of the first seed's `generate-course`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from lyo_rt.courses.records import CourseRecord, ItemRecord, LessonRecord, ModuleRecord
from lyo_rt.language_models.pace import MINUTES_A_WEEK


class TopicExercise(msgspec.Struct, frozen=True):
    """Something to do; `estimated_time` in minutes."""

    exercise_id: UUID
    title: str
    type: str
    estimated_time: int
    instructions: str


class Topic(msgspec.Struct, frozen=True):
    """A lesson: its text as Markdown; `estimated_time` in minutes."""

    topic_id: UUID
    title: str
    content_type: str
    estimated_time: int
    content: str
    exercises: list[TopicExercise]


class ModuleAssessment(msgspec.Struct, frozen=True):
    """What closes a module: `requirements` are what it asks the learner to show; `estimated_time` in minutes."""

    assessment_id: UUID
    type: str
    title: str
    estimated_time: int
    questions: int
    requirements: list[str]


class WholeModule(msgspec.Struct, frozen=True):
    """A module; `week` is the one it begins in, from 1."""

    module_id: UUID
    title: str
    week: int
    estimated_hours: float
    learning_objectives: list[str]
    topics: list[Topic]
    assessment: ModuleAssessment


class Resource(msgspec.Struct, frozen=True):
    """An open source to read on at."""

    title: str
    url: str
    type: str


class WholeCourse(msgspec.Struct, frozen=True):
    """A generated course, all of it."""

    course_id: UUID
    title: str
    description: str
    difficulty: str
    estimated_duration: str
    total_hours: float
    modules: list[WholeModule]
    prerequisites: list[str]
    resources: list[Resource]
    certificate_available: bool
    ai_generation_metadata: dict[str, Any]


def whole_course(course: CourseRecord, *, weeks: int | None, seconds: float) -> WholeCourse:
    """The finished `course` in one document.

    `weeks` is what the learner gave; without it they follow from the minutes. `seconds` is how long it took to
    write.
    """
    last = weeks or max(1, round(course.estimated_minutes / MINUTES_A_WEEK))
    items = {item.id: item for item in course.items}
    links = {item.source_url: item.title for item in course.items if item.type == "link" and item.source_url}
    count = len(course.modules)
    return WholeCourse(
        course_id=course.id,
        title=course.title,
        description=course.description,
        difficulty=course.difficulty,
        estimated_duration=f"{last} week{'s' if last > 1 else ''}",
        total_hours=_hours(course.estimated_minutes),
        modules=[
            _module(module, 1 + place * last // count, course.lessons, items)
            for place, module in enumerate(course.modules)
        ],
        prerequisites=course.prerequisites,
        resources=[Resource(title, url, "reference") for url, title in links.items()],
        certificate_available=False,
        ai_generation_metadata={**course.ai_generation_metadata, "generation_time": round(seconds, 2)},
    )


def _module(
    module: ModuleRecord, week: int, lessons: Sequence[LessonRecord], items: dict[UUID, ItemRecord]
) -> WholeModule:
    own = [lesson for lesson in lessons if lesson.module_id == module.id]
    closing = next(lesson for lesson in own if lesson.kind == "assessment")
    return WholeModule(
        module_id=module.id,
        title=module.title,
        week=week,
        estimated_hours=_hours(module.estimated_minutes),
        learning_objectives=module.objectives,
        topics=[_topic(lesson, [items[id] for id in lesson.items]) for lesson in own if lesson.kind == "lesson"],
        assessment=_assessment(module, closing, [items[id] for id in closing.items]),
    )


def _topic(lesson: LessonRecord, items: Sequence[ItemRecord]) -> Topic:
    return Topic(
        topic_id=lesson.id,
        title=lesson.title,
        content_type="interactive_tutorial",
        estimated_time=lesson.estimated_minutes,
        content="\n\n".join(item.content or "" for item in items if item.type == "text"),
        exercises=[
            TopicExercise(item.id, item.title, "hands_on", (item.duration or 0) // 60, item.content or "")
            for item in items
            if item.type == "exercise"
        ],
    )


def _assessment(module: ModuleRecord, lesson: LessonRecord, items: Sequence[ItemRecord]) -> ModuleAssessment:
    quiz = next(item for item in items if item.type == "quiz")
    return ModuleAssessment(
        assessment_id=quiz.id,
        type="quiz",
        title=quiz.title,
        estimated_time=lesson.estimated_minutes,
        questions=len(quiz.detail.get("questions", [])),
        requirements=module.objectives,
    )


def _hours(minutes: int) -> float:
    return round(minutes / 60, 1)
