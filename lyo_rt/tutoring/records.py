"""A conversation with the tutor, as clients get it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.language_models.guidance import Verdict
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
    message is writing, complete, stopped, failed or superseded; `prompt` is the version of the texts it was written by.
    `code` is that of the problem a failed one has failed with, and `retry_at` when it makes sense to ask again.
    """

    id: UUID
    position: int
    role: str
    text: str
    revision: int
    status: str
    sha256: str | None
    model: str | None
    prompt: str | None
    answers: UUID | None
    created_at: datetime
    code: str | None = None
    retry_at: datetime | None = None


class Begun(msgspec.Struct, frozen=True):
    """A turn that has begun; not `new`: when the same question came the first time."""

    conversation: UUID
    message: UUID
    answer: UUID
    status: str
    new: bool


class Summary(msgspec.Struct, frozen=True):
    """What stands for the messages up to `position`."""

    position: int
    text: str


class TurnContext(msgspec.Struct, frozen=True):
    """What the writer of an answer needs: the conversation up to the question, newest last, and its ground.

    `question` is the message that is answered, at `asked`; `turns` are those behind the summary, `positions` theirs.
    `level` is what the learner's rating says; None where it says nothing, and the material's own holds.
    """

    conversation: UUID
    user_id: UUID
    status: str
    revision: int
    text: str
    question: UUID
    asked: int
    turns: tuple[Turn, ...]
    positions: tuple[int, ...]
    summary: Summary | None
    resource_kind: str | None
    resource_id: UUID | None
    locale: str
    style: Style | None
    concerned: bool = False
    level: Level | None = None

    @property
    def said(self) -> str:
        """The learner's message that is answered."""
        return self.turns[-1].text if self.turns and self.turns[-1].role == "user" else ""

    @property
    def said_before(self) -> tuple[str, ...]:
        """The learner's messages, newest first."""
        return tuple(turn.text for turn in reversed(self.turns) if turn.role == "user")


class Ground(msgspec.Struct, frozen=True):
    """The course's own text a conversation is grounded in."""

    title: str
    text: str
    level: Level
    locale: str


class ProblemState(msgspec.Struct, frozen=True):
    """A problem in a conversation, as the server keeps it. `state` is open, right (the reason is still to come),
    revealed (told, without credit), mastered (right, and the reason given) or closed (told, and the reason given)."""

    problem: str
    question: str
    state: Literal["open", "right", "revealed", "mastered", "closed"] = "open"
    rung: int = 0
    attempts: int = 0
    tried: tuple[str, ...] = ()
    verdict: Verdict = "talk"
    begun: bool = False
    credit: bool = True
    counted: int = 0


class LearnerRecord(msgspec.Struct, frozen=True):
    """What the records say of a learner: questions mastered, and questions got wrong lately, newest first."""

    mastered: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


class Unfinished(msgspec.Struct, frozen=True):
    """An answer as PostgreSQL has it: while it is `writing` its text may be up to a second old."""

    message: UUID
    revision: int
    text: str
    status: str
