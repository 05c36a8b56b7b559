"""Celery: courses are generated here, step by step; progress goes to PostgreSQL and to Redis pub/sub (seed 002)."""

import sys
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import redis
from celery import Celery
from celery.signals import worker_ready
from openai import OpenAI
from sqlalchemy import create_engine, update
from sqlalchemy.orm import Session, sessionmaker

from bench.seeds_stack.configuration import BROKER_URL, PROVIDER, REDIS_URL, database_url
from bench.seeds_stack.drafts import AssessmentDraft, CoursePlan, LessonDraft, ask
from bench.seeds_stack.tables import Course, Lesson, Task
from bench.stamps import stamp

queue = Celery("seeds", broker=BROKER_URL)
queue.conf.update(
    # The state is in the tasks table; a result backend would be a second writing of it that nobody reads.
    task_ignore_result=True,
    # One task at a time to each worker: with more, a free worker waits while another has two.
    worker_prefetch_multiplier=1,
    task_serializer="json",
    broker_pool_limit=10,
    # Not sent unless somebody watches with Flower.
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)


@worker_ready.connect
def _say(**_: object) -> None:
    # Celery's own line needs the level INFO, at which the AI provider's client logs every request as well.
    sys.stdout.write("worker ready\n")
    sys.stdout.flush()


# Made in the worker process that uses them, after the fork.
@lru_cache(1)
def sessions() -> sessionmaker[Session]:
    """Synchronous sessions over psycopg: a prefork worker does one thing at a time, asyncio would only cost it."""
    return sessionmaker(create_engine(database_url("psycopg"), pool_size=4, pool_reset_on_return=None))


@lru_cache(1)
def publisher() -> redis.Redis:
    """The connection progress is published over."""
    return redis.Redis.from_url(REDIS_URL)


@lru_cache(1)
def provider() -> OpenAI:
    """The AI provider."""
    return OpenAI(**PROVIDER)


def progress(
    session: Session, task: UUID, state: str, percent: int, message: str | None, result: UUID | None = None
) -> None:
    """Store how far a task is, with what the session holds besides, in one transaction; then tell those who watch.

    The message ends with the time of the call: this stack keeps no record of its events that could be asked for it.
    """
    message = f"{message} {stamp()}"
    session.execute(
        update(Task)
        .where(Task.id == task)
        .values(state=state, progress_pct=percent, message=message, result_course_id=result)
    )
    session.commit()
    publisher().publish(f"task:{task}", encoded(state, percent, message, result))


def encoded(state: str, percent: int, message: str | None, result: UUID | None) -> bytes:
    """The four members of the seeds."""
    return orjson.dumps(
        {"state": state, "progressPct": percent, "message": message, "resultId": result and str(result)}
    )


@queue.task(name="generate_course")
def generate_course(task_id: str, course_id: str, payload: dict[str, Any]) -> None:
    """Outline, lessons, assessments, each stored with the progress it makes."""
    task, course = UUID(task_id), UUID(course_id)
    with sessions()() as session:
        progress(session, task, "RUNNING", 0, "Planning the course")
        modules = min(12, max(4, int(payload.get("duration") or 5)))
        facts = f"<brief>\n{orjson.dumps(payload).decode()}\n</brief>"
        plan = ask(provider(), CoursePlan, f"Task: plan\nModules: {modules}\n{facts}")
        total = sum(len(module.lessons) + 1 for module in plan.modules)
        progress(session, task, "RUNNING", 5, f"Outline ready: {modules} modules")
        done = 0
        for number, module in enumerate(plan.modules, 1):
            texts = []
            for place, planned in enumerate(module.lessons, 1):
                prompt = f"Task: lesson {number}.{place}\n<lesson>\n{planned.model_dump_json()}\n</lesson>\n{facts}"
                draft = ask(provider(), LessonDraft, prompt)
                texts.append(draft.text)
                done += 1
                session.add(Lesson(course_id=course, title=planned.title, position=done, content=draft.model_dump()))
                progress(session, task, "RUNNING", 5 + 94 * done // total, f"Ready: {planned.title}")
            prompt = f"Task: assessment {number}\nQuestions: 4\n<lessons>\n{orjson.dumps(texts).decode()}\n</lessons>"
            quiz = ask(provider(), AssessmentDraft, prompt)
            done += 1
            session.add(Lesson(course_id=course, title=quiz.title, position=done, content=quiz.model_dump()))
            progress(session, task, "RUNNING", 5 + 94 * done // total, f"Ready: {quiz.title}")
        session.execute(update(Course).where(Course.id == course).values(status="completed", title=plan.title))
        progress(session, task, "DONE", 100, "The course is ready", course)
