"""The log on a real PostgreSQL: gapless, in the order of commits, announced after the commit and never otherwise."""

import random
from collections.abc import AsyncIterator
from uuid import uuid4

import anyio
import msgspec
import pytest

from lyo_rt import streams
from lyo_rt.database.pool import Database
from lyo_rt.frames import Codec
from lyo_rt.streams import Head, Hint, StreamEvent, conversation_stream, course_stream, task_stream, topic
from tests.conftest import Announcements

pytestmark = pytest.mark.anyio

WRITERS = 50
EACH = 8


class Regret(Exception):
    """Why a transaction of a test is rolled back."""


@pytest.fixture
def stream() -> str:
    return task_stream(uuid4())


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[Database]:
    """Another instance's pool."""
    async with Database.open(database_url, Announcements(), pool_max=4) as opened:
        yield opened


async def append(database: Database, stream: str, *numbers: int, regret: bool = False) -> None:
    try:
        async with database.transaction() as transaction:
            for number in numbers:
                await streams.append(transaction, stream, "counted", {"number": number})
            if regret:
                raise Regret
    except Regret:
        pass


def hints(announcements: Announcements, stream: str) -> list[Hint]:
    return [msgspec.json.decode(payload, type=Hint) for name, payload in announcements if name == topic(stream)]


async def test_a_stream_nobody_has_appended_to_is_at_its_beginning(database: Database, stream: str) -> None:
    assert await streams.head(database, stream) == Head(epoch=1, top=0)
    assert await streams.read_after(database, stream, 0) == []
    assert await streams.heads(database, [stream]) == {}


async def test_events_are_read_as_they_were_appended(database: Database, stream: str) -> None:
    async with database.transaction() as transaction:
        first = await streams.append(transaction, stream, "began", {"text": "größer ✓", "list": [1, None]})
        second = await streams.append(transaction, stream, "went on", {})
    assert (first.epoch, first.seq, second.seq) == (1, 1, 2)
    assert await streams.read_after(database, stream, 0) == [first, second]
    assert await streams.read_after(database, stream, 1) == [second]
    assert await streams.head(database, stream) == Head(1, 2)


async def test_the_newest_event_comes_with_the_head(database: Database, stream: str) -> None:
    assert await streams.newest(database, stream) == (Head(1, 0), None)
    await append(database, stream, 1, 2)
    [_, second] = await streams.read_after(database, stream, 0)
    assert await streams.newest(database, stream) == (Head(1, 2), second)
    await database.execute("UPDATE stream_events SET created_at = created_at - interval '8 days'")
    assert await streams.trim(database, "%", 7) == 2
    assert await streams.newest(database, stream) == (Head(1, 2), None)
    await append(database, stream, 3)
    assert await streams.newest(database, stream) == (Head(1, 3), (await streams.read_after(database, stream, 2))[0])
    async with database.transaction() as transaction:
        await streams.delete(transaction, stream)
    assert await streams.newest(database, stream) == (Head(2, 0), None)


async def test_a_page_is_as_long_as_asked(database: Database, stream: str) -> None:
    await append(database, stream, *range(7))
    assert [event.seq for event in await streams.read_after(database, stream, 2, limit=3)] == [3, 4, 5]


async def test_fifty_writers_with_rollbacks_leave_no_gap_and_no_reader_sees_one(
    database: Database, reader: Database, stream: str
) -> None:
    chance = random.Random(20261121)  # noqa: S311
    committed: set[int] = set()
    done = anyio.Event()
    readings: list[list[int]] = []

    async def write(writer: int) -> None:
        for turn in range(EACH):
            numbers = [1000 * writer + 10 * turn + step for step in range(chance.randint(1, 3))]
            regret = chance.random() < 0.3
            await append(database, stream, *numbers, regret=regret)
            if not regret:
                committed.update(numbers)

    async def tail() -> None:
        """Reads behind what it has, all the time; what it sees must be the next numbers without a gap."""
        seen: list[int] = []
        readings.append(seen)
        while not (done.is_set() and len(seen) == len(committed)):
            for event in await streams.read_after(reader, stream, seen[-1] if seen else 0, limit=20):
                seen.append(event.seq)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as readers:
        for _ in range(3):
            readers.start_soon(tail)
        async with anyio.create_task_group() as writers:
            for writer in range(WRITERS):
                writers.start_soon(write, writer)
        done.set()

    events = await streams.read_after(database, stream, 0, limit=10_000)
    assert [event.seq for event in events] == list(range(1, len(committed) + 1))
    assert {event.data["number"] for event in events} == committed
    assert readings == [list(range(1, len(committed) + 1))] * 3


async def test_what_one_transaction_appends_stands_together(database: Database, stream: str) -> None:
    async with anyio.create_task_group() as writers:
        for writer in range(20):
            writers.start_soon(append, database, stream, *(10 * writer + step for step in range(4)))
    numbers = [event.data["number"] for event in await streams.read_after(database, stream, 0)]
    groups = [numbers[place : place + 4] for place in range(0, 80, 4)]
    assert sorted(groups) == [[10 * writer + step for step in range(4)] for writer in range(20)]


async def test_nothing_is_announced_before_the_commit(
    database: Database, announcements: Announcements, stream: str
) -> None:
    async with database.transaction() as transaction:
        event = await streams.append(transaction, stream, "counted", {"number": 1})
        assert announcements == []
    assert hints(announcements, stream) == [Hint(1, 1, event)]


