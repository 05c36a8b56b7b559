"""One connected session: what it follows, where it is in each, and what it is told. Soft state, rebuilt from `hello`.

The socket's reader asks this actor one frame at a time, so a full mailbox stops the reading; events and pieces go from
the feeds straight into the outbound queue, without a task or a message of their own.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any, Protocol, assert_never
from uuid import UUID

import anyio
import msgspec

from actors.actor import Actor
from actors.alarms import Alarm, Alarms
from actors.feed_contract import Joined
from actors.feeds import Feeds
from actors.outbound import Outbound
from actors.subscription import Subscription
from lyo_rt import frames
from lyo_rt.clock import Clock
from lyo_rt.frames import (
    Ask,
    Auth,
    Cancel,
    ClientFrame,
    Generate,
    Hello,
    Ping,
    Presence,
    Regenerate,
    Resume,
    Stop,
    Subscribe,
    Typing,
    Unsubscribe,
)
from lyo_rt.outgoing import Outgoing
from lyo_rt.problems import (
    BadFrame,
    Forbidden,
    NotAuthenticated,
    NotFound,
    Problem,
    Replaced,
    StalePosition,
    TokenExpired,
    TooManyRequests,
    Unavailable,
)
from lyo_rt.security.tokens import Identity

HEARTBEAT_SECONDS = 25
WARNING_SECONDS = 60
"""Before the token ends, the client is told to send a new one."""
RETRY_SECONDS = 1.0
"""Until a stream that could not be read on is tried again."""
SUBSCRIPTIONS = 200
"""Streams one session may follow."""
ROOMS = 20
"""Study rooms one session may be in."""
TYPING_SECONDS = 1.0
"""Between two times that others are told of somebody's typing."""


class Received(msgspec.Struct, frozen=True):
    """A frame from the client."""

    frame: ClientFrame


class Rejected(msgspec.Struct, frozen=True):
    """A frame that could not be understood: it is answered, and costs nothing else."""

    id: str | None
    problem: BadFrame


class CaughtUp(msgspec.Struct, frozen=True):
    """The socket has read all that waited; streams that fell behind can be read on."""


SessionMessage = Received | Rejected | CaughtUp


class Commands(Protocol):
    """What a session does on behalf of its learner; api/realtime composes it from the workshop and the accounts."""

    def identify(self, token: str) -> Identity:
        """Raises NotAuthenticated."""
        ...

    def watching(self, who: Identity, told: Callable[[Problem], None]) -> AbstractContextManager[None]:
        """Calls `told` once the session has been signed out or its token says another role, at once or during it."""
        ...

    async def authorise(self, who: Identity, stream: str) -> None: ...
    async def ask(self, who: Identity, frame: Ask) -> Mapping[str, Any]: ...
    async def stop(self, who: Identity, frame: Stop) -> Mapping[str, Any]: ...
    async def regenerate(self, who: Identity, frame: Regenerate) -> Mapping[str, Any]: ...
    async def generate(self, who: Identity, frame: Generate) -> Mapping[str, Any]: ...
    async def cancel(self, who: Identity, frame: Cancel) -> Mapping[str, Any]: ...

    async def arrive(
        self, who: Identity, device: str, session: UUID, replaced: Callable[[], None]
    ) -> Callable[[], None]:
        """Take over from older sessions of this device; `replaced` when a newer one does. Returns what ends that."""
        ...

    async def attend(self, who: Identity, session: UUID, course: UUID) -> Mapping[str, Any]:
        """The learner is in the course's study room by way of this session; who else is. Raises NotFound."""
        ...

    async def depart(self, who: Identity, session: UUID, course: UUID, *, lost: bool = False) -> Mapping[str, Any]:
        """The session leaves the room; one whose socket is `lost` only if it is not back in a moment."""
        ...

    async def typing(self, who: Identity, course: UUID) -> None:
        """Tell the others in the room, if that can be done now."""
        ...


