"""The demo courses: one TOML file each, read as the drafts that a model's courses are made of."""

import tomllib
from importlib.resources import files
from typing import Annotated
from uuid import UUID, uuid5

import msgspec

from lyo_rt.language_models.tasks import AssessmentDraft, LessonDraft, Level, Minutes, Text

NAMESPACE = UUID("6f1c1a52-6d0f-5d0c-9a0e-6b8a4f0f3d11")
"""Ids of demo courses are UUIDv5 of their slugs in it, so they are the same on every server."""


class DemoLesson(LessonDraft, frozen=True, forbid_unknown_fields=True):
    """A finished lesson, with what its plan would say."""

    title: Text
    minutes: Minutes


class DemoModule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A module: its lessons in order, and the questions that close it."""

    title: Text
    summary: Text
    objectives: list[str]
    lessons: Annotated[list[DemoLesson], msgspec.Meta(min_length=1)]
    assessment: AssessmentDraft


class DemoCourse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finished course."""

    slug: str
    title: Text
    description: Text
    difficulty: Level
    locale: str
    objectives: list[str]
    prerequisites: list[str]
    modules: list[DemoModule]

    @property
    def id(self) -> UUID:
        """The same everywhere."""
        return course_id(self.slug)


def course_id(slug: str) -> UUID:
    """The id of the demo course of this slug."""
    return uuid5(NAMESPACE, slug)


def read_course(slug: str) -> DemoCourse:
    """The demo course of this slug, from its file. Blocks for a few milliseconds."""
    text = files(__name__).joinpath(f"{slug}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), DemoCourse)
