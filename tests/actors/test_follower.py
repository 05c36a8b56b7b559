"""A follower reads at its own pace: complete, in order, in bounded memory."""

import random
from collections.abc import AsyncIterator
from uuid import uuid4

import anyio
import pytest

from actors.feed import REPLAY_LIMIT
from actors.feeds import Feeds
from actors.follower import WAITING_LIMIT, Follower, follow
from lyo_rt import streams
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.frames import Delta, Resume, Snapshot
from lyo_rt.problems import Draining, Unavailable
from lyo_rt.streams import StreamEvent, conversation_stream, task_stream
from tests.actors.streaming import Author, Client, Logbook, running, texts
from tests.actors.weather import Weather

pytestmark = pytest.mark.anyio

STREAM = conversation_stream(uuid4())


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
    async with running(Feeds(logbook, broadcast)) as feeds:
        yield feeds


async def take(follower: Follower, count: int) -> list[StreamEvent | Delta | Snapshot]:
    with anyio.fail_after(30):
        return [await follower.next() for _ in range(count)]


async def test_what_comes_is_given_in_order(feeds: Feeds, author: Author) -> None:
    async with follow(feeds, STREAM) as follower:
        first = await author.say()
        answer = author.begin()
        await answer.write("text")
        end = await answer.end()
        assert await take(follower, 3) == [first, Delta(STREAM, answer.id, 1, 0, "text"), end]
        assert (follower.epoch, follower.seq) == (1, 2)


async def test_following_behind_a_place_begins_with_what_is_behind_it(feeds: Feeds, author: Author) -> None:
    events = [await author.say() for _ in range(4)]
    async with follow(feeds, STREAM, Resume(STREAM, 1, 1)) as follower:
        assert (follower.joined.seq, follower.joined.recovered) == (1, True)
        assert await take(follower, 3) == events[1:]


async def test_a_tasks_latest_state_comes_first(feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast) -> None:
    author = Author(task_stream(uuid4()), logbook, broadcast)
    events = [await author.say() for _ in range(3)]
    async with follow(feeds, author.stream) as follower:
        assert await take(follower, 1) == events[2:]


async def test_silence_is_none_and_loses_nothing(feeds: Feeds, author: Author, second: float) -> None:
    async with follow(feeds, STREAM) as follower:
        for _ in range(3):
            assert await follower.within(second) is None
            event = await author.say()
            assert await follower.within(60) == event


async def test_who_waits_is_woken_by_what_comes(feeds: Feeds, author: Author, second: float) -> None:
    async with follow(feeds, STREAM) as follower, anyio.create_task_group() as tasks:

        async def say_later() -> None:
            await anyio.sleep(second)
            await author.say()

        tasks.start_soon(say_later)
        assert len(await take(follower, 1)) == 1


@pytest.mark.parametrize(
    "count", [WAITING_LIMIT, WAITING_LIMIT + 1, 3 * WAITING_LIMIT, REPLAY_LIMIT + 2 * WAITING_LIMIT]
)
async def test_a_follower_that_did_not_read_gets_everything_all_the_same(
    feeds: Feeds, author: Author, count: int
) -> None:
    async with follow(feeds, STREAM) as follower:
        events = [await author.say() for _ in range(count)]
        assert len(follower._waiting) <= WAITING_LIMIT
        assert await take(follower, count) == events
        last = await author.say()
        assert await take(follower, 1) == [last]


async def test_a_follower_that_came_from_far_behind_is_given_everything_in_bounded_memory(
    feeds: Feeds, author: Author
) -> None:
    events = [await author.say() for _ in range(5 * WAITING_LIMIT)]
    async with follow(feeds, STREAM, Resume(STREAM, 1, 0)) as follower:
        assert len(follower._waiting) <= WAITING_LIMIT
        assert await take(follower, len(events)) == events


async def test_a_slow_follower_gets_a_long_answer_whole(feeds: Feeds, author: Author) -> None:
    client = Client(STREAM)
    async with follow(feeds, STREAM) as follower:
        answer = author.begin()
        for number in range(3 * WAITING_LIMIT):
            await answer.write(f"{number} ")
        await answer.end()
        while not client.ends:
            entry = await follower.within(60)
            assert entry is not None
            client._take(entry)
    assert client.ends == {answer.id: answer.text}
    assert not client.faults


