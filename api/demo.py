"""The demo data of a development server: two learners, and a finished course of each."""

import anyio.to_thread

from lyo_rt.accounts.demo import LEARNERS, seed_demo
from lyo_rt.accounts.repository import find_credentials
from lyo_rt.accounts.rules import email_key
from lyo_rt.clock import Clock
from lyo_rt.courses import repository
from lyo_rt.courses.demo import DemoCourse, DemoModule, course_id, read_course
from lyo_rt.courses.drafted import ASSESSMENT_MINUTES, assessment_item, lesson_items
from lyo_rt.courses.records import NewItem, NewLesson, NewModule
from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.security.passwords import Passwords

COURSES = dict(zip(("photosynthesis_basics", "machine_learning_intro"), (email for email, _ in LEARNERS), strict=True))
"""Whose course each is."""


async def seed_all(database: Database, clock: Clock) -> None:
    """Make sure that the demo data is there. What is there stays as it is; several instances may seed at once.

    A course goes when its owner goes, so the courses alone say whether anything is missing: one query, most times.
    """
    wanted = {course_id(slug): slug for slug in COURSES}
    missing = wanted.keys() - await repository.existing_courses(database, list(wanted))
    if not missing:
        return
    await seed_demo(database, Passwords(), clock)
    for id in sorted(missing):
        course = await anyio.to_thread.run_sync(read_course, wanted[id])
        await _seed_course(database, course, COURSES[course.slug])


async def _seed_course(database: Database, course: DemoCourse, email: str) -> None:
    owner = await find_credentials(database, email_key(email))
    if owner is None:
        return
    async with database.transaction() as transaction:
        added = await repository.add_finished_course(
            transaction,
            course.id,
            owner.user.id,
            slug=course.slug,
            title=course.title,
            difficulty=course.difficulty,
            locale=course.locale,
        )
        if added:
            await _write(transaction, course)


async def _write(transaction: Transaction, course: DemoCourse) -> None:
    changes = Changes()
    repository.plan_course(
        changes,
        course.id,
        title=course.title,
        description=course.description,
        objectives=course.objectives,
        prerequisites=course.prerequisites,
        modules=[_module(module) for module in course.modules],
    )
    await transaction.carry_out(changes)
    for lesson in lessons(course):
        changes = Changes()
        repository.add_lesson(changes, lesson)
        await transaction.carry_out(changes)


def lessons(course: DemoCourse) -> list[NewLesson]:
    """All lessons, with each module's assessment as its last one, in the form that the generation gives them."""
    made: list[NewLesson] = []
    for place, module in enumerate(course.modules, 1):
        for draft in module.lessons:
            items = tuple(map(_authored, lesson_items(draft.title, draft.minutes, draft)))
            position = len(made) + 1
            made.append(NewLesson(course.id, place, position, draft.title, draft.summary, draft.minutes, items))
        quiz = (_authored(assessment_item(module.assessment)),)
        title = module.assessment.title
        made.append(NewLesson(course.id, place, len(made) + 1, title, "", ASSESSMENT_MINUTES, quiz, kind="assessment"))
    return made


def _module(module: DemoModule) -> NewModule:
    return NewModule(
        module.title,
        module.summary,
        module.objectives,
        sum(lesson.minutes for lesson in module.lessons) + ASSESSMENT_MINUTES,
        [lesson.title for lesson in module.lessons],
    )


def _authored(item: NewItem) -> NewItem:
    """Written by people: only links keep the source they name."""
    return NewItem(
        item.type,
        item.title,
        item.content,
        item.detail,
        item.source if item.type == "link" else "authored",
        item.source_url,
        item.duration,
    )