class SessionActor(Actor[SessionMessage]):
    """One socket of `/v1/ws`."""

    def __init__(
        self,
        session: UUID,
        feeds: Feeds,
        commands: Commands,
        outbound: Outbound,
        clock: Clock,
        alarms: Alarms,
        *,
        instance: str,
        who: Identity | None,
    ) -> None:
        """`who` is given when the handshake carried a token."""
        self._session = session
        self._feeds = feeds
        self._commands = commands
        self._outbound = outbound
        self._clock = clock
        self._instance = instance
        self._who = who
        self._alarms = alarms
        self._greeted = False
        self._watch: AbstractContextManager[None] | None = None
        self._leave_device: Callable[[], None] | None = None
        self._alarm: Alarm | None = None
        self._warned = False
        self._following: dict[str, Subscription] = {}
        self._attending: set[UUID] = set()
        self._typed = -math.inf

    async def receive(self, message: SessionMessage) -> None:
        """Raises the Problem that ends the session, if one does."""
        match message:
            case Received(frame):
                await self._frame(frame)
            case Rejected(id, problem):
                if not self._greeted:
                    raise problem
                self._send(frames.Reply(id, problem=problem.body()))
            case CaughtUp():
                await self._read_on()
            case _:
                assert_never(message)

    async def stopped(self) -> None:
        self._watch_no_more()
        if self._leave_device is not None:
            self._leave_device()
        self._outbound.close()
        for subscription in self._following.values():
            await self._feeds.leave(subscription.stream, subscription)
        for course in tuple(self._attending):
            # Without the database the row stays, until the instance compares what it has with the rows.
            with suppress(Problem):
                await self._depart(course, lost=True)

    async def _frame(self, frame: ClientFrame) -> None:
        if isinstance(frame, Hello):
            await self._hello(frame)
            return
        who = self._who
        if not self._greeted or who is None:
            raise BadFrame("The first frame must be hello.")
        match frame:
            case Auth(token):
                self._auth(token, who)
            case Subscribe():
                await self._subscribe(who, frame)
            case Unsubscribe():
                await self._unsubscribe(frame.stream)
                self._send(frames.Reply(frame.id, ok={}))
            case Ask():
                await self._reply(str(frame.id), self._commands.ask(who, frame))
            case Stop():
                await self._reply(frame.id, self._commands.stop(who, frame))
            case Regenerate():
                await self._reply(frame.id, self._commands.regenerate(who, frame))
            case Generate():
                await self._reply(frame.id, self._commands.generate(who, frame))
            case Cancel():
                await self._reply(frame.id, self._commands.cancel(who, frame))
            case Presence():
                await self._reply(
                    frame.id, self._attend(who, frame.course) if frame.here else self._depart(frame.course)
                )
            case Typing():
                await self._typing(who, frame.course)
            case Ping(positions):
                await self._ping(positions)
            case _:
                assert_never(frame)

    async def _hello(self, hello: Hello) -> None:
        if self._greeted:
            raise BadFrame("hello comes once; use auth for a new token.")
        if hello.token is not None:
            self._who = self._commands.identify(hello.token)
        if self._who is None:
            raise NotAuthenticated("Send an access token in the handshake or in hello.")
        self._greeted = True
        if hello.device is not None:
            replaced = partial(self._outbound.fail, Replaced())
            self._leave_device = await self._commands.arrive(self._who, hello.device, self._session, replaced)
        joined = [(resume, await self._resume(self._who, resume)) for resume in _by_stream(hello.resume)]
        states = [
            frames.StreamState(resume.stream, found.epoch, found.seq, found.recovered)
            for resume, found in joined
            if found is not None
        ]
        user = str(self._who.user_id)
        self._send(frames.Welcome(str(self._session), user, HEARTBEAT_SECONDS, states, self._instance))
        for resume, found in joined:
            if found is not None:
                self._following[resume.stream].release(found)
        self._watch_over(self._who)

    async def _resume(self, who: Identity, resume: Resume) -> Joined | None:
        """Join again where the client was; what is no longer its to follow is left out of the welcome."""
        try:
            return await self._join(who, resume.stream, resume)
        except NotFound:
            return None

    async def _join(self, who: Identity, stream: str, after: Resume | None) -> Joined:
        await self._commands.authorise(who, stream)
        await self._unsubscribe(stream)
        if len(self._following) >= SUBSCRIPTIONS:
            raise TooManyRequests(f"One session follows at most {SUBSCRIPTIONS} streams; unsubscribe from one.")
        subscription = Subscription(stream, self._outbound, who.user_id)
        joined = await self._feeds.join(stream, subscription, after)
        self._following[stream] = subscription
        return joined

    async def _subscribe(self, who: Identity, frame: Subscribe) -> None:
        after = frame.after
        resume = Resume(frame.stream, after.epoch, after.seq) if after is not None else None
        try:
            joined = await self._join(who, frame.stream, resume)
        except Problem as problem:
            self._send(frames.Reply(frame.id, problem=problem.body()))
            return
        self._send(frames.Reply(frame.id, ok=msgspec.to_builtins(joined)))
        self._following[frame.stream].release(joined)

    async def _unsubscribe(self, stream: str) -> None:
        subscription = self._following.pop(stream, None)
        if subscription is not None:
            await self._feeds.leave(stream, subscription)

    def _auth(self, token: str, who: Identity) -> None:
        renewed = self._commands.identify(token)
        if renewed.user_id != who.user_id:
            raise Forbidden("This token is another account's; open a new socket for it.")
        self._who = renewed
        self._watch_over(renewed)

    def _watch_over(self, who: Identity) -> None:
        """The session lasts as long as its token, and ends at once when that is refused, here or elsewhere."""
        self._watch_no_more()
        self._watch = self._commands.watching(who, self._outbound.fail)
        self._watch.__enter__()
        self._warned = False
        self._await_end_of(who)

    def _watch_no_more(self) -> None:
        if self._watch is not None:
            self._watch.__exit__(None, None, None)
            self._watch = None
        if self._alarm is not None:
            self._alarm.cancel()

    def _await_end_of(self, who: Identity) -> None:
        seconds = self._left(who) - (0 if self._warned else WARNING_SECONDS)
        self._alarm = self._alarms.at(anyio.current_time() + seconds, lambda: self._age(who))

    def _age(self, who: Identity) -> None:
        """It is time to warn, or to end; or the clock was set anew meanwhile, and it is not."""
        left = self._left(who)
        if left <= 0:
            self._outbound.fail(TokenExpired())
            return
        if left <= WARNING_SECONDS and not self._warned:
            self._warned = True
            self._send(frames.AuthExpiring(round(left)))
        self._await_end_of(who)

    def _left(self, who: Identity) -> float:
        return (who.expires_at - self._clock.now()).total_seconds()

    async def _reply(self, id: str, command: Awaitable[Mapping[str, Any]]) -> None:
        """A command's outcome; its problem is the command's own and ends nothing."""
        try:
            reply = frames.Reply(id, ok=await command)
        except Problem as problem:
            reply = frames.Reply(id, problem=problem.body())
        self._send(reply)

    async def _attend(self, who: Identity, course: UUID) -> Mapping[str, Any]:
        if len(self._attending) >= ROOMS and course not in self._attending:
            raise TooManyRequests(f"One session is in at most {ROOMS} study rooms; leave one.")
        room = await self._commands.attend(who, self._session, course)
        self._attending.add(course)
        return room

    async def _depart(self, course: UUID, *, lost: bool = False) -> Mapping[str, Any]:
        if self._who is None or course not in self._attending:
            return {}
        left = await self._commands.depart(self._who, self._session, course, lost=lost)
        self._attending.discard(course)
        return left

    async def _typing(self, who: Identity, course: UUID) -> None:
        """Passed on once a second; a room that is not the learner's, or not entered, hears nothing."""
        now = anyio.current_time()
        if course in self._attending and now - self._typed >= TYPING_SECONDS:
            self._typed = now
            await self._commands.typing(who, course)

    async def _ping(self, positions: Mapping[str, int]) -> None:
        for stream, seq in positions.items():
            subscription = self._following.get(stream)
            if subscription is None:
                continue
            if seq > subscription.seq:
                raise StalePosition(
                    f"Of {stream} there are {subscription.seq} events, not {seq}; resume, or begin anew."
                )
            if seq < subscription.seq and not self._outbound.bytes:
                await self._rejoin(subscription, max(seq, 0))
        self._send(frames.Pong({name: following.seq for name, following in self._following.items()}))

    async def _read_on(self) -> None:
        for stream in self._outbound.take_behind():
            if subscription := self._following.get(stream):
                await self._rejoin(subscription, subscription.seq)

    async def _rejoin(self, subscription: Subscription, seq: int) -> None:
        """Read a stream again behind `seq`; when the log is away, later: the fault of a stream ends no session."""
        stream = subscription.stream
        await self._feeds.leave(stream, subscription)
        again = self._following[stream] = Subscription(
            stream, self._outbound, subscription.reader, subscription.epoch, seq
        )
        try:
            joined = await self._feeds.join(stream, again, Resume(stream, again.epoch, seq), limit=None)
        except Unavailable:
            self._outbound.fall_behind(stream)
            self.start_soon(self._later)
        else:
            again.release(joined)

    async def _later(self) -> None:
        await anyio.sleep(RETRY_SECONDS)
        self.address.tell(CaughtUp())

    def _send(self, frame: frames.ServerFrame) -> None:
        self._outbound.control(Outgoing(frame))


def _by_stream(resumes: Sequence[Resume]) -> list[Resume]:
    """One entry per stream: a client tells its place in the events and its place in an answer apart or together."""
    if not resumes:
        return []
    merged: dict[str, Resume] = {}
    for resume in resumes:
        known = merged.setdefault(resume.stream, resume)
        given = {name: value for name, value in msgspec.structs.asdict(resume).items() if value is not None}
        merged[resume.stream] = msgspec.structs.replace(known, **given)
    return list(merged.values())
