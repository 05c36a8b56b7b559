"""A conversation with the tutor, as clients get it."""

from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.language_models.tasks import Level, Style, Turn

KIND = "turn"
"""The kind of lease under which an answer is written; its id is the answer's message id."""


class Resource(msgspec.Struct, frozen=True):
    """What a conversation is about: a course, a lesson or an item."""

    kind: str
    id: UUID
    title: str


class ConversationRecord(msgspec.Struct, frozen=True):
    """One conversation."""

    id: UUID
    title: str
    resource_kind: str | None
    resource_id: UUID | None
    created_at: datetime
    updated_at: datetime


class MessageRecord(msgspec.Struct, frozen=True):
    """One message. `sha256` (hex, over UTF-8) is there once the message has ended; `status` of an assistant's
    message is writing, complete, stopped, failed or superseded."""

    id: UUID
    position: int
    role: str
    text: str
    revision: int
    status: str
    sha256: str | None
    model: str | None
    answers: UUID | None
    created_at: datetime


class Begun(msgspec.Struct, frozen=True):
    """A turn that has begun; not `new`: when the same question came the first time."""

    conversation: UUID
    message: UUID
    answer: UUID
    status: str
    new: bool


class TurnContext(msgspec.Struct, frozen=True):
    """What the writer of an answer needs: the conversation up to the question, newest last, and its ground."""

    conversation: UUID
    user_id: UUID
    status: str
    revision: int
    text: str
    turns: tuple[Turn, ...]
    resource_kind: str | None
    resource_id: UUID | None
    locale: str
    style: Style | None
    level: Level = "beginner"


class Ground(msgspec.Struct, frozen=True):
    """The course's own text a conversation is grounded in."""

    title: str
    text: str
    level: Level
    locale: str


class Unfinished(msgspec.Struct, frozen=True):
    """An answer as PostgreSQL has it: while it is `writing` its text may be up to a second old."""

    message: UUID
    revision: int
    text: str
    status: str
