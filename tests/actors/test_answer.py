"""An answer's pieces are this instance's readers' before they have been around the broadcast; everybody's once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import anyio
import pytest

from actors.answer import SHARE_SECONDS, Answer
from actors.composing import Composed
from actors.feeds import Feeds
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.frames import Delta, Resume
from lyo_rt.language_models.port import TextSink, Written
from lyo_rt.leases import Lease
from lyo_rt.streams import conversation_stream
from lyo_rt.tutoring.records import TurnContext
from tests.actors.streaming import Author, Client, Logbook, running, until

pytestmark = pytest.mark.anyio

CONVERSATION = uuid4()
STREAM = conversation_stream(CONVERSATION)
WRITTEN = Composed(Written(provider="tests", model="tests"), "tests")


class Remote(InProcessBroadcast):
    """A broadcast to which the way is as long as the test wants, and that `instances` listen to."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.open = anyio.Event()
        self.open.set()
        self.instances = 1
        self.shared: list[tuple[int, int, str]] = []

    async def extend_draft(self, key: str, topic: str, *, revision: int, at: int, text: str, payload: bytes) -> int:
        await self.open.wait()
        told = await super().extend_draft(key, topic, revision=revision, at=at, text=text, payload=payload)
        self.shared.append((revision, at, text))
        return self.instances if told else 0


class Desk:
    """An answer on its way to a client on its own instance."""

    def __init__(self, feeds: Feeds, broadcast: Remote) -> None:
        self.lease = Lease("turn", uuid4(), epoch=1)
        self.holds = True
        context = cast("TurnContext", SimpleNamespace(conversation=CONVERSATION, revision=1))
        database = cast("Database", SimpleNamespace(nearby=feeds.foretold))
        # what it stores is not looked at here: it never gets as far as a checkpoint
        self.answer = Answer(self.lease, context, database, broadcast, lambda: 0.0, lambda: self.holds)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[TextSink]:
        """The answer as its composer has it."""
        sinks: list[TextSink] = []
        begun, over = anyio.Event(), anyio.Event()

        async def compose(sink: TextSink) -> Composed:
            sinks.append(sink)
            begun.set()
            await over.wait()
            return WRITTEN

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cast("Callable[..., Awaitable[Any]]", self.answer.write), compose)
            await begun.wait()
            yield sinks[0]
            over.set()


@pytest.fixture
def broadcast() -> Remote:
    return Remote()


@pytest.fixture
async def feeds(broadcast: Remote) -> AsyncIterator[Feeds]:
    async with running(Feeds(Logbook(), broadcast, look_seconds=3600)) as feeds:
        yield feeds


@pytest.fixture
def desk(feeds: Feeds, broadcast: Remote) -> Desk:
    return Desk(feeds, broadcast)


@pytest.fixture
async def client(feeds: Feeds) -> Client:
    client = Client(STREAM)
    await client.join(feeds)
    return client


def held(client: Client, desk: Desk) -> str:
    draft = client.texts.get(str(desk.lease.id))
    return draft.text if draft else ""


async def test_readers_here_have_a_piece_at_once_however_far_the_broadcast_is(
    desk: Desk, client: Client, broadcast: Remote
) -> None:
    async with desk.writing() as sink:
        await sink.text("Bread ")
        await until(lambda: broadcast.shared == [(1, 0, "Bread ")])
        broadcast.open = anyio.Event()
        for piece, whole in (("rises ", "Bread rises "), ("slowly.", "Bread rises slowly.")):
            await sink.text(piece)
            assert held(client, desk) == whole
        assert broadcast.shared == [(1, 0, "Bread ")]
        broadcast.open.set()
        await until(lambda: "".join(text for _, _, text in broadcast.shared) == "Bread rises slowly.")
    assert client.faults == []
    assert [frame.text for frame in client.told if isinstance(frame, Delta)] == ["Bread ", "rises ", "slowly."]


async def test_a_revision_is_foretold_once_the_broadcast_holds_it(
    desk: Desk, client: Client, broadcast: Remote
) -> None:
    async with desk.writing() as sink:
        await sink.text("Wrong")
        await until(lambda: held(client, desk) == "Wrong")
        broadcast.open = anyio.Event()
        await sink.restart()
        await sink.text("Right")
        await sink.text(", now")
        assert held(client, desk) == "Wrong"
        broadcast.open.set()
        await until(lambda: held(client, desk) == "Right, now")
    assert {(revision, at) for revision, at, _ in broadcast.shared} >= {(1, 0), (2, 0)}
    assert client.faults == []


async def test_who_has_lost_the_lease_foretells_nothing(desk: Desk, client: Client, broadcast: Remote) -> None:
    async def write() -> None:
        async with desk.writing() as sink:
            await sink.text("Bread ")
            await until(lambda: broadcast.shared == [(1, 0, "Bread ")])
            desk.holds = False
            await sink.text("falls.")
            assert held(client, desk) == "Bread "
            await anyio.sleep(2 * SHARE_SECONDS)

    with pytest.raises(BaseExceptionGroup) as lost:
        await write()
    assert "LeaseLost" in repr(lost.value)
    assert broadcast.shared == [(1, 0, "Bread ")]


async def test_what_only_readers_here_wait_for_is_shared_a_few_times_a_second(
    desk: Desk, client: Client, broadcast: Remote
) -> None:
    async with desk.writing() as sink:
        await sink.text("0")
        await until(lambda: broadcast.shared == [(1, 0, "0")])
        for number in range(1, 10):
            await sink.text(str(number))
            assert held(client, desk) == "0123456789"[: number + 1]
        await until(lambda: "".join(text for _, _, text in broadcast.shared) == "0123456789")
    assert len(broadcast.shared) <= 4
    assert client.faults == []


async def test_readers_elsewhere_do_not_wait_for_the_next_time(desk: Desk, client: Client, broadcast: Remote) -> None:
    broadcast.instances = 2
    async with desk.writing() as sink:
        for number in range(10):
            await sink.text(str(number))
            await until(lambda number=number: len(broadcast.shared) == number + 1)  # type: ignore[misc]
    assert [text for _, _, text in broadcast.shared] == list("0123456789")
    assert held(client, desk) == "0123456789"


async def test_readers_here_who_are_being_repaired_do_not_wait_for_the_next_time(
    desk: Desk, feeds: Feeds, client: Client, broadcast: Remote
) -> None:
    async with desk.writing() as sink:
        await sink.text("Bread ")
        await until(lambda: broadcast.shared == [(1, 0, "Bread ")])
        await sink.text("rises ")
        await feeds.leave(STREAM, client)
        before = len(broadcast.shared)
        await sink.text("slowly.")
        await until(lambda: "".join(text for _, _, text in broadcast.shared) == "Bread rises slowly.")
    assert len(broadcast.shared) <= before + 1


async def test_who_was_told_more_than_the_broadcast_holds_goes_on_from_there(
    feeds: Feeds, broadcast: Remote, client: Client
) -> None:
    """Their socket was cut, and they come back on another instance before the next piece has been shared."""
    await feeds.leave(STREAM, client)
    answer = Author(STREAM, Logbook(), broadcast).begin()
    first = Client(STREAM)
    await first.join(feeds)
    await answer.write("Bread ")
    await client.join(feeds, Resume(STREAM, message=UUID(answer.id), revision=1, at=len("Bread rises ")))
    assert client.told == []
    await answer.write("rises slowly.")
    assert client.told == [Delta(STREAM, answer.id, 1, len("Bread "), "rises slowly.")]