async def test_it_reads_on_while_more_comes(logbook: Logbook, second: float) -> None:
    """A reader slower than the writers, in bad weather, until both are done."""
    chance = random.Random(3)  # noqa: S311
    client = Client(STREAM)
    async with anyio.create_task_group() as tasks:
        weather = Weather(tasks, chance, second)
        logbook.pause = weather.pause
        authors = [Author(STREAM, logbook, weather.station()) for _ in range(2)]

        async def write(author: Author) -> None:
            for _ in range(20):
                answer = author.begin()
                for _ in range(chance.randint(1, 30)):
                    await answer.write("🦊 und ")
                await answer.end()
                for _ in range(chance.randint(1, 30)):
                    await author.say()
                await anyio.sleep(0.01 * second)

        async with (
            running(Feeds(logbook, weather.station(), look_seconds=second)) as feeds,
            follow(feeds, STREAM) as follower,
        ):
            tasks.start_soon(write, authors[0])
            while len(client.ends) < 20 or client.seq < logbook.top(STREAM):
                entry = await follower.within(60)
                assert entry is not None
                client._take(entry)
                if chance.random() < 0.1:
                    await anyio.sleep(0.05 * second)
    assert not client.faults
    assert client.ends == {message: answer.text for message, answer in logbook.answers.items()}


async def test_a_stream_that_begins_anew_while_nobody_reads_is_read_from_its_new_beginning(
    feeds: Feeds, author: Author, logbook: Logbook, broadcast: InProcessBroadcast
) -> None:
    async with follow(feeds, STREAM) as follower:
        events = [await author.say() for _ in range(WAITING_LIMIT + 5)][:WAITING_LIMIT]
        await broadcast.publish(streams.topic(STREAM), logbook.delete(STREAM))
        assert await take(follower, WAITING_LIMIT) == events
        assert await follower.within(0.01) is None
        answer = author.begin()
        for _ in range(WAITING_LIMIT + 1):
            await answer.write("x")
        event = await author.say()
        assert len(texts(await take(follower, WAITING_LIMIT))) == WAITING_LIMIT
        assert await take(follower, 2) == [event, Snapshot(STREAM, answer.id, 1, answer.text)]
        assert (follower.epoch, follower.seq) == (2, 1)


async def test_without_the_log_reading_on_is_refused_and_goes_on_later(
    feeds: Feeds, author: Author, logbook: Logbook
) -> None:
    async with follow(feeds, STREAM) as follower:
        events = [await author.say() for _ in range(WAITING_LIMIT + 5)]
        await take(follower, WAITING_LIMIT)
        logbook.away = True
        for _ in range(2):
            with pytest.raises(Unavailable):
                await follower.next()
        logbook.away = False
        assert await take(follower, 5) == events[WAITING_LIMIT:]


async def test_reading_on_can_be_given_up_and_begun_again(
    feeds: Feeds, author: Author, logbook: Logbook, second: float
) -> None:
    async def slowly() -> None:
        await anyio.sleep(second * 0.1)

    async with follow(feeds, STREAM) as follower:
        events = [await author.say() for _ in range(2 * WAITING_LIMIT)]
        logbook.pause = slowly
        given: list[object] = []
        while len(given) < len(events):
            with anyio.move_on_after(second * 0.05 * (1 + len(given) % 30)):
                given.append(await follower.next())
        assert given == events


async def test_before_the_instance_goes_away_what_waits_is_given(feeds: Feeds, author: Author) -> None:
    async with follow(feeds, STREAM) as follower:
        event = await author.say()
        feeds.end()
        assert await follower.next() == event
        with pytest.raises(Draining):
            await follower.next()
    with pytest.raises(Draining):
        async with follow(feeds, STREAM) as follower:
            await follower.next()


async def test_leaving_the_block_leaves_the_stream_even_when_cancelled(
    feeds: Feeds, broadcast: InProcessBroadcast
) -> None:
    async with follow(feeds, STREAM):
        assert broadcast.statistics()["listeners"] == 1
    assert broadcast.statistics()["listeners"] == 0
    with anyio.CancelScope() as scope:
        async with follow(feeds, STREAM):
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert broadcast.statistics()["listeners"] == 0
