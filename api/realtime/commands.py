"""A session's commands: the same work as the REST routes, each in one transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID, uuid4

import msgspec

from actors import workshop
from actors.attendance import Attendance
from actors.devices import Devices
from actors.workshop import Workshop
from api.briefs import GenerateCourse, validated
from api.doors import let_in, permit
from api.responses import as_problem
from lyo_rt import idempotency, streams
from lyo_rt.accounts.service import Accounts
from lyo_rt.clock import Clock
from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.frames import Ask, Cancel, Generate, Presence, Regenerate, Stop, Subscribe, Typing
from lyo_rt.generation.records import Accepted
from lyo_rt.limits.policies import Name
from lyo_rt.limits.service import Limits
from lyo_rt.problems import Problem
from lyo_rt.security.tokens import Identity

GENERATE_ROUTE = "courses.generate"
"""The scope of idempotency keys that REST and the WebSocket share for course generation."""


class Kept(msgspec.Struct, frozen=True):
    """What a command answers, as REST would: kept, so that the same request again gets it again."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = {}

    def stored(self) -> idempotency.StoredAnswer:
        """As it is kept."""
        headers = {"Content-Type": "application/json", **self.headers}
        return idempotency.StoredAnswer(self.status, headers, msgspec.json.encode(self.body))


