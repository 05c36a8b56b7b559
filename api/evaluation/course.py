"""The course of problems in a database: one of each evaluating learner's own, which nobody else sees."""

import hashlib
import re
from uuid import UUID, uuid5

import anyio.to_thread
import msgspec

from api.evaluation.problems import Course, Problem, read_course
from lyo_rt.accounts.repository import find_credentials
from lyo_rt.accounts.rules import email_key
from lyo_rt.courses import repository
from lyo_rt.courses.records import NewItem, NewLesson, NewModule
from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Database, Transaction

_OPTION = re.compile(r"^([A-F])\) (.+)$", re.MULTILINE)
DIGEST = "problems"
"""The member of the course's metadata that says which version of the problems it holds."""


def course_id(owner: UUID) -> UUID:
    """The id of this learner's course."""
    return uuid5(owner, "evaluation of the tutor")


def digest_of(problems: list[Problem]) -> str:
    """Of all that is stored."""
    return hashlib.sha256(msgspec.json.encode(problems)).hexdigest()


async def prepare_for(database: Database, email: str) -> str | None:
    """`prepare` for the learner of this e-mail: the course's title, None when there is no such learner."""
    found = await find_credentials(database, email_key(email))
    return None if found is None else await prepare(database, found.user.id)


async def prepare(database: Database, owner: UUID) -> str:
    """The learner has the course as the file has it, in place of an older one; its title."""
    course = await anyio.to_thread.run_sync(read_course)
    id = course_id(owner)
    async with database.transaction() as transaction:
        await repository.remove_course(transaction, id)
        added = await repository.add_finished_course(
            transaction,
            id,
            owner,
            slug=None,
            title=course.title,
            difficulty="beginner",
            locale="en",
            is_published=False,
        )
        if added:
            await _write(transaction, id, course)
    return course.title


async def _write(transaction: Transaction, id: UUID, course: Course) -> None:
    minutes = sum(problem.minutes for problem in course.problems)
    module = NewModule(course.title, course.description, [], minutes, [problem.title for problem in course.problems])
    changes = Changes()
    repository.plan_course(
        changes,
        id,
        title=course.title,
        description=course.description,
        objectives=[],
        prerequisites=[],
        modules=[module],
    )
    await transaction.carry_out(changes)
    for place, problem in enumerate(course.problems, 1):
        items = tuple(_items(problem))
        changes = Changes()
        repository.add_lesson(changes, NewLesson(id, 1, place, problem.title, problem.summary, problem.minutes, items))
        await transaction.carry_out(changes)
    changes = Changes()
    repository.finish_course(changes, id, "completed", {DIGEST: digest_of(course.problems)})
    await transaction.carry_out(changes)


def _items(problem: Problem) -> list[NewItem]:
    """Text, key terms, and the problem; what is under `key` is never read out with the course."""
    terms = [{"term": term.term, "definition": term.definition} for term in problem.key_terms]
    listed = "\n".join(f"- **{term['term']}**: {term['definition']}" for term in terms)
    return [
        NewItem("text", problem.title, problem.text, source="authored", duration=problem.minutes * 60),
        NewItem("key_terms", "Key terms", listed, {"terms": terms}, source="authored"),
        _choice(problem) if problem.key.option else _open(problem),
    ]


def _open(problem: Problem) -> NewItem:
    key = {"answer": problem.answer, "solution": problem.solution, "mistakes": problem.mistakes}
    return NewItem("exercise", "Problem", problem.statement, {"key": key}, source="authored")


def _choice(problem: Problem) -> NewItem:
    """As a quiz, whose options have no letters (SPEC §4)."""
    question = _OPTION.sub("", problem.statement).strip()
    options = {found[1]: found[2] for found in _OPTION.finditer(problem.statement)}
    key = {"answer": list(options).index(problem.key.option or ""), "explanation": problem.solution}
    questions = [{"id": "q1", "question": question, "options": list(options.values())}]
    return NewItem("quiz", "Problem", None, {"questions": questions, "key": {"q1": key}}, source="authored")
