"""What the ways in ask for: the same commands for REST and for the WebSocket, each in the caller's transaction.

Work begun here belongs to this instance from its first row on and starts the moment the transaction is committed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from actors import quiz_grading
from actors.adopter import Adopter
from lyo_rt import streams
from lyo_rt.courses import repository as courses
from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Queries, Transaction
from lyo_rt.generation import service as generation
from lyo_rt.generation.records import Accepted, TaskRecord
from lyo_rt.language_models.tasks import CourseBrief
from lyo_rt.leases import Lease
from lyo_rt.operations.service import OPS
from lyo_rt.privacy.exports import KIND as EXPORT
from lyo_rt.privacy.exports import has_begun, insert_export
from lyo_rt.problems import NotFound
from lyo_rt.quizzes import service as quizzes
from lyo_rt.quizzes.records import Given, NewQuiz, Placed, Quiz
from lyo_rt.security.permissions import Permission, allows, may
from lyo_rt.security.tokens import Identity
from lyo_rt.tutoring import repository as conversations
from lyo_rt.tutoring import service as tutoring
from lyo_rt.tutoring.records import Begun


class Workshop:
    """The commands of one instance."""

    def __init__(self, adopter: Adopter) -> None:
        self._adopter = adopter

    def generate(self, changes: Changes, accepted: Accepted, user: UUID, brief: CourseBrief, *, behind: str) -> None:
        """Begin a course: the task, the provisional course, and the work, for the row that `behind` returns."""
        course, owner = accepted.provisional_course_id, self._adopter.owner
        courses.add_course(
            changes, course, user, title=brief.topic, difficulty=brief.level, locale=brief.locale, behind=behind
        )
        lease = generation.create(
            changes, id=accepted.task_id, user=user, course=course, brief=brief, owner=owner, behind=behind
        )
        if lease.epoch:
            changes.afterwards("lease", lambda: self._adopter.adopt(lease))

    async def export(self, transaction: Transaction, user: UUID, *, now: datetime) -> UUID:
        """Begin an export of all that is the learner's; returns the task's id, which is the export's too."""
        return await self._export(transaction, user, for_parent=False, now=now)

    async def _export(self, transaction: Transaction, user: UUID, *, for_parent: bool, now: datetime) -> UUID:
        id, changes = uuid4(), Changes()
        lease = generation.create_other(changes, EXPORT, id=id, user=user, owner=self._adopter.owner)
        await transaction.carry_out(changes)
        await insert_export(transaction, id, user, for_parent=for_parent, now=now)
        self._begin(transaction, lease)
        return id

    async def export_for_parent(self, transaction: Transaction, child: UUID, *, now: datetime) -> None:
        """Begin an export of all that is a child's, which its parent is mailed a link to; none while one is made."""
        if not await has_begun(transaction, child):
            await self._export(transaction, child, for_parent=True, now=now)

    async def cancel(self, transaction: Transaction, user: UUID, task: UUID) -> TaskRecord:
        """Ask for the end of a task; one that has ended stays as it is. Raises NotFound for a stranger's."""
        found = await generation.get_own(transaction, task, user)
        if found is None:
            raise NotFound("There is no such task.")
        await generation.request_cancel(transaction, task)
        return found

    async def ask(self, transaction: Transaction, user: UUID, conversation: UUID, id: UUID, text: str) -> Begun:
        """Begin a tutor turn, once per `id`. Raises NotFound and Conflict as lyo_rt.tutoring.service.begin_turn."""
        begun, lease = await tutoring.begin_turn(
            transaction, user=user, conversation=conversation, id=id, text=text, owner=self._adopter.owner
        )
        self._begin(transaction, lease)
        return begun

    async def regenerate(self, transaction: Transaction, user: UUID, conversation: UUID) -> Begun:
        """Answer the newest question again. Raises NotFound and Conflict."""
        begun, lease = await tutoring.begin_again(
            transaction, user=user, conversation=conversation, owner=self._adopter.owner
        )
        self._begin(transaction, lease)
        return begun

    async def stop(self, transaction: Transaction, user: UUID, conversation: UUID) -> bool:
        """End the answer being written; False when none is. Raises NotFound for a stranger's conversation."""
        return await tutoring.request_stop(transaction, user=user, conversation=conversation)

    async def write_quiz(self, transaction: Transaction, user: UUID, new: NewQuiz, *, now: datetime) -> UUID:
        """Begin a quiz; returns its id."""
        id, lease = await quizzes.begin(transaction, user=user, new=new, owner=self._adopter.owner, now=now)
        self._begin(transaction, lease)
        return id

    async def submit_quiz(
        self,
        transaction: Transaction,
        quiz: Quiz,
        questions: Sequence[Placed],
        given: Sequence[Given],
        *,
        number: int,
        time_spent: int | None,
        now: datetime,
    ) -> None:
        """Submit attempt `number`, once. Raises NotFound and Conflict as lyo_rt.quizzes.service.submit."""
        lease = await quiz_grading.submit(
            transaction,
            quiz=quiz,
            questions=questions,
            number=number,
            given=given,
            time_spent=time_spent,
            owner=self._adopter.owner,
            now=now,
        )
        self._begin(transaction, lease)

    def _begin(self, transaction: Transaction, lease: Lease | None) -> None:
        if lease is not None and lease.epoch:
            transaction.afterwards(lambda: self._adopter.adopt(lease))


async def authorise(queries: Queries, who: Identity, stream: str) -> None:
    """Whether `who` may follow `stream`. Raises NotFound for what is not theirs or does not exist, alike."""
    if stream == OPS:
        if not allows(who.user_type, Permission.VIEW_OPERATIONS):
            raise NotFound(f"There is no stream {stream}.")
        return
    kind, _, name = stream.partition(":")
    try:
        id = UUID(name)
    except ValueError:
        raise NotFound(f"There is no stream {stream}.") from None
    if str(id) != name:
        # Another spelling would be another stream: one in which nothing ever happens.
        raise NotFound(f"There is no stream {stream}.")
    found: object | None = None
    match kind:
        case "task":
            found = await generation.get_own(queries, id, who.user_id)
        case "conversation":
            found = await conversations.get_conversation(queries, id, who.user_id)
        case "course" if may(who, Permission.MEET):
            found = await courses.visible_course(queries, name, who.user_id)
        case "course":  # that of others tells who is there
            found = await courses.owns_course(queries, id, who.user_id)
        case "user":
            found = id == who.user_id or None
    if not found:
        raise NotFound(f"There is no stream {stream}.")


async def position(queries: Queries, stream: str) -> Mapping[str, Any]:
    """Where a stream is now, for an answer whose reader will follow it from here."""
    head = await streams.head(queries, stream)
    return {"stream": stream, "epoch": head.epoch, "seq": head.top}