async def test_nothing_is_announced_after_a_rollback(
    database: Database, announcements: Announcements, stream: str
) -> None:
    await append(database, stream, 1, 2, regret=True)
    assert announcements == []
    await append(database, stream, 3)
    assert [hint.seq for hint in hints(announcements, stream)] == [1]


async def test_a_rolled_back_first_event_lets_the_next_writer_be_first(database: Database, stream: str) -> None:
    began, waiting = anyio.Event(), anyio.Event()

    async def regretful() -> None:
        async with database.transaction() as transaction:
            await streams.append(transaction, stream, "counted", {"number": 1})
            began.set()
            await waiting.wait()
            raise Regret

    async with anyio.create_task_group() as tasks:

        async def first() -> None:
            with pytest.raises(Regret):
                await regretful()

        tasks.start_soon(first)
        await began.wait()
        tasks.start_soon(append, database, stream, 2)
        await blocked(database, 1)
        waiting.set()
    assert [(event.seq, event.data["number"]) for event in await streams.read_after(database, stream, 0)] == [(1, 2)]


async def test_a_large_event_is_announced_without_its_data(
    database: Database, announcements: Announcements, stream: str
) -> None:
    async with database.transaction() as transaction:
        small = await streams.append(transaction, stream, "said", {"text": "x" * 8_000})
        large = await streams.append(transaction, stream, "said", {"text": "ä" * streams.INLINE_BYTES})
    assert hints(announcements, stream) == [Hint(1, 1, small), Hint(1, 2)]
    assert max(len(payload) for _, payload in announcements) <= streams.INLINE_BYTES
    assert await streams.read_after(database, stream, 1) == [large]


async def test_an_announced_event_is_the_one_in_the_log(
    database: Database, announcements: Announcements, stream: str
) -> None:
    await append(database, stream, 7)
    told = hints(announcements, stream)[0].event
    [read] = await streams.read_after(database, stream, 0)
    assert told == read
    assert told.outgoing.payload(Codec.JSON) == read.outgoing.payload(Codec.JSON)


async def test_an_event_is_encoded_once(database: Database, stream: str) -> None:
    await append(database, stream, 7)
    [event] = await streams.read_after(database, stream, 0)
    assert isinstance(event, StreamEvent)
    assert event.outgoing.framed(Codec.JSON) is event.outgoing.framed(Codec.JSON)


async def test_two_streams_do_not_wait_for_each_other(database: Database) -> None:
    slow, quick = course_stream(uuid4()), conversation_stream(uuid4())
    async with database.transaction() as transaction:
        await streams.append(transaction, slow, "counted", {"number": 1})
        with anyio.fail_after(5):
            await append(database, quick, 1, 2)
        assert await streams.read_after(database, slow, 0) == []
        assert len(await streams.read_after(database, quick, 0)) == 2
    assert len(await streams.read_after(database, slow, 0)) == 1


async def test_the_heads_of_many_streams_are_read_at_once(database: Database, stream: str) -> None:
    other, empty = task_stream(uuid4()), task_stream(uuid4())
    await append(database, stream, 1, 2)
    await append(database, other, 1)
    assert await streams.heads(database, [stream, other, empty]) == {stream: Head(1, 2), other: Head(1, 1)}


async def test_the_end_of_an_answer_is_found(database: Database, stream: str) -> None:
    message = str(uuid4())
    end = {"message": message, "revision": 1, "status": "complete", "length": 0, "sha256": ""}
    await append(database, stream, 1)
    async with database.transaction() as transaction:
        await streams.append(transaction, stream, "end", end)
        await streams.append(transaction, stream, "message", {"message": message})
    assert await streams.find_end(database, stream, message) == 2
    assert await streams.find_end(database, stream, str(uuid4())) is None


async def test_a_deleted_stream_is_empty_and_begins_again_under_another_epoch(
    database: Database, announcements: Announcements, stream: str
) -> None:
    await append(database, stream, 1, 2, 3)
    async with database.transaction() as transaction:
        await streams.delete(transaction, stream)
    assert await streams.head(database, stream) == Head(2, 0)
    assert await streams.read_after(database, stream, 0) == []
    assert hints(announcements, stream)[-1] == Hint(2, 0)

    await append(database, stream, 4)
    assert [(event.epoch, event.seq) for event in await streams.read_after(database, stream, 0)] == [(2, 1)]


async def test_deleting_what_does_not_exist_does_nothing(
    database: Database, announcements: Announcements, stream: str
) -> None:
    async with database.transaction() as transaction:
        await streams.delete(transaction, stream)
    assert announcements == []
    assert await streams.head(database, stream) == Head(1, 0)


async def test_deleting_waits_for_an_append_in_flight_and_takes_it_too(database: Database, stream: str) -> None:
    await append(database, stream, 1)

    async def delete() -> None:
        async with database.transaction() as transaction:
            await streams.delete(transaction, stream)

    async with anyio.create_task_group() as tasks, database.transaction() as transaction:
        await streams.append(transaction, stream, "counted", {"number": 2})
        tasks.start_soon(delete)
        await blocked(database, 1)
    assert await streams.read_after(database, stream, 0) == []
    await append(database, stream, 3)
    assert [event.seq for event in await streams.read_after(database, stream, 0)] == [1]


async def blocked(database: Database, backends: int) -> None:
    """Until so many backends of this database wait for a lock."""
    with anyio.fail_after(10):
        while backends != await database.fetchval(  # noqa: ASYNC110  (the server tells nobody)
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await anyio.sleep(0.01)
