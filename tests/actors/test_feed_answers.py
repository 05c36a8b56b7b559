"""Every follower has every answer whole at its end, told piece by piece, wherever it came in."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import msgspec
import pytest

from actors.feeds import Feeds
from lyo_rt import frames, streams
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.frames import Delta, Resume, Snapshot
from lyo_rt.problems import Unavailable
from lyo_rt.streams import conversation_stream
from tests.actors.streaming import Author, Client, Logbook, running, seqs, texts, until

pytestmark = pytest.mark.anyio

STREAM = conversation_stream(uuid4())
TOPIC = streams.topic(STREAM)


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


async def test_pieces_are_passed_on_as_they_come(feeds: Feeds, author: Author, client: Client) -> None:
    await client.join(feeds)
    answer = author.begin()
    for piece in ("Grö", "ße ", "🦊🦊", "!"):
        await answer.write(piece)
    end = await answer.end()
    assert client.told == [
        Delta(STREAM, answer.id, 1, 0, "Grö"),
        Delta(STREAM, answer.id, 1, 3, "ße "),
        Delta(STREAM, answer.id, 1, 6, "🦊🦊"),
        Delta(STREAM, answer.id, 1, 8, "!"),
        end,
    ]
    assert not client.faults


async def test_a_late_joiner_gets_the_text_so_far_and_then_the_rest(
    feeds: Feeds, author: Author, client: Client
) -> None:
    answer = author.begin()
    await answer.write("The first ")
    await answer.write("half, ")
    await client.join(feeds)
    await answer.write("and the second.")
    await answer.end()
    assert texts(client.told) == [
        Snapshot(STREAM, answer.id, 1, "The first half, "),
        Delta(STREAM, answer.id, 1, 16, "and the second."),
    ]
    assert client.ends == {answer.id: "The first half, and the second."}
    assert not client.faults


async def test_a_late_joiner_to_a_feed_that_is_live_gets_the_same(feeds: Feeds, author: Author, client: Client) -> None:
    await Client(STREAM).join(feeds)
    await test_a_late_joiner_gets_the_text_so_far_and_then_the_rest(feeds, author, client)


async def test_when_the_draft_is_gone_the_checkpoint_is_the_text_so_far(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    answer = author.begin()
    await answer.write("stored ")
    answer.checkpoint()
    await answer.write("not stored")
    await broadcast.drop_draft(answer.id)
    await client.join(feeds)
    assert texts(client.told) == [Snapshot(STREAM, answer.id, 1, "stored ")]


async def test_with_the_broadcast_away_the_checkpoint_is_the_text_so_far(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: str) -> None:
        raise Unavailable

    answer = author.begin()
    await answer.write("stored ")
    answer.checkpoint()
    await answer.write("not readable now")
    with monkeypatch.context() as patched:
        patched.setattr(broadcast, "read_draft", away)
        await client.join(feeds)
    assert texts(client.told) == [Snapshot(STREAM, answer.id, 1, "stored ")]
    await answer.write(".")
    await answer.end()
    await until(lambda: client.seq == 1)
    assert client.ends == {answer.id: answer.text}
    assert not client.faults


@pytest.mark.parametrize("live", [True, False], ids=["on a live feed", "on a new feed"])
async def test_resuming_inside_an_answer_gives_exactly_the_rest(
    feeds: Feeds, author: Author, client: Client, live: bool
) -> None:
    if live:
        await Client(STREAM).join(feeds)
    await client.join(feeds)
    answer = author.begin()
    await answer.write("seen, ")
    await feeds.leave(STREAM, client)
    await answer.write("missed, ")
    client.told.clear()
    await client.join(feeds, Resume(STREAM, message=UUID(answer.id), revision=1, at=6))
    await answer.write("new")
    await answer.end()
    assert texts(client.told) == [
        Delta(STREAM, answer.id, 1, 6, "missed, "),
        Delta(STREAM, answer.id, 1, 14, "new"),
    ]
    assert client.ends == {answer.id: "seen, missed, new"}
    assert not client.faults


async def test_resuming_where_the_answer_stands_gives_nothing_twice(
    feeds: Feeds, author: Author, client: Client
) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("all of it")
    await feeds.leave(STREAM, client)
    await client.join(feeds, client.place)
    assert len(texts(client.told)) == 1
    await answer.end()
    assert not client.faults


@pytest.mark.parametrize("with_seq", [True, False], ids=["by both places", "by the place in the answer"])
@pytest.mark.parametrize("live", [True, False], ids=["on a live feed", "on a new feed"])
async def test_resuming_an_answer_that_has_ended_gives_the_rest_and_its_end(
    feeds: Feeds, author: Author, client: Client, with_seq: bool, live: bool
) -> None:
    await client.join(feeds)
    if live:
        await Client(STREAM).join(feeds)
    answer = author.begin()
    await answer.write("seen, ")
    await feeds.leave(STREAM, client)
    await answer.write("missed")
    end = await answer.end()
    last = await author.say()
    client.told.clear()
    place = client.place if with_seq else msgspec.structs.replace(client.place, seq=None, epoch=None)
    joined = await client.join(feeds, place)
    assert joined.recovered
    assert client.told == [Delta(STREAM, answer.id, 1, 6, "missed"), end, last]
    assert not client.faults


async def test_resuming_inside_a_former_revision_gives_the_whole_text(
    feeds: Feeds, author: Author, client: Client
) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("a false start")
    await feeds.leave(STREAM, client)
    await answer.restart()
    await answer.write("better")
    await client.join(feeds, client.place)
    await answer.write("!")
    await answer.end()
    assert texts(client.told)[1:] == [
        Snapshot(STREAM, answer.id, 2, "better"),
        Delta(STREAM, answer.id, 2, 6, "!"),
    ]
    assert not client.faults


async def test_a_new_revision_begins_anew(feeds: Feeds, author: Author, client: Client) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("a false start")
    await answer.restart()
    await answer.write("better")
    await answer.end()
    assert client.ends == {answer.id: "better"}
    assert not client.faults


async def test_an_end_that_comes_before_its_text_waits_for_it(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("heard, ")
    answer.text += "not heard"
    await answer.end()
    await until(lambda: client.seq == 1)
    assert texts(client.told)[1:] == [Snapshot(STREAM, answer.id, 1, "heard, not heard")]
    assert not client.faults


async def test_an_answer_of_which_nothing_was_written_ends_too(feeds: Feeds, author: Author, client: Client) -> None:
    await client.join(feeds)
    await author.begin().end()
    await until(lambda: client.seq == 1)
    assert not client.faults


async def test_a_replay_gives_each_answers_text_before_its_end(feeds: Feeds, author: Author, client: Client) -> None:
    for text in ("one", "two"):
        answer = author.begin()
        await answer.write(text)
        await answer.end()
        await author.say()
    await client.join(feeds, Resume(STREAM, 1, 0))
    assert seqs(client.told) == [1, 2, 3, 4]
    assert list(client.ends.values()) == ["one", "two"]
    assert not client.faults


async def test_pieces_that_come_late_or_again_or_from_a_former_writer_change_nothing(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("first ")
    await answer.restart()
    await answer.write("second ")
    told = list(client.told)

    async def say(frame: Delta | Snapshot) -> None:
        await broadcast.publish(TOPIC, frames.encode(frame))

    await say(Delta(STREAM, answer.id, 1, 6, "zombie"))
    await say(Snapshot(STREAM, answer.id, 1, "first zombie, longer than the second"))
    await say(Snapshot(STREAM, answer.id, 2, "second"))
    await say(Delta(STREAM, answer.id, 2, 0, "second "))
    await say(Delta(STREAM, answer.id, 2, 3, "ond "))
    assert client.told == told
    await say(Delta(STREAM, answer.id, 2, 3, "ond and more"))
    assert client.told[len(told) :] == [Delta(STREAM, answer.id, 2, 7, "and more")]
    answer.text = "second and more"
    end = await answer.end()
    await say(Delta(STREAM, answer.id, 2, 15, " after the end"))
    await say(Delta(STREAM, answer.id, 3, 0, "again"))
    await say(Snapshot(STREAM, answer.id, 3, "again"))
    assert client.told[-1] == end
    assert feeds.statistics()["repairs"] == 0
    assert not client.faults


async def test_a_snapshot_replaces_what_is_shorter(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("some")
    await broadcast.publish(TOPIC, frames.encode(Snapshot(STREAM, answer.id, 1, "something")))
    assert client.texts[answer.id].text == "something"
    assert not client.faults


async def test_a_lost_piece_is_read_from_the_draft(
    feeds: Feeds, author: Author, broadcast: InProcessBroadcast, client: Client
) -> None:
    await client.join(feeds)
    answer = author.begin()
    await answer.write("heard, ")
    await broadcast.extend_draft(answer.id, "nobody", revision=1, at=7, text="lost, ", payload=b"")
    answer.text += "lost, "
    await answer.write("heard")
    await until(lambda: client.texts[answer.id].text == "heard, lost, heard")
    assert texts(client.told)[1:] == [Snapshot(STREAM, answer.id, 1, "heard, lost, heard")]
    await answer.end()
    assert not client.faults
