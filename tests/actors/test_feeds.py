"""Every follower sees every event once and in order, and a feed lasts as long as somebody follows it."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import uuid4

import anyio
import pytest

from actors.feed import BACKLOG_LIMIT, REPLAY_LIMIT
from actors.feeds import HEADS_PER_LOOK, Feeds
from lyo_rt import frames, streams
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.frames import Delta, Resume, Snapshot
from lyo_rt.problems import Unavailable
from lyo_rt.streams import Head, StreamEvent, conversation_stream, task_stream
from tests.actors.streaming import Author, Client, Logbook, running, seqs, until
from tests.actors.weather import Weather

pytestmark = pytest.mark.anyio

STREAM = conversation_stream(uuid4())
TOPIC = streams.topic(STREAM)
TASK = task_stream(uuid4())


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


# -- events


async def test_an_event_heard_in_order_is_passed_on_without_reading(
    feeds: Feeds, author: Author, logbook: Logbook, client: Client
) -> None:
    await client.join(feeds)
    read = logbook.readings
    events = [await author.say(number=number) for number in range(3)]
    assert client.told == events
    assert logbook.readings == read
    assert feeds.statistics() == {"streams": 1, "sinks": 1, "repairs": 0}


async def test_one_feed_serves_all_who_follow_a_stream(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast
) -> None:
    clients = [Client(STREAM) for _ in range(5)]
    for client in clients:
        await client.join(feeds)
    event = await author.say()
    assert [client.told for client in clients] == [[event]] * 5
    assert broadcast.statistics()["listeners"] == 1
    assert feeds.statistics() == {"streams": 1, "sinks": 5, "repairs": 0}


async def test_repeated_hints_are_passed_on_once(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    event = await author.say()
    for _ in range(3):
        await broadcast.publish(TOPIC, streams.encode_hint(event))
    assert client.told == [event]


async def test_a_gap_is_read_from_the_log(feeds: Feeds, author: Author, logbook: Logbook, client: Client) -> None:
    await client.join(feeds)
    for number in range(3):
        logbook.append(STREAM, "said", {"number": number})
    await author.say(number=3)
    await until(lambda: client.seq == 4)
    assert seqs(client.told) == [1, 2, 3, 4]
    assert not client.faults


async def test_hints_of_several_publishers_in_the_wrong_order_are_put_right(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    hints = [streams.encode_hint(logbook.append(STREAM, "said", {"number": number})) for number in range(6)]
    for place in (2, 0, 5, 1, 4, 3):
        await broadcast.publish(TOPIC, hints[place])
    await until(lambda: client.seq == 6)
    assert seqs(client.told) == [1, 2, 3, 4, 5, 6]
    assert not client.faults


async def test_a_hint_without_data_is_read_from_the_log(feeds: Feeds, author: Author, client: Client) -> None:
    await client.join(feeds)
    event = await author.say(text="x" * streams.INLINE_BYTES)
    await until(lambda: client.seq == 1)
    assert client.told == [event]


async def test_what_may_have_been_lost_is_read(logbook: Logbook, client: Client) -> None:
    async with anyio.create_task_group() as tasks:
        weather = Weather(tasks, random.Random(1), 0)  # noqa: S311
        async with running(Feeds(logbook, weather.station(), look_seconds=3600)) as feeds:
            await client.join(feeds)
            event = logbook.append(STREAM, "said", {})
            weather.tell_loss()
            await until(lambda: client.seq == 1)
    assert client.told == [event]


async def test_an_event_of_which_nobody_tells_is_found_by_looking(
    logbook: Logbook, broadcast: InProcessBroadcast, client: Client, second: float
) -> None:
    """Its instance was killed between the commit and the hint."""
    async with running(Feeds(logbook, broadcast, look_seconds=2 * second)) as feeds:
        await client.join(feeds)
        events = [logbook.append(STREAM, "said", {}) for _ in range(3)]
        await until(lambda: client.seq == 3)
    assert client.told == events


async def test_many_streams_are_looked_at_some_at_a_time_and_none_is_passed_over(
    logbook: Logbook, broadcast: InProcessBroadcast, second: float
) -> None:
    clients = [Client(task_stream(uuid4())) for _ in range(2 * HEADS_PER_LOOK + 1)]
    looks: list[int] = []
    read_heads = logbook.heads

    async def heads(names: Sequence[str]) -> dict[str, Head]:
        looks.append(len(names))
        return await read_heads(names)

    logbook.heads = heads  # type: ignore[method-assign]
    async with running(Feeds(logbook, broadcast, look_seconds=2 * second)) as feeds:
        for client in clients:
            await client.join(feeds)
        looks.clear()
        logbook.away = True
        await until(lambda: bool(looks))
        logbook.away = False
        for client in clients:
            logbook.append(client.stream, "said", {})
        await until(lambda: all(client.seq == 1 for client in clients))
    assert max(looks) == HEADS_PER_LOOK
    assert feeds.statistics()["repairs"] >= len(clients)


async def test_looking_reads_no_stream_that_is_up_to_date(
    logbook: Logbook, broadcast: InProcessBroadcast, author: Author, client: Client, second: float
) -> None:
    async with running(Feeds(logbook, broadcast, look_seconds=second)) as feeds:
        await client.join(feeds)
        await author.say()
        read = logbook.readings
        await until(lambda: logbook.readings >= read + 10)
        assert feeds.statistics()["repairs"] == 0


async def test_a_message_that_cannot_be_understood_costs_a_reading(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    logbook.append(STREAM, "said", {})
    await broadcast.publish(TOPIC, b'{"type":"of a later release"}')
    await until(lambda: client.seq == 1)
    for _ in range(3):
        await broadcast.publish(TOPIC, b"\xff")
    assert broadcast.statistics()["faults"] == 0


def after_the_next_look(logbook: Logbook, happens: Callable[[], Awaitable[None]]) -> None:
    """Let it happen when the next reading has seen what it will give, and before it gives that."""

    async def before() -> None:
        logbook.pause = behind

    async def behind() -> None:
        logbook.pause = anyio.lowlevel.checkpoint
        await happens()

    logbook.pause = before


async def test_more_than_can_be_kept_while_the_log_is_read_is_read_again(
    feeds: Feeds, logbook: Logbook, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    async def flood() -> None:
        for _ in range(BACKLOG_LIMIT):
            await author.say()
        # This one drops them all, and says nothing of what was before it.
        await broadcast.publish(TOPIC, frames.encode(Delta(STREAM, str(uuid4()), 1, 0, "x")))

    await client.join(feeds)
    after_the_next_look(logbook, flood)
    logbook.append(STREAM, "said", {})
    await author.say()
    await until(lambda: client.seq == BACKLOG_LIMIT + 2)
    assert not client.faults


async def test_a_loss_told_while_the_log_is_read_has_it_read_again(logbook: Logbook, client: Client) -> None:
    async with anyio.create_task_group() as tasks:
        weather = Weather(tasks, random.Random(1), 0)  # noqa: S311

        async def commit() -> None:
            logbook.append(STREAM, "said", {})
            weather.tell_loss()

        async with running(Feeds(logbook, weather.station(), look_seconds=3600)) as feeds:
            await client.join(feeds)
            after_the_next_look(logbook, commit)
            weather.tell_loss()
            await until(lambda: client.seq == 1)


async def test_events_that_the_log_keeps_no_more_are_passed_over(
    logbook: Logbook, broadcast: InProcessBroadcast, author: Author, client: Client, second: float
) -> None:
    async with running(Feeds(logbook, broadcast, look_seconds=second)) as feeds:
        await client.join(feeds)
        for _ in range(3):
            logbook.append(STREAM, "said", {})
        logbook.forgotten = 3
        await until(lambda: feeds.statistics()["repairs"] == 1)
        read = logbook.readings
        await until(lambda: logbook.readings >= read + 10)
        assert feeds.statistics()["repairs"] == 1
        event = await author.say()
        assert client.told == [event]


async def test_a_deleted_stream_begins_anew_for_those_who_follow_it(
    feeds: Feeds, author: Author, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    await author.say()
    await author.say()
    await broadcast.publish(TOPIC, logbook.delete(STREAM))
    await until(lambda: feeds.statistics()["repairs"] == 1)
    await author.say(number=1)
    await until(lambda: client.epoch == 2)
    await author.say(number=2)
    assert [(event.epoch, event.seq) for event in client.told if isinstance(event, StreamEvent)] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
    ]
    assert not client.faults


async def test_what_was_being_written_in_a_deleted_stream_is_told_to_nobody(
    feeds: Feeds, author: Author, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    await Client(STREAM).join(feeds)
    await author.begin().write("secret")
    logbook.answers.clear()
    await broadcast.publish(TOPIC, logbook.delete(STREAM))
    await client.join(feeds, Resume(STREAM, 2, 0))
    assert client.epoch == 2
    assert client.told == []


# -- joining


async def test_without_a_place_only_what_comes_is_told(feeds: Feeds, author: Author, client: Client) -> None:
    await author.say()
    joined = await client.join(feeds)
    assert (joined.epoch, joined.seq, joined.recovered) == (1, 1, True)
    event = await author.say()
    assert client.told == [event]


async def test_without_a_place_a_tasks_latest_state_comes_at_once(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast
) -> None:
    author, client = Author(TASK, logbook, broadcast), Client(TASK)
    states = [await author.say(pct=pct) for pct in (0, 40)]
    joined = await client.join(feeds)
    assert joined.seq == 1
    assert client.told == states[1:]
    again = Client(TASK)
    await again.join(feeds, Resume(TASK))
    assert again.told == states[1:]


async def test_behind_a_place_everything_is_told_once(feeds: Feeds, author: Author, client: Client) -> None:
    events = [await author.say() for _ in range(1203)]
    joined = await client.join(feeds, Resume(STREAM, 1, 3))
    assert (joined.seq, joined.recovered) == (3, True)
    events.append(await author.say())
    assert client.told == events[3:]
    assert not client.faults


@pytest.mark.parametrize("place", [Resume(STREAM, 2, 3), Resume(STREAM, 7, 4), Resume(STREAM, None, 3)])
async def test_a_place_in_another_epoch_cannot_be_recovered(
    feeds: Feeds, author: Author, client: Client, place: Resume
) -> None:
    for _ in range(4):
        await author.say()
    joined = await client.join(feeds, place)
    assert (joined.seq, joined.recovered) == (4, False)
    assert client.told == []


async def test_a_place_beyond_the_log_cannot_be_recovered(feeds: Feeds, author: Author, client: Client) -> None:
    await author.say()
    joined = await client.join(feeds, Resume(STREAM, 1, 2**70))
    assert (joined.seq, joined.recovered) == (1, False)
    await author.say()
    assert seqs(client.told) == [2]


async def test_a_place_too_far_behind_is_not_replayed_except_to_those_who_read_on(
    feeds: Feeds, logbook: Logbook, client: Client
) -> None:
    for _ in range(REPLAY_LIMIT + 2):
        logbook.append(STREAM, "said", {})
    joined = await client.join(feeds, Resume(STREAM, 1, 1))
    assert (joined.seq, joined.recovered) == (REPLAY_LIMIT + 2, False)
    again = Client(STREAM)
    assert (await again.join(feeds, Resume(STREAM, 1, 2))).recovered
    assert again.seq == REPLAY_LIMIT + 2
    reader = Client(STREAM)
    joined = await feeds.join(STREAM, reader, Resume(STREAM, 1, 0), limit=None)
    assert joined.recovered
    assert reader.seq == REPLAY_LIMIT + 2
    assert not reader.faults


async def test_a_client_that_has_seen_more_elsewhere_than_is_known_here_is_recovered(
    feeds: Feeds, author: Author, logbook: Logbook, client: Client
) -> None:
    here = Client(STREAM)
    await here.join(feeds)
    event = logbook.append(STREAM, "said", {})  # heard on another instance, where the client was
    client.seq = event.seq
    joined = await client.join(feeds, client.place)
    assert (joined.seq, joined.recovered) == (1, True)
    assert client.told == []
    assert here.told == [event]
    await author.say()
    assert not client.faults + here.faults


async def test_a_client_that_has_seen_more_of_an_answer_than_is_known_here_gets_the_rest(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    here = Client(STREAM)
    await here.join(feeds)
    answer = author.begin()
    await answer.write("known here, ")
    await broadcast.extend_draft(answer.id, "nobody", revision=1, at=12, text="known there, both", payload=b"")
    answer.text += "known there, both"
    client._take(Snapshot(STREAM, answer.id, 1, "known here, known there"))
    await client.join(feeds, client.place)
    assert client.told[1:] == [Delta(STREAM, answer.id, 1, 23, ", both")]
    await answer.end()
    assert not client.faults + here.faults


async def test_a_log_whose_events_are_gone_keeps_nobody(
    feeds: Feeds, author: Author, logbook: Logbook, client: Client
) -> None:
    here = Client(STREAM)
    await here.join(feeds)
    for _ in range(3):
        await author.say()
    logbook.delete(STREAM)  # and nobody has told of it yet
    with anyio.fail_after(5):
        joined = await client.join(feeds, Resume(STREAM, 1, 1))
    assert not joined.recovered


class Choosy(Client):
    """Takes a few events, then no more until it has joined again."""

    room = 2

    def event(self, event: StreamEvent) -> bool:
        if not self.room:
            return False
        self.room -= 1
        return super().event(event)


async def test_a_sink_that_takes_no_more_is_told_the_rest_when_it_comes_back(feeds: Feeds, author: Author) -> None:
    events = [await author.say() for _ in range(5)]
    choosy = Choosy(STREAM)
    await choosy.join(feeds, Resume(STREAM, 1, 0))
    assert choosy.told == events[:2]
    assert feeds.statistics() == {"streams": 0, "sinks": 0, "repairs": 0}
    choosy.room = 10
    await choosy.join(feeds, choosy.place)
    events.append(await author.say())
    assert choosy.told == events
    assert not choosy.faults


async def test_the_feed_closes_behind_the_last_and_listens_no_more(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, logbook: Logbook
) -> None:
    first, second = Client(STREAM), Client(STREAM)
    await first.join(feeds)
    await second.join(feeds)
    await feeds.leave(STREAM, first)
    assert broadcast.statistics()["listeners"] == 1
    await feeds.leave(STREAM, second)
    assert broadcast.statistics()["listeners"] == 0
    assert feeds.statistics() == {"streams": 0, "sinks": 0, "repairs": 0}
    read = logbook.readings
    await author.say()
    assert (first.told, second.told, logbook.readings) == ([], [], read)
    await feeds.leave(STREAM, second)
    await feeds.leave(TASK, second)


async def test_leaving_is_done_even_when_who_leaves_is_cancelled(feeds: Feeds, broadcast: InProcessBroadcast) -> None:
    client = Client(STREAM)
    await client.join(feeds)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await feeds.leave(STREAM, client)
    assert broadcast.statistics()["listeners"] == 0
    assert feeds.statistics()["streams"] == 0


async def test_leaving_while_another_joins_closes_the_feed_under_nobody(
    logbook: Logbook, author: Author, broadcast: InProcessBroadcast, second: float
) -> None:
    chance = random.Random(5)  # noqa: S311

    async def pause() -> None:
        await anyio.sleep(second * chance.choice((0, 0.001, 0.003)))

    logbook.pause = pause
    async with running(Feeds(logbook, broadcast)) as feeds:

        async def come_and_go(client: Client) -> None:
            for _ in range(20):
                await client.join(feeds, client.place)
                await pause()
                await feeds.leave(STREAM, client)
                await pause()
            await client.join(feeds, client.place)

        clients = [Client(STREAM) for _ in range(4)]
        async with anyio.create_task_group() as tasks:
            for client in clients:
                tasks.start_soon(come_and_go, client)
            for _ in range(30):
                await author.say()
                await pause()
        await until(lambda: all(client.seq == 30 for client in clients))
        assert [client.faults for client in clients] == [[]] * 4
        assert broadcast.statistics()["listeners"] == 1
        for client in clients:
            await feeds.leave(STREAM, client)
        assert broadcast.statistics()["listeners"] == 0


async def test_joining_can_be_given_up_at_any_moment(
    logbook: Logbook, author: Author, broadcast: InProcessBroadcast
) -> None:
    await author.say()
    for steps in range(12):
        async with running(Feeds(logbook, broadcast)) as feeds:
            client = Client(STREAM)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.join, feeds, Resume(STREAM, 1, 0))
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
            await feeds.leave(STREAM, client)
            assert broadcast.statistics()["listeners"] == 0
            assert feeds.statistics()["streams"] == 0


async def test_everyone_is_told_that_the_instance_goes_away_those_who_come_late_too(feeds: Feeds) -> None:
    early, late = Client(STREAM), Client(STREAM)
    await early.join(feeds)
    feeds.end()
    assert early.away
    await late.join(feeds)
    assert late.away


# -- the log away


async def test_joining_without_the_log_is_refused_and_leaves_nothing_behind(
    feeds: Feeds, logbook: Logbook, broadcast: InProcessBroadcast, client: Client
) -> None:
    logbook.away = True
    with pytest.raises(Unavailable):
        await client.join(feeds)
    assert feeds.statistics()["streams"] == 0
    assert broadcast.statistics()["listeners"] == 0
    logbook.away = False
    await client.join(feeds)


async def test_a_repair_waits_for_the_log_and_does_not_spin(
    feeds: Feeds, logbook: Logbook, author: Author, client: Client, second: float
) -> None:
    await client.join(feeds)
    logbook.away = True
    logbook.append(STREAM, "said", {})
    await author.say()
    read = logbook.readings
    with anyio.move_on_after(60 * second if second == 1 else 1):
        while True:
            await author.say()
            await anyio.sleep(0.01)
    assert logbook.readings - read < 50
    assert client.told == []
    logbook.away = False
    await until(lambda: client.seq == logbook.top(STREAM))
    assert not client.faults


async def test_a_sink_can_join_while_a_repair_waits(
    feeds: Feeds, logbook: Logbook, author: Author, client: Client
) -> None:
    here = Client(STREAM)
    await here.join(feeds)
    await author.say()
    logbook.away = True
    logbook.append(STREAM, "said", {})
    await author.say()
    await until(lambda: feeds.statistics()["repairs"] == 1)
    logbook.away = False
    await client.join(feeds, Resume(STREAM, 1, 0))
    await until(lambda: client.seq == here.seq == 3)
    assert not client.faults + here.faults


async def test_a_repair_of_a_stream_that_everybody_has_left_ends(
    feeds: Feeds, logbook: Logbook, author: Author, client: Client, broadcast: InProcessBroadcast
) -> None:
    await client.join(feeds)
    logbook.away = True
    logbook.append(STREAM, "said", {})
    await author.say()
    await until(lambda: feeds.statistics()["repairs"] == 1)
    await feeds.leave(STREAM, client)
    await until(lambda: broadcast.statistics()["listeners"] == 0)
    assert feeds.statistics()["streams"] == 0
