"""What AsyncAPI tells of the streams: their addresses, the events of each, and what the commands answer.

The log holds names and JSON objects; which shape goes with which name is known where it is appended. This is the list
of both, and tests/api/test_asyncapi.py holds it against what a running instance sends.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from actors.feed_contract import Joined
from api.briefs import GenerateCourse
from lyo_rt import frames, streams
from lyo_rt.attendance.records import Roster
from lyo_rt.generation.records import Accepted, TaskProgress, TaskRecord
from lyo_rt.security.tokens import UserType
from lyo_rt.teaching.records import State
from lyo_rt.tutoring.records import Begun, MessageRecord


class LessonReady(msgspec.Struct, frozen=True):
    """A lesson of a course that is being written can be read."""

    lesson_id: UUID
    title: str
    order: int


class CourseReady(msgspec.Struct, frozen=True):
    """The whole course has been written."""

    title: str


class CourseFailed(msgspec.Struct, frozen=True):
    """The course could not be written to its end; the lessons that are there stay."""

    message: str


class CourseCancelled(msgspec.Struct, frozen=True):
    """The course is gone, and what the stream told before: this is the first event of the stream's next epoch."""


class AnswerSuperseded(msgspec.Struct, frozen=True):
    """An answer no longer counts: another one is being written in its place."""

    message: UUID


class RoomJoined(msgspec.Struct, frozen=True):
    """A learner has come to the course's study room, with their first device; `members` are there now."""

    user: UUID
    name: str
    since: datetime
    members: int


class RoomLeft(msgspec.Struct, frozen=True):
    """A learner has left the study room, with their last device; `members` are there still."""

    user: UUID
    name: str
    members: int


class TaskFinished(msgspec.Struct, frozen=True):
    """A task of the learner's has ended; `course` is what it was to write."""

    task: UUID
    course: UUID
    state: Literal["DONE", "ERROR", "CANCELLED"]


class DeviceSignedIn(msgspec.Struct, frozen=True):
    """Somebody has signed in as the learner; `device` is what it calls itself."""

    session: UUID
    device: str | None
    at: datetime


class DeviceSignedOut(msgspec.Struct, frozen=True):
    """A session of the learner's has ended before its time.

    `reason` is logout, signed_out_elsewhere, password_reset, password_changed or token_reused; more may come.
    """

    session: UUID
    at: datetime
    reason: Annotated[str, msgspec.Meta(examples=["logout"])]


class RoleChanged(msgspec.Struct, frozen=True):
    """The learner has another role. What is open ends with 4301: a refreshed token tells the new role."""

    user_type: UserType
    at: datetime


class TeachingChanged(msgspec.Struct, frozen=True):
    """A relation between a teacher and a student was accepted, declined or ended; both are told."""

    teaching: UUID
    state: State


class EmailVerified(msgspec.Struct, frozen=True):
    """The learner has shown that their e-mail address is theirs."""

    at: datetime


class InstanceStarted(msgspec.Struct, frozen=True):
    """An instance of the server is there."""

    instance: str


class InstanceDraining(msgspec.Struct, frozen=True):
    """An instance takes nothing more: it is about to stop."""

    instance: str


class InstanceStopped(msgspec.Struct, frozen=True):
    """An instance has ended in order."""

    instance: str


class InstanceLost(msgspec.Struct, frozen=True):
    """An instance has ended otherwise; so many of its `leases` others have taken over, or can."""

    instance: str
    leases: int


class TaskPoisoned(msgspec.Struct, frozen=True):
    """A task was given up: every instance that worked on it has ended."""

    task: UUID
    takeovers: int


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
        "For the learner whose task it is.",
        {"progress": TaskProgress},
    ),
    StreamKind(
        "conversation",
        "conversation_id",
        streams.conversation_stream.__doc__ or "",
        "For the learner whose conversation it is.",
        {"message": MessageRecord, "superseded": AnswerSuperseded},
        (frames.Delta, frames.Snapshot, frames.End),
    ),
    StreamKind(
        "course",
        "course_id",
        "Lessons landing in one course, and who is in its study room.",
        "For everybody who may see the course.",
        {
            "lesson": LessonReady,
            "completed": CourseReady,
            "failed": CourseFailed,
            "cancelled": CourseCancelled,
            "presence.joined": RoomJoined,
            "presence.left": RoomLeft,
        },
        (frames.Typist,),
    ),
    StreamKind(
        "user",
        "user_id",
        streams.user_stream.__doc__ or "",
        "For that learner.",
        {
            "task.finished": TaskFinished,
            "device.signed_in": DeviceSignedIn,
            "device.signed_out": DeviceSignedOut,
            "role.changed": RoleChanged,
            "teaching.changed": TeachingChanged,
            "email.verified": EmailVerified,
        },
    ),
    StreamKind(
        "ops",
        None,
        "What operators watch: the instances, and work that was given up.",
        "For administrators.",
        {
            "instance.started": InstanceStarted,
            "instance.draining": InstanceDraining,
            "instance.stopped": InstanceStopped,
            "instance.lost": InstanceLost,
            "task.poisoned": TaskPoisoned,
        },
    ),
)

RESULTS: dict[type[msgspec.Struct], type[msgspec.Struct]] = {
    frames.Subscribe: Joined,
    frames.Ask: Begun,
    frames.Stop: Stopped,
    frames.Regenerate: Begun,
    frames.Generate: Accepted,
    frames.Cancel: TaskRecord,
    frames.Presence: Roster,
}
"""What `ok` of a command's reply holds, unless it is empty. A command that is not here is answered all the same."""

ANSWERS: dict[type[msgspec.Struct], type[msgspec.Struct]] = {frames.Hello: frames.Welcome, frames.Ping: frames.Pong}
"""The frames that are answered otherwise than with a reply."""

BODIES: dict[type[msgspec.Struct], dict[str, Any]] = {frames.Generate: {"payload": GenerateCourse}}
"""Members that are open in the frame and have a shape of their own."""
