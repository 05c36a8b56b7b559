"""What was committed here is told here at once; the broadcast, which brings it again, sees to the order."""

from collections.abc import AsyncIterator
from uuid import uuid4

import anyio
import pytest

from actors.feeds import Feeds
from lyo_rt import streams
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.frames import Delta, Resume
from lyo_rt.problems import Unavailable
from lyo_rt.streams import StreamEvent, conversation_stream, task_stream, topic
from tests.actors.streaming import Author, Client, Logbook, running, seqs, until

pytestmark = pytest.mark.anyio

STREAM = conversation_stream(uuid4())
TOPIC = topic(STREAM)


@pytest.fixture
def logbook() -> Logbook:
    return Logbook()


@pytest.fixture
def broadcast() -> InProcessBroadcast:
    return InProcessBroadcast(SystemClock())


@pytest.fixture
def author(logbook: Logbook, broadcast: InProcessBroadcast) -> Author:
    return Author(STREAM, logbook, broadcast)


@pytest.fixture
async def feeds(logbook: Logbook, broadcast: InProcessBroadcast) -> AsyncIterator[Feeds]:
    async with running(Feeds(logbook, broadcast, look_seconds=3600)) as feeds:
        yield feeds


@pytest.fixture
def client() -> Client:
    return Client(STREAM)


def commit(logbook: Logbook, count: int = 1) -> list[StreamEvent]:
    return [logbook.append(STREAM, "said", {"number": number}) for number in range(count)]


def foretell(feeds: Feeds, *events: StreamEvent) -> None:
    for event in events:
        feeds.foretold(TOPIC, streams.encode_hint(event))


async def echo(broadcast: InProcessBroadcast, *events: StreamEvent) -> None:
    for event in events:
        await broadcast.publish(TOPIC, streams.encode_hint(event))


