"""One session: greeted first, told of its streams once and in order, costing nobody anything by its faults."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
from trio.testing import MockClock

from actors.alarms import Alarms
from actors.crashes import NEVER
from actors.feeds import Feeds
from actors.mailbox import Address
from actors.session import (
    RETRY_SECONDS,
    ROOMS,
    SUBSCRIPTIONS,
    TYPING_SECONDS,
    WARNING_SECONDS,
    CaughtUp,
    Received,
    Rejected,
    SessionActor,
    SessionMessage,
)
from actors.supervisor import Supervisor
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.frames import (
    After,
    Ask,
    Auth,
    Cancel,
    ClientFrame,
    Delta,
    Generate,
    Hello,
    Ping,
    Presence,
    Regenerate,
    Resume,
    Snapshot,
    Stop,
    Subscribe,
    Typing,
    Unsubscribe,
)
from lyo_rt.problems import (
    BadFrame,
    Conflict,
    Forbidden,
    NotAuthenticated,
    NotFound,
    Problem,
    Replaced,
    SessionRevoked,
    StalePosition,
    TokenExpired,
    Unavailable,
)
from lyo_rt.security.tokens import Identity
from lyo_rt.streams import StreamEvent, conversation_stream, task_stream
from tests.actors.streaming import MOMENT, Author, Client, Logbook, LoopClock, Queue, running

pytestmark = pytest.mark.anyio

STREAM = conversation_stream(uuid4())
TASK = task_stream(uuid4())
STRANGE = task_stream(uuid4())
USER = uuid4()
LIFETIME = 1800.0


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Virtual time alone: tokens last half an hour. Sessions on asyncio are tested through the real door."""
    return "trio", {"clock": MockClock(autojump_threshold=0)}


def identity(user: UUID = USER, *, until: float = LIFETIME) -> Identity:
    return Identity(user, uuid4(), "demo@example.com", "student", MOMENT + timedelta(seconds=until))


class Desk:
    """Commands, carried out at this desk."""

    def __init__(self) -> None:
        self.tokens: dict[str, Identity] = {}
        self.watched: dict[UUID, Callable[[Problem], None]] = {}
        self.done: list[object] = []
        self.begun: dict[UUID, UUID] = {}
        self.refuses: Exception | None = None
        self.strange = {STRANGE}
        self.devices: dict[str, Callable[[], None]] = {}

    def identify(self, token: str) -> Identity:
        if token not in self.tokens:
            raise NotAuthenticated
        return self.tokens[token]

    @contextmanager
    def watching(self, who: Identity, told: Callable[[Problem], None]) -> Iterator[None]:
        self.watched[who.session_id] = told
        yield
        del self.watched[who.session_id]

    async def authorise(self, who: Identity, stream: str) -> None:  # noqa: ARG002
        if stream in self.strange:
            raise NotFound(f"There is no stream {stream}.")

    async def _do(self, who: Identity, frame: object) -> Mapping[str, Any]:
        await anyio.lowlevel.checkpoint()
        if self.refuses is not None:
            raise self.refuses
        self.done.append(frame)
        return {"user": str(who.user_id)}

    async def ask(self, who: Identity, frame: Ask) -> Mapping[str, Any]:  # noqa: ARG002
        new = frame.id not in self.begun
        answer = self.begun.setdefault(frame.id, uuid4())
        return {"answer": str(answer), "new": new}

    stop = regenerate = generate = cancel = _do

    async def attend(self, who: Identity, session: UUID, course: UUID) -> Mapping[str, Any]:  # noqa: ARG002
        await self._do(who, ("attend", course))
        return {"members": []}

    async def depart(
        self,
        who: Identity,
        session: UUID,  # noqa: ARG002
        course: UUID,
        *,
        lost: bool = False,
    ) -> Mapping[str, Any]:
        return await self._do(who, ("lost" if lost else "depart", course))

    async def arrive(
        self,
        who: Identity,  # noqa: ARG002
        device: str,
        session: UUID,  # noqa: ARG002
        replaced: Callable[[], None],
    ) -> Callable[[], None]:
        self.devices[device] = replaced
        return lambda: self.done.append(("left", device))

    async def typing(self, who: Identity, course: UUID) -> None:
        await self._do(who, ("typing", course))


