"""What AsyncAPI tells of the streams: their addresses, the events of each, and what the commands answer.

The log holds names and JSON objects; which shape goes with which name is known where it is appended. This is the list
of both, and tests/api/test_asyncapi.py holds it against what a running instance sends.
"""

from typing import Any
from uuid import UUID

import msgspec

from actors.feed_contract import Joined
from api.briefs import GenerateCourse
from lyo_rt import frames, streams
from lyo_rt.generation.records import Accepted, TaskProgress, TaskRecord
from lyo_rt.tutoring.records import Begun, MessageRecord


class LessonReady(msgspec.Struct, frozen=True):
    """A lesson of a course that is being written can be read."""

    lesson_id: UUID
    title: str
    order: int


class CourseReady(msgspec.Struct, frozen=True):
    """The whole course has been written."""

    title: str


class AnswerSuperseded(msgspec.Struct, frozen=True):
    """An answer no longer counts: another one is being written in its place."""

    message: UUID


class Stopped(msgspec.Struct, frozen=True):
    """Whether an answer was being written."""

    stopped: bool


class StreamKind(msgspec.Struct, frozen=True):
    """One kind of stream: `parameter` names what stands behind its colon, `events` the data of each event by name."""

    name: str
    parameter: str | None
    summary: str
    readers: str
    events: dict[str, type[msgspec.Struct]]
    pieces: tuple[type[msgspec.Struct], ...] = ()
    """The frames that come beside the events, some of them unstored."""

    @property
    def address(self) -> str:
        """As a client names it in `subscribe`, with the parameter in braces."""
        return f"{self.name}:{{{self.parameter}}}" if self.parameter else self.name


KINDS = (
    StreamKind(
        "task",
        "task_id",
        streams.task_stream.__doc__ or "",
        "The learner whose task it is.",
        {"progress": TaskProgress},
    ),
    StreamKind(
        "conversation",
        "conversation_id",
        streams.conversation_stream.__doc__ or "",
        "The learner whose conversation it is.",
        {"message": MessageRecord, "superseded": AnswerSuperseded},
        (frames.Delta, frames.Snapshot, frames.End),
    ),
    StreamKind(
        "course",
        "course_id",
        streams.course_stream.__doc__ or "",
        "Everybody who may see the course.",
        {"lesson": LessonReady, "completed": CourseReady},
        (frames.Typist,),
    ),
    StreamKind("user", "user_id", "What concerns one learner, on all of their devices.", "That learner.", {}),
    StreamKind("ops", None, "What operators watch.", "Administrators.", {}),
)

RESULTS: dict[type[msgspec.Struct], type[msgspec.Struct]] = {
    frames.Subscribe: Joined,
    frames.Ask: Begun,
    frames.Stop: Stopped,
    frames.Regenerate: Begun,
    frames.Generate: Accepted,
    frames.Cancel: TaskRecord,
}
"""What `ok` of a command's reply holds. A command that is not here is answered with `reply` all the same."""

ANSWERS: dict[type[msgspec.Struct], type[msgspec.Struct]] = {frames.Hello: frames.Welcome, frames.Ping: frames.Pong}
"""The frames that are answered otherwise than with a reply."""

BODIES: dict[type[msgspec.Struct], dict[str, Any]] = {frames.Generate: {"payload": GenerateCourse}}
"""Members that are open in the frame and have a shape of their own."""