async def test_it_is_told_at_once_and_its_echo_is_dropped(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    read, events = logbook.readings, commit(logbook, 3)
    foretell(feeds, *events)
    assert client.told == events
    await echo(broadcast, *events)
    foretell(feeds, *events)
    assert client.told == events
    assert (logbook.readings, feeds.statistics()["repairs"]) == (read, 0)


async def test_an_echo_that_comes_between_is_as_good(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    first, second, third = commit(logbook, 3)
    foretell(feeds, first)
    await echo(broadcast, first, second)
    foretell(feeds, second, third)
    await echo(broadcast, third)
    assert client.told == [first, second, third]
    assert feeds.statistics()["repairs"] == 0


async def test_one_that_is_out_of_order_is_left_to_the_broadcast(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    """Two transactions that commit one behind the other may be told of the other way round."""
    await client.join(feeds)
    read, (first, second) = logbook.readings, commit(logbook, 2)
    foretell(feeds, second)
    assert client.told == []
    foretell(feeds, first)
    assert client.told == [first]
    await echo(broadcast, first, second)
    assert client.told == [first, second]
    assert (logbook.readings, feeds.statistics()["repairs"]) == (read, 0)


async def test_one_without_its_data_is_left_to_the_broadcast(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    event = logbook.append(STREAM, "said", {"text": "x" * streams.INLINE_BYTES})
    foretell(feeds, event)
    assert (client.told, feeds.statistics()["repairs"]) == ([], 0)
    await echo(broadcast, event)
    await until(lambda: client.told == [event])


async def test_an_end_whose_pieces_are_still_under_way_waits_for_them(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    """The end is committed here, while the last piece comes by way of the broadcast's server."""
    under_way: list[tuple[str, bytes]] = []

    class Slow(InProcessBroadcast):
        async def publish(self, topic: str, payload: bytes) -> None:
            under_way.append((topic, payload))

        async def extend_draft(
            self, key: str, topic: str, *, revision: int, at: int, text: str, payload: bytes
        ) -> bool:
            under_way.append((topic, payload))
            return await super().extend_draft(key, "nobody", revision=revision, at=at, text=text, payload=b"")

    await client.join(feeds)
    read = logbook.readings
    answer = Author(STREAM, logbook, Slow(SystemClock())).begin()
    for piece in ("Bread ", "rises."):
        await answer.write(piece)
    end = await answer.end()
    for upto in range(3):
        foretell(feeds, end)
        assert seqs(client.told) == ([1] if upto == 2 else [])
        await broadcast.publish(*under_way[upto])
    assert client.told == [Delta(STREAM, answer.id, 1, 0, "Bread "), Delta(STREAM, answer.id, 1, 6, "rises."), end]
    assert client.ends == {answer.id: "Bread rises."}
    assert (client.faults, logbook.readings, feeds.statistics()["repairs"]) == ([], read, 0)


async def test_the_end_of_an_answer_that_was_begun_anew_waits_for_the_later_revisions_pieces(
    feeds: Feeds, author: Author, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("twelve chars")
    answer.revision = 2
    answer.checkpoint("complete")
    end = logbook.append(
        STREAM,
        "end",
        {"message": answer.id, "revision": 2, "status": "complete", "length": 12, "sha256": "of other characters"},
    )
    foretell(feeds, end)
    assert seqs(client.told) == []
    await echo(broadcast, end)
    await until(lambda: seqs(client.told) == [1])


async def test_before_a_feed_is_open_nothing_is_told(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    foretell(feeds, *commit(logbook))
    assert feeds.statistics() == {"streams": 0, "sinks": 0, "repairs": 0}

    async def meanwhile() -> None:
        logbook.pause = anyio.lowlevel.checkpoint
        foretell(feeds, *commit(logbook))
        assert client._joining == []

    logbook.pause = meanwhile
    joined = await client.join(feeds, Resume(STREAM, 1, 0))
    assert (joined.seq, joined.recovered) == (0, True)
    assert seqs(client.told) == [1, 2]
    assert client.faults == []
    foretell(feeds, *commit(logbook))
    assert seqs(client.told) == [1, 2, 3]


async def test_a_feed_that_could_not_be_opened_is_told_nothing(feeds: Feeds, logbook: Logbook, client: Client) -> None:
    logbook.away = True
    with pytest.raises(Unavailable):
        await client.join(feeds)
    foretell(feeds, *commit(logbook))
    logbook.away = False
    await client.join(feeds)
    foretell(feeds, *commit(logbook))
    assert seqs(client.told) == [2]


async def test_while_the_log_is_read_it_is_left_to_the_broadcast(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    """What the reading finds, or has just missed."""
    await client.join(feeds)
    missed: list[StreamEvent] = []
    told: list[int] = []

    async def meanwhile() -> None:
        if logbook.readings == read + 2 and not missed:
            missed.extend(commit(logbook))
            await echo(broadcast, *missed)
        if logbook.readings <= read + 2:
            foretell(feeds, first, second, *missed)
            told.append(len(client.told))

    read, (first, second) = logbook.readings, commit(logbook, 2)
    logbook.pause = meanwhile
    await echo(broadcast, second)
    await until(lambda: client.seq == 3)
    assert told == [0, 0, 0, 0]
    assert seqs(client.told) == [1, 2, 3]
    assert client.faults == []


async def test_what_nobody_follows_here_or_is_no_stream_is_told_to_nobody(
    feeds: Feeds, logbook: Logbook, client: Client
) -> None:
    await client.join(feeds)
    [event] = commit(logbook)
    feeds.foretold(topic(task_stream(uuid4())), streams.encode_hint(event))
    feeds.foretold("cancel", b'{"kind":"generation"}')
    assert client.told == []
    await feeds.leave(STREAM, client)
    foretell(feeds, event)
    assert (client.told, feeds.statistics()["streams"]) == ([], 0)


async def test_a_stream_that_is_deleted_is_left_to_the_broadcast(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    foretell(feeds, *commit(logbook))
    deleted = logbook.delete(STREAM)
    feeds.foretold(TOPIC, deleted)
    assert feeds.statistics()["repairs"] == 0
    foretell(feeds, *commit(logbook))
    assert (client.epoch, client.seq) == (1, 1)
    await broadcast.publish(TOPIC, deleted)
    await until(lambda: client.epoch == 2)
    foretell(feeds, *commit(logbook))
    assert (client.seq, client.faults) == (2, [])


# -- the newest event, kept for who comes next


async def test_the_next_to_join_is_told_the_newest_event_without_reading(
    feeds: Feeds, logbook: Logbook, client: Client
) -> None:
    events = commit(logbook, 2)
    await client.join(feeds)
    for _ in range(2):
        read, late = logbook.readings, Client(STREAM)
        await late.join(feeds, Resume(STREAM, 1, len(events) - 1))
        assert (late.told, logbook.readings) == (events[-1:], read)
        events += commit(logbook)
        foretell(feeds, events[-1])


async def test_the_newest_event_of_a_deleted_stream_is_told_to_nobody(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    """Begun anew, it is as long as it was, and its events have been trimmed."""
    await client.join(feeds)
    foretell(feeds, *commit(logbook, 2))
    deleted = logbook.delete(STREAM)
    commit(logbook, 2)
    logbook.forgotten = 2
    await broadcast.publish(TOPIC, deleted)
    late = Client(STREAM)
    joined = await late.join(feeds, Resume(STREAM, 2, 1))
    assert (joined.epoch, joined.seq, joined.recovered, late.told) == (2, 2, False, [])