class Session:
    """A session actor, and the writer's end of its socket."""

    def __init__(self, address: Address[SessionMessage], outbound: Queue) -> None:
        self.address = address
        self.outbound = outbound

    async def send(self, frame: ClientFrame) -> None:
        """What the reader does with a frame."""
        await self.address.ask(Received(frame), timeout=30)

    async def take(self, seconds: float = 0.01) -> list[dict[str, Any]]:
        """What the writer sends in that time; what it takes is followed by what was behind."""
        taken = []
        with anyio.move_on_after(seconds):
            while batch := await self.outbound.taken():
                taken += map(json.loads, batch)
                if self.outbound.caught_up():
                    self.address.tell(CaughtUp())
        return taken

    async def exchange(self, frame: ClientFrame) -> list[dict[str, Any]]:
        """What is sent, up to and with what a frame makes happen."""
        await self.send(frame)
        return await self.take()


@pytest.fixture
def logbook() -> Logbook:
    return Logbook()


@pytest.fixture
def broadcast() -> InProcessBroadcast:
    return InProcessBroadcast(LoopClock())


@pytest.fixture
def author(logbook: Logbook, broadcast: InProcessBroadcast) -> Author:
    return Author(STREAM, logbook, broadcast)


@pytest.fixture
async def feeds(logbook: Logbook, broadcast: InProcessBroadcast) -> AsyncIterator[Feeds]:
    async with running(Feeds(logbook, broadcast)) as feeds:
        yield feeds


@pytest.fixture
def desk() -> Desk:
    return Desk()


Open = Callable[..., Session]


@pytest.fixture
async def open_session(feeds: Feeds, desk: Desk) -> AsyncIterator[Open]:
    """Opens sessions: `who` as the handshake said, `budget` of the outbound queue."""
    alarms = Alarms()
    async with Supervisor() as supervisor:
        ringing = supervisor.root(alarms.run)

        def open_(who: Identity | None = None, budget: int = 1024 * 1024) -> Session:
            outbound, id = Queue(budget=budget), uuid4()
            address = supervisor.start(
                "session",
                id,
                lambda: SessionActor(id, feeds, desk, outbound, LoopClock(), alarms, instance="7", who=who),
                policy=NEVER,
            )
            return Session(address, outbound)

        yield open_
        ringing.cancel()
        await supervisor.stop(5)


@pytest.fixture
async def session(open_session: Open) -> Session:
    """A session that has been greeted."""
    session = open_session(identity())
    await session.exchange(Hello())
    return session


