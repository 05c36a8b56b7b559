"""What a learner has done, counted and listed."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Kind = Literal["course", "task", "quiz", "attempt", "conversation"]


class ActivityEntry(msgspec.Struct, frozen=True):
    """Something the learner began: a course, a task, a quiz, an attempt at one, a conversation with the tutor.

    `title` is the course's, the quiz's or the conversation's; a task has none.
    """

    kind: Kind
    id: UUID
    title: str | None
    at: datetime


class CourseCounts(msgspec.Struct, frozen=True):
    """The learner's own courses."""

    created: int
    completed: int
    generating: int
    failed: int


class QuizCounts(msgspec.Struct, frozen=True):
    """Quizzes and attempts; `average_score` is the mean over all graded answers in percent, null before the first."""

    created: int
    attempts: int
    answers: int
    average_score: float | None
    minutes: float


class TutoringCounts(msgspec.Struct, frozen=True):
    """Conversations with the tutor, and what the learner said in them."""

    conversations: int
    messages: int


class TaskCounts(msgspec.Struct, frozen=True):
    """Tasks by state."""

    pending: int
    running: int
    done: int
    error: int
    cancelled: int


class Patterns(msgspec.Struct, frozen=True):
    """When the learner learns, in their time zone, over the last 90 days: distinct quarters of an hour with something
    in them, by weekday (Monday first) and by hour."""

    active_days: int
    by_weekday: list[int]
    by_hour: list[int]


class Counts(msgspec.Struct, frozen=True):
    """The counts alone."""

    courses: CourseCounts
    quizzes: QuizCounts
    tutoring: TutoringCounts
    tasks: TaskCounts
    last_active_at: datetime | None


class Stats(Counts, frozen=True):
    """All of it, computed from the records when it is asked for."""

    patterns: Patterns
