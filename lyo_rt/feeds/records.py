"""Recommendations as they are read, and as they are answered (the samples of seed 000 §3.5 and §3.6)."""

from typing import Literal
from uuid import UUID

import msgspec

Factor = Literal["interests_match", "unfinished", "skill_level_appropriate", "language_match"]


class Candidate(msgspec.Struct, frozen=True):
    """A written course: somebody else's that the learner can see and has not begun, or the learner's `own`. Newest
    first in a list."""

    id: UUID
    slug: str | None
    title: str
    description: str
    difficulty: str
    locale: str
    estimated_minutes: int
    objectives: list[str]
    own: bool = False


class Studied(msgspec.Struct, frozen=True):
    """What a learner asked for or talked about: `title`, and what else they said of it. Newest first in a list."""

    title: str
    interests: list[str]
    objectives: list[str]
    difficulty: str | None
    locale: str | None


class Fit(msgspec.Struct, frozen=True):
    """How well a course fits, from 0 to 1, and why: `matched` are the learner's words it shares."""

    course: Candidate
    confidence: float
    matched: tuple[str, ...]
    factors: tuple[Factor, ...]


class Recommendation(msgspec.Struct, frozen=True):
    """A course, with a sentence why; `personalization_factors` are those that were really used."""

    course_id: UUID
    slug: str | None
    title: str
    difficulty: str
    locale: str
    estimated_minutes: int
    reason: str
    confidence: float
    matched: tuple[str, ...]
    personalization_factors: tuple[Factor, ...]
    type: Literal["course"] = "course"