def entries(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of what was sent, what streams told."""
    return [frame for frame in sent if frame["type"] in {"event", "delta", "snapshot", "end"}]


def as_client(sent: list[dict[str, Any]], joined: dict[str, Any], stream: str = STREAM) -> Client:
    """A client that has applied what was sent by the protocol's rules."""
    client = Client(stream)
    client.epoch, client.seq = joined["epoch"], joined["seq"]
    for frame in entries(sent):
        if frame["stream"] == stream:
            apply(client, frame)
    return client


def apply(client: Client, frame: dict[str, Any]) -> None:
    members = {name: value for name, value in frame.items() if name != "type"}
    match frame["type"]:
        case "delta":
            client._take(Delta(**members))
        case "snapshot":
            client._take(Snapshot(**members))
        case "event":
            client._take(_event(members, members["event"], members["data"]))
        case "end":
            client._take(_event(members, "end", members))


def _event(members: dict[str, Any], name: str, data: dict[str, Any]) -> StreamEvent:
    return StreamEvent(members["stream"], members["epoch"], members["seq"], name, data, MOMENT)


# -- the beginning


@pytest.mark.parametrize("first", [Ping(), Subscribe("1", STREAM), Auth("t")])
async def test_hello_must_be_first(open_session: Open, first: ClientFrame) -> None:
    session = open_session(identity())
    with pytest.raises(BadFrame):
        await session.send(first)
    assert session.outbound.bytes == 0


async def test_rubbish_before_hello_ends_the_session(open_session: Open) -> None:
    with pytest.raises(BadFrame):
        await open_session(identity()).address.ask(Rejected(None, BadFrame()), timeout=5)


async def test_the_token_may_come_in_the_handshake_or_in_hello(open_session: Open, desk: Desk) -> None:
    desk.tokens["t"] = identity()
    for session, hello in ((open_session(identity()), Hello()), (open_session(), Hello(token="t"))):
        [welcome] = await session.exchange(hello)
        assert welcome["type"] == "welcome"
        assert (welcome["user"], welcome["heartbeat"], welcome["instance"]) == (str(USER), 25, "7")
        assert welcome["streams"] == []


async def test_without_a_good_token_there_is_no_welcome(open_session: Open) -> None:
    for hello in (Hello(), Hello(token="forged")):
        session = open_session()
        with pytest.raises(NotAuthenticated):
            await session.send(hello)
        assert session.outbound.bytes == 0


async def test_hello_comes_once(session: Session) -> None:
    with pytest.raises(BadFrame):
        await session.send(Hello())


async def test_the_welcome_goes_before_what_was_missed(open_session: Open, author: Author) -> None:
    for _ in range(3):
        await author.say()
    session = open_session(identity())
    welcome, *rest = await session.exchange(Hello(resume=[Resume(STREAM, 1, 1)]))
    assert welcome["streams"] == [{"stream": STREAM, "epoch": 1, "seq": 1, "recovered": True}]
    assert [(frame["type"], frame["seq"]) for frame in rest] == [("event", 2), ("event", 3)]


async def test_what_is_said_while_hello_is_answered_comes_behind_the_welcome(
    open_session: Open, author: Author, logbook: Logbook
) -> None:
    session = open_session(identity())
    logbook.pause = lambda: anyio.sleep(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session.send, Hello(resume=[Resume(STREAM, 1, 0), Resume(TASK, 1, 0)]))
        for _ in range(20):
            await author.say()
            await anyio.sleep(0.3)
    sent = await session.take()
    assert sent[0]["type"] == "welcome"
    assert [frame["seq"] for frame in sent[1:]] == list(range(1, 21))


async def test_several_streams_are_resumed_each_where_it_was(
    open_session: Open, author: Author, logbook: Logbook, broadcast: InProcessBroadcast
) -> None:
    task = Author(TASK, logbook, broadcast)
    for _ in range(3):
        await author.say()
        await task.say()
    answer = author.begin()
    await answer.write("seen, missed")
    session = open_session(identity())
    resume = [
        Resume(STREAM, 1, 2),
        Resume(TASK, 9, 1),
        Resume(STRANGE, 1, 1),
        Resume(STREAM, message=UUID(answer.id), revision=1, at=6),
    ]
    welcome, *rest = await session.exchange(Hello(resume=resume))
    assert welcome["streams"] == [
        {"stream": STREAM, "epoch": 1, "seq": 2, "recovered": True},
        {"stream": TASK, "epoch": 1, "seq": 3, "recovered": False},
    ]
    assert [(frame["stream"], frame["type"]) for frame in rest] == [(STREAM, "event"), (STREAM, "delta")]
    assert (rest[1]["at"], rest[1]["text"]) == (6, "missed")


async def test_without_the_log_there_is_no_welcome_and_nothing_is_followed(
    open_session: Open, logbook: Logbook, feeds: Feeds
) -> None:
    logbook.away = True
    session = open_session(identity())
    with pytest.raises(Unavailable):
        await session.send(Hello(resume=[Resume(STREAM, 1, 0)]))
    assert feeds.statistics()["streams"] == 0


# -- subscriptions


async def test_the_reply_goes_before_what_it_speaks_of(session: Session, author: Author) -> None:
    for _ in range(3):
        await author.say()
    reply, *rest = await session.exchange(Subscribe("9", STREAM, After(1, 1)))
    assert reply == {"type": "reply", "id": "9", "ok": {"epoch": 1, "seq": 1, "recovered": True}}
    await author.say()
    rest += await session.take()
    assert [frame["seq"] for frame in rest] == [2, 3, 4]


async def test_without_a_place_only_what_comes_is_told(session: Session, author: Author) -> None:
    await author.say()
    [reply] = await session.exchange(Subscribe("9", STREAM))
    assert reply["ok"] == {"epoch": 1, "seq": 1, "recovered": True}


async def test_a_strangers_stream_is_not_found_and_costs_nothing_else(session: Session, author: Author) -> None:
    await session.exchange(Subscribe("1", STREAM))
    [reply] = await session.exchange(Subscribe("2", STRANGE))
    assert (reply["id"], reply["problem"]["status"], reply["problem"]["code"]) == ("2", 404, "NOT_FOUND")
    await author.say()
    assert len(await session.take()) == 1


async def test_a_stream_that_cannot_be_read_is_a_problem_and_costs_nothing_else(
    session: Session, author: Author, logbook: Logbook
) -> None:
    await session.exchange(Subscribe("1", STREAM))
    logbook.away = True
    [reply] = await session.exchange(Subscribe("2", TASK))
    assert (reply["id"], reply["problem"]["status"]) == ("2", 503)
    await author.say()
    assert len(await session.take()) == 1
    logbook.away = False
    [reply] = await session.exchange(Subscribe("3", TASK))
    assert "ok" in reply


async def test_subscribing_again_goes_on_from_the_new_place(session: Session, author: Author, feeds: Feeds) -> None:
    for _ in range(2):
        await author.say()
    await session.exchange(Subscribe("1", STREAM, After(1, 0)))
    reply, *rest = await session.exchange(Subscribe("2", STREAM, After(1, 1)))
    assert reply["ok"]["seq"] == 1
    assert [frame["seq"] for frame in rest] == [2]
    assert feeds.statistics()["sinks"] == 1


async def test_unsubscribed_nothing_more_comes(session: Session, author: Author, feeds: Feeds) -> None:
    await session.exchange(Subscribe("1", STREAM))
    assert await session.exchange(Unsubscribe("2", STREAM)) == [{"type": "reply", "id": "2", "ok": {}}]
    assert feeds.statistics()["streams"] == 0
    await author.say()
    assert await session.take() == []
    assert await session.exchange(Unsubscribe("3", STREAM)) == [{"type": "reply", "id": "3", "ok": {}}]


async def test_one_session_follows_so_many_streams_and_no_more(session: Session, feeds: Feeds) -> None:
    streams = [task_stream(uuid4()) for _ in range(SUBSCRIPTIONS)]
    for stream in streams:
        assert "ok" in (await session.exchange(Subscribe("1", stream)))[0]
    [reply] = await session.exchange(Subscribe("2", TASK))
    assert reply["problem"]["status"] == 429
    assert "ok" in (await session.exchange(Subscribe("3", streams[0])))[0]
    await session.exchange(Unsubscribe("4", streams[1]))
    assert "ok" in (await session.exchange(Subscribe("5", TASK)))[0]
    assert feeds.statistics()["sinks"] == SUBSCRIPTIONS


async def test_a_session_that_ends_leaves_everything(
    session: Session, feeds: Feeds, broadcast: InProcessBroadcast
) -> None:
    for stream in (STREAM, TASK):
        await session.exchange(Subscribe("1", stream))
    session.address.stop()
    await session.address.ended()
    assert feeds.statistics()["streams"] == 0
    assert broadcast.statistics()["listeners"] == 0
    assert await session.outbound.taken() == []


# -- commands


async def test_rubbish_is_answered_and_costs_nothing_else(session: Session, author: Author) -> None:
    await session.exchange(Subscribe("1", STREAM))
    await session.address.ask(Rejected("7", BadFrame("No.")), timeout=5)
    await session.address.ask(Rejected(None, BadFrame("No.")), timeout=5)
    await author.say()
    first, second, event = await session.take()
    assert (first["id"], first["problem"]["code"], first["problem"]["detail"]) == ("7", "BAD_FRAME", "No.")
    assert second["id"] is None
    assert event["type"] == "event"


@pytest.mark.parametrize(
    "frame",
    [Stop("1", uuid4()), Regenerate("1", uuid4()), Generate("1", {"topic": "x"}), Cancel("1", uuid4())],
    ids=lambda frame: type(frame).__name__,
)
async def test_a_command_is_carried_out_and_answered(session: Session, desk: Desk, frame: ClientFrame) -> None:
    assert await session.exchange(frame) == [{"type": "reply", "id": "1", "ok": {"user": str(USER)}}]
    assert desk.done == [frame]
    desk.refuses = Conflict("Not now.")
    [reply] = await session.exchange(frame)
    assert (reply["id"], reply["problem"]["status"], reply["problem"]["detail"]) == ("1", 409, "Not now.")
    assert "ok" not in reply


async def test_a_question_asked_again_begins_nothing_new(session: Session) -> None:
    ask = Ask(uuid4(), uuid4(), "why?")
    [first] = await session.exchange(ask)
    [again] = await session.exchange(ask)
    assert first["id"] == again["id"] == str(ask.id)
    assert first["ok"]["answer"] == again["ok"]["answer"]
    assert (first["ok"]["new"], again["ok"]["new"]) == (True, False)


# -- the heartbeat


async def test_the_pong_tells_the_positions(session: Session, author: Author) -> None:
    await session.exchange(Subscribe("1", STREAM))
    await session.exchange(Subscribe("2", TASK))
    await author.say()
    await session.take()
    assert await session.exchange(Ping()) == [{"type": "pong", "positions": {STREAM: 1, TASK: 0}}]


async def test_a_position_that_is_behind_is_repaired_at_once(session: Session, author: Author) -> None:
    await session.exchange(Subscribe("1", STREAM))
    for _ in range(3):
        await author.say()
    await session.take()
    sent = await session.exchange(Ping({STREAM: 1, TASK: 0}))
    assert [frame["seq"] for frame in entries(sent)] == [2, 3]
    assert sent[-1] == {"type": "pong", "positions": {STREAM: 3}}
    await author.say()
    assert [frame["seq"] for frame in await session.take()] == [4]
    sent = await session.exchange(Ping({STREAM: -7}))
    assert [frame["seq"] for frame in entries(sent)] == [1, 2, 3, 4]


async def test_a_position_is_not_repaired_while_what_it_lacks_is_on_its_way(session: Session, author: Author) -> None:
    await session.exchange(Subscribe("1", STREAM))
    await author.say()
    sent = await session.exchange(Ping({STREAM: 0}))
    assert [frame["seq"] for frame in entries(sent)] == [1]


async def test_a_position_that_cannot_be_repaired_now_is_later(
    session: Session, author: Author, logbook: Logbook
) -> None:
    await session.exchange(Subscribe("1", STREAM))
    for _ in range(3):
        await author.say()
    await session.take()
    logbook.away = True
    assert entries(await session.exchange(Ping({STREAM: 1}))) == []
    await author.say()
    logbook.away = False
    await anyio.sleep(2 * RETRY_SECONDS)
    assert [frame["seq"] for frame in await session.take()] == [2, 3, 4]


# -- falling behind


async def test_who_falls_behind_reads_on_and_misses_nothing(
    open_session: Open, author: Author, logbook: Logbook
) -> None:
    session = open_session(identity(), budget=4000)
    await session.exchange(Hello())
    [reply] = await session.exchange(Subscribe("1", STREAM))
    sent: list[dict[str, Any]] = []
    for round_ in range(10):
        for _ in range(50):
            await author.say(text="x" * 100)
        answer = author.begin()
        for number in range(200):
            await answer.write(f"{round_}.{number} 🦊 ")
        assert session.outbound.bytes <= 4000
        await answer.end()
        sent += await session.take()
    assert session.outbound.dropped > 0
    client = as_client(sent, reply["ok"])
    assert client.faults == []
    assert client.seq == logbook.top(STREAM)
    assert client.ends == {message: stored.text for message, stored in logbook.answers.items()}


async def test_reading_on_waits_for_the_log_and_ends_no_session(
    open_session: Open, author: Author, logbook: Logbook
) -> None:
    session = open_session(identity(), budget=1000)
    await session.exchange(Hello())
    await session.exchange(Subscribe("1", STREAM))
    for _ in range(20):
        await author.say(text="x" * 100)
    logbook.away = True
    first = entries(await session.take())
    assert 0 < len(first) < 20
    await anyio.sleep(10 * RETRY_SECONDS)
    assert await session.exchange(Ping()) == [{"type": "pong", "positions": {STREAM: len(first)}}]
    logbook.away = False
    await anyio.sleep(2 * RETRY_SECONDS)
    rest = entries(await session.take())
    assert [frame["seq"] for frame in first + rest] == list(range(1, 21))


async def test_far_behind_is_read_on_although_it_would_not_be_replayed_to_a_newcomer(
    open_session: Open, author: Author, logbook: Logbook
) -> None:
    session = open_session(identity(), budget=100_000)
    await session.exchange(Hello())
    [reply] = await session.exchange(Subscribe("1", STREAM, After(1, 0)))
    for _ in range(7000):
        await author.say(text="x" * 200)
    assert session.outbound.bytes <= 100_000
    client = as_client(await session.take(), reply["ok"])
    assert client.faults == []
    assert client.seq == 7000 == logbook.top(STREAM)


async def test_a_long_replay_is_taken_in_parts(open_session: Open, author: Author) -> None:
    for _ in range(3000):
        await author.say()
    session = open_session(identity())
    welcome, *rest = await session.exchange(Hello(resume=[Resume(STREAM, 1, 0)]))
    assert welcome["streams"][0]["recovered"]
    assert [frame["seq"] for frame in rest] == list(range(1, 3001))


# -- the token


async def test_the_end_of_the_token_is_announced_and_then_ends_the_session(open_session: Open) -> None:
    session = open_session(identity(until=LIFETIME))
    await session.exchange(Hello())
    assert await session.take(LIFETIME - WARNING_SECONDS - 1) == []
    assert await session.take(2) == [{"type": "auth_expiring", "in": 60}]
    with pytest.raises(TokenExpired):
        await session.outbound.taken()
    assert LIFETIME <= anyio.current_time() <= LIFETIME + 0.1


async def test_a_new_token_goes_on_with_all_subscriptions(open_session: Open, desk: Desk, author: Author) -> None:
    desk.tokens["new"] = identity(until=2 * LIFETIME)
    session = open_session(identity(until=LIFETIME))
    await session.exchange(Hello())
    await session.exchange(Subscribe("1", STREAM))
    assert await session.take(LIFETIME - 1) == [{"type": "auth_expiring", "in": 60}]
    assert await session.exchange(Auth("new")) == []
    assert await session.take(LIFETIME - WARNING_SECONDS - 1) == []
    await author.say()
    assert [frame["type"] for frame in await session.take()] == ["event"]
    assert await session.take(3) == [{"type": "auth_expiring", "in": 60}]
    with pytest.raises(TokenExpired):
        await session.outbound.taken()
    assert 2 * LIFETIME <= anyio.current_time() <= 2 * LIFETIME + 0.1


async def test_a_clock_that_is_set_back_gives_the_token_its_time(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session(identity(until=LIFETIME))
    await session.exchange(Hello())
    now = LoopClock.now
    monkeypatch.setattr(LoopClock, "now", lambda self: now(self) - timedelta(hours=1))
    assert await session.take(3600 + LIFETIME - WARNING_SECONDS - 1) == []
    assert await session.take(2) == [{"type": "auth_expiring", "in": 60}]


async def test_a_token_about_to_end_is_said_to_be_after_the_welcome(open_session: Open) -> None:
    session = open_session(identity(until=20))
    assert [frame["type"] for frame in await session.exchange(Hello())] == ["welcome", "auth_expiring"]


async def test_another_accounts_token_is_refused(session: Session, desk: Desk) -> None:
    desk.tokens["other"] = identity(uuid4())
    with pytest.raises(Forbidden):
        await session.send(Auth("other"))
    with pytest.raises(NotAuthenticated):
        await session.send(Auth("forged"))


async def test_signed_out_elsewhere_the_session_ends_at_once(open_session: Open, desk: Desk) -> None:
    who, other = identity(), identity()
    session = open_session(who)
    await session.exchange(Hello())
    desk.tokens["other"] = other
    assert list(desk.watched) == [who.session_id]
    await session.send(Auth("other"))
    assert list(desk.watched) == [other.session_id]
    await session.send(Ping())
    desk.watched[other.session_id](SessionRevoked())
    with pytest.raises(SessionRevoked):
        await session.outbound.taken()
    session.address.stop()
    await session.address.ended()
    assert desk.watched == {}


# -- study rooms


async def test_a_session_leaves_the_rooms_it_is_in_when_it_ends(session: Session, desk: Desk) -> None:
    maths, history = uuid4(), uuid4()
    for course in (maths, history):
        assert (await session.exchange(Presence("1", course)))[0]["ok"] == {"members": []}
    await session.exchange(Presence("2", maths, here=False))
    session.address.stop()
    await session.address.ended()
    assert desk.done == [("attend", maths), ("attend", history), ("depart", maths), ("lost", history)]


async def test_leaving_a_room_one_is_not_in_does_nothing(session: Session, desk: Desk) -> None:
    assert (await session.exchange(Presence("1", uuid4(), here=False)))[0]["ok"] == {}
    assert desk.done == []


async def test_a_session_is_in_so_many_rooms_at_most(session: Session) -> None:
    for _ in range(ROOMS):
        assert "ok" in (await session.exchange(Presence("1", uuid4())))[0]
    assert (await session.exchange(Presence("1", uuid4())))[0]["problem"]["status"] == 429


async def test_typing_is_passed_on_once_a_second_and_only_from_within_the_room(session: Session, desk: Desk) -> None:
    course = uuid4()
    assert await session.exchange(Typing(course)) == []
    assert desk.done == []
    await session.exchange(Presence("1", course))
    for _ in range(3):
        assert await session.exchange(Typing(course)) == []
    await anyio.sleep(TYPING_SECONDS)
    await session.exchange(Typing(course))
    assert desk.done == [("attend", course), ("typing", course), ("typing", course)]


async def test_a_room_that_refuses_costs_the_session_nothing(session: Session, desk: Desk) -> None:
    desk.refuses = NotFound("There is no such course.")
    assert (await session.exchange(Presence("1", uuid4())))[0]["problem"]["status"] == 404
    desk.refuses = None
    assert (await session.exchange(Ping()))[0]["type"] == "pong"


# -- devices, and places that cannot be


async def test_a_session_that_is_replaced_ends_and_a_device_is_left_at_the_end(open_session: Open, desk: Desk) -> None:
    session = open_session(identity())
    await session.exchange(Hello(device="phone"))
    desk.devices["phone"]()
    with pytest.raises(Replaced):
        await session.outbound.taken()
    session.address.stop()
    await session.address.ended()
    assert desk.done == [("left", "phone")]


async def test_a_place_ahead_of_the_stream_ends_the_session_to_be_resumed(session: Session, author: Author) -> None:
    await author.say()
    await session.exchange(Subscribe("1", STREAM))
    assert (await session.exchange(Ping({STREAM: 1, TASK: 7})))[0]["positions"] == {STREAM: 1}
    with pytest.raises(StalePosition):
        await session.send(Ping({STREAM: 2}))