class SessionCommands:
    """actors.session.Commands over this instance's parts."""

    def __init__(
        self,
        database: Database,
        workshop_: Workshop,
        accounts: Accounts,
        attendance: Attendance,
        devices: Devices,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._limits = limits
        self._database = database
        self._workshop = workshop_
        self._accounts = accounts
        self._attendance = attendance
        self._clock = clock
        self._devices = devices

    def identify(self, token: str) -> Identity:
        """Raises NotAuthenticated, TokenExpired, SessionRevoked, ConsentRequired."""
        return let_in(self._accounts.identify(token))

    def watching(self, who: Identity, told: Callable[[Problem], None]) -> AbstractContextManager[None]:
        """Calls `told` once the session has been signed out, or the learner's role is another."""
        return self._accounts.revocations.watching(who, told)

    async def authorise(self, who: Identity, stream: str) -> None:
        """Raises NotFound."""
        permit(who, Subscribe)
        await workshop.authorise(self._database, who, stream)

    async def ask(self, who: Identity, frame: Ask) -> Mapping[str, Any]:
        """The turn that began, now or the first time."""
        permit(who, Ask)
        await self._count(who, "ai")
        async with self._transaction() as transaction:
            begun = await self._workshop.ask(transaction, who.user_id, frame.conversation, frame.id, frame.text.strip())
        return _members(begun)

    async def stop(self, who: Identity, frame: Stop) -> Mapping[str, Any]:
        """Whether an answer was being written; sent again, it stops no later one."""
        permit(who, Stop)
        await self._count(who)

        async def work(transaction: Transaction) -> Kept:
            stopped = await self._workshop.stop(transaction, who.user_id, frame.conversation)
            return Kept(200, {"stopped": stopped})

        return await self._once(who, "tutor.stop", frame.id, [_path(frame.conversation), None], work)

    async def regenerate(self, who: Identity, frame: Regenerate) -> Mapping[str, Any]:
        """The turn that began, now or the first time."""
        permit(who, Regenerate)
        await self._count(who, "ai")

        async def work(transaction: Transaction) -> Kept:
            begun = await self._workshop.regenerate(transaction, who.user_id, frame.conversation)
            return Kept(202, _members(begun), {"Location": f"/v1/tutor/conversations/{frame.conversation}"})

        return await self._once(who, "tutor.regenerate", frame.id, [_path(frame.conversation), None], work)

    async def generate(self, who: Identity, frame: Generate) -> Mapping[str, Any]:
        """The task and the provisional course."""
        permit(who, Generate)
        await self._count(who, "ai")
        brief = validated(GenerateCourse, frame.payload).brief()
        accepted = Accepted(task_id=uuid4(), provisional_course_id=uuid4())
        kept = Kept(202, _members(accepted), {"Location": f"/v1/tasks/{accepted.task_id}", "Retry-After": "1"})
        key, digest = idempotency.valid_key(frame.id), idempotency.body_digest([{}, frame.payload])
        changes, now = Changes(), self._clock.now()
        idempotency.taking(changes, who.user_id, GENERATE_ROUTE, key, digest, kept.stored(), now=now)
        self._workshop.generate(changes, accepted, who.user_id, brief, behind="taken")
        with _answered():
            while not (await self._database.carry_out(changes))["taken"]:
                stored = await idempotency.stored(self._database, who.user_id, GENERATE_ROUTE, key, digest)
                if stored is not None:
                    return msgspec.json.decode(stored.body, type=dict[str, Any])
        return kept.body

    async def cancel(self, who: Identity, frame: Cancel) -> Mapping[str, Any]:
        """The task as it was; its stream tells of its end."""
        permit(who, Cancel)
        await self._count(who)
        async with self._transaction() as transaction:
            task = await self._workshop.cancel(transaction, who.user_id, frame.task)
        return _members(task)

    async def arrive(
        self, who: Identity, device: str, session: UUID, replaced: Callable[[], None]
    ) -> Callable[[], None]:
        """See actors.devices."""
        return await self._devices.arrive(who.user_id, device, session, replaced)

    async def attend(self, who: Identity, session: UUID, course: UUID) -> Mapping[str, Any]:
        """Who is in the room, at which place of the course's stream. Raises NotFound for a course that is not theirs.

        `count` is how many there are where `members` does not name them all.
        """
        permit(who, Presence)
        await self._count(who)
        with _answered():
            await self.authorise(who, streams.course_stream(course))
            return _members(await self._attendance.attend(course=course, session=session, user=who.user_id))

    async def depart(
        self,
        who: Identity,  # noqa: ARG002  (a session is its learner's)
        session: UUID,
        course: UUID,
        *,
        lost: bool = False,
    ) -> Mapping[str, Any]:
        """Nothing: the stream tells of it. A learner whose socket was `lost` has a moment to be back."""
        with _answered():
            if lost:
                await self._attendance.lose(course=course, session=session)
            else:
                await self._attendance.depart(course=course, session=session)
        return {}

    async def typing(self, who: Identity, course: UUID) -> None:
        """Told to the others, or dropped."""
        permit(who, Typing)
        with _answered():
            await self._attendance.type(course=course, user=who.user_id)

    async def _count(self, who: Identity, *names: Name) -> None:
        """A command counts for its learner, on whichever sockets and instances; how fast one socket sends is Pace's.

        Raises TooManyRequests.
        """
        with _answered():
            await self._limits.admit(("socket", *names), f"user:{who.user_id}", premium=who.premium)

    async def _once(
        self, who: Identity, route: str, id: str, asked: list[Any], work: Callable[[Transaction], Awaitable[Kept]]
    ) -> Mapping[str, Any]:
        """What `work` answers, now or the first time: the frame's id is the idempotency key that REST's header is.

        `asked` is counted as REST counts it, the members from the path and then the body: the same request by either
        way is one request.
        """
        key, digest = idempotency.valid_key(id), idempotency.body_digest(asked)
        async with self._transaction() as transaction:
            stored = await idempotency.begin(transaction, who.user_id, route, key, digest, now=self._clock.now())
            if stored is not None:
                return msgspec.json.decode(stored.body, type=dict[str, Any])
            kept = await work(transaction)
            await idempotency.finish(transaction, who.user_id, route, key, kept.stored())
        return kept.body

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        with _answered():
            async with self._database.transaction() as transaction:
                yield transaction


@contextmanager
def _answered() -> Iterator[None]:
    """A command's fault is its own: what nobody foresaw is logged, and answered as an internal fault."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        raise as_problem(error) from error


def _path(conversation: UUID) -> Mapping[str, Any]:
    return {"conversation_id": conversation}


def _members(record: msgspec.Struct) -> Mapping[str, Any]:
    members: Mapping[str, Any] = msgspec.to_builtins(record)
    return members
