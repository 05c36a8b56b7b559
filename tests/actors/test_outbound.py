"""What waits for a socket is bounded, and what was dropped is always known to be."""

import json
import random
from uuid import uuid4

import anyio
import pytest

from actors.outbound import Outbound
from lyo_rt import frames
from lyo_rt.frames import Codec, Delta, Pong
from lyo_rt.outgoing import Outgoing
from lyo_rt.problems import Problem, SessionRevoked, TooSlow
from tests.actors.streaming import Queue

pytestmark = pytest.mark.anyio

STREAM, OTHER = f"conversation:{uuid4()}", f"task:{uuid4()}"
MESSAGE = str(uuid4())


def piece(at: int, text: str, *, stream: str = STREAM, message: str = MESSAGE, revision: int = 1) -> Delta:
    return Delta(stream, message, revision, at, text)


def put(outbound: Outbound, delta: Delta) -> bool:
    return outbound.piece(Outgoing(delta), delta)


def raw(data: bytes) -> Outgoing:
    """A frame of which only the bytes matter."""
    return Outgoing(Pong({}), data)


async def drain(outbound: Queue) -> list[bytes]:
    """All that waits now."""
    taken: list[bytes] = []
    while outbound.bytes:
        taken += await outbound.taken()
    return taken


class Swift:
    """The line to a client that reads, until it is told not to."""

    def __init__(self) -> None:
        self.reads = True
        self.sent: list[bytes] = []
        self.woken = 0
        self.failed: list[Problem] = []

    def write(self, frame: Outgoing) -> bool:
        if self.reads:
            self.sent.append(frame.payload(Codec.JSON))
        return self.reads

    def wake(self) -> None:
        self.woken += 1

    def fail(self, problem: Problem) -> None:
        self.failed.append(problem)


async def test_to_a_client_that_reads_everything_goes_at_once() -> None:
    line = Swift()
    outbound = Outbound(line)
    outbound.control(raw(b"a"))
    assert outbound.stored(STREAM, raw(b"b"))
    assert put(outbound, piece(0, "c"))
    outbound.passing(raw(b"d"))
    assert line.sent == [b"a", b"b", frames.encode(piece(0, "c")), b"d"]
    assert (outbound.bytes, line.woken) == (0, 0)


async def test_nothing_overtakes_what_waits() -> None:
    line = Swift()
    outbound = Outbound(line)
    line.reads = False
    assert put(outbound, piece(0, "a"))
    line.reads = True
    assert put(outbound, piece(1, "b"))
    outbound.control(raw(b"c"))
    assert outbound.stored(OTHER, raw(b"d"))
    outbound.passing(raw(b"means nothing later"))
    assert line.sent == []
    assert [frame.payload(Codec.JSON) for frame in outbound.batch()] == [frames.encode(piece(0, "ab")), b"c", b"d"]
    assert outbound.batch() == []
    outbound.control(raw(b"e"))
    assert line.sent == [b"e"]
    assert line.woken == 3


async def test_the_line_is_told_of_the_end() -> None:
    line = Swift()
    outbound = Outbound(line)
    revoked = SessionRevoked()
    outbound.fail(revoked)
    outbound.fail(TooSlow())
    assert line.failed == [revoked]
    outbound.control(raw(b"a"))
    assert not outbound.stored(STREAM, raw(b"b")) or not line.sent
    assert line.sent == []
    closed = Outbound(Swift())
    assert not closed.ended
    closed.close()
    assert closed.ended


async def test_a_batch_is_no_larger_than_a_transport_takes() -> None:
    outbound = Queue()
    for _ in range(100):
        outbound.stored(STREAM, raw(b"x" * 5000))
    sizes = [sum(map(len, await outbound.taken())) for _ in range(8)]
    assert max(sizes) <= 70_000
    assert sum(sizes) == 500_000


async def test_frames_go_out_as_they_came_in() -> None:
    outbound = Queue()
    outbound.control(raw(b"a"))
    assert outbound.stored(STREAM, raw(b"b"))
    assert put(outbound, piece(0, "c"))
    outbound.control(raw(b"d"))
    assert await drain(outbound) == [b"a", b"b", frames.encode(piece(0, "c")), b"d"]


async def test_who_takes_waits_for_what_comes(second: float) -> None:
    outbound = Queue()
    taken: list[list[bytes]] = []

    async def take() -> None:
        taken.append(await outbound.taken())
        taken.append(await outbound.taken())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.sleep(second)
        outbound.control(raw(b"a"))
        await anyio.sleep(second)
        assert taken == [[b"a"]]
        outbound.close()
    assert taken == [[b"a"], []]


async def test_closed_what_waits_still_goes() -> None:
    outbound = Queue()
    outbound.control(raw(b"a"))
    outbound.close()
    assert [await outbound.taken(), await outbound.taken(), await outbound.taken()] == [[b"a"], [], []]


async def test_failed_what_waits_is_dropped_and_the_reader_is_told() -> None:
    outbound = Queue()
    outbound.control(raw(b"a"))
    outbound.stored(STREAM, raw(b"b"))
    outbound.fail(SessionRevoked())
    outbound.fail(TooSlow())
    outbound.control(raw(b"c"))
    outbound.stored(STREAM, raw(b"d"))
    assert outbound.bytes == 0
    for _ in range(2):
        with pytest.raises(SessionRevoked):
            await outbound.taken()


async def test_adjacent_pieces_merge_by_code_points() -> None:
    outbound = Queue()
    outbound.control(raw(b"first"))
    at = 0
    for text in ("Grö", "ße 🦊", '\n"', "𝄞", "e\u0301"):
        assert put(outbound, piece(at, text))
        at += len(text)
    assert await drain(outbound) == [b"first", frames.encode(piece(0, 'Größe 🦊\n"𝄞e\u0301'))]


@pytest.mark.parametrize(
    "after",
    [
        piece(2, "x", message=str(uuid4())),
        piece(2, "x", revision=2),
        piece(3, "x"),
        piece(1, "x"),
    ],
    ids=["another answer", "another revision", "behind a gap", "again"],
)
async def test_pieces_that_do_not_continue_stay_apart(after: Delta) -> None:
    outbound = Queue()
    put(outbound, piece(0, "ab"))
    put(outbound, after)
    assert await drain(outbound) == [frames.encode(piece(0, "ab")), frames.encode(after)]


async def test_a_piece_merges_with_nothing_that_something_else_followed_or_that_has_gone() -> None:
    outbound = Queue()
    put(outbound, piece(0, "a"))
    outbound.control(raw(b"between"))
    put(outbound, piece(1, "b"))
    assert await drain(outbound) == [frames.encode(piece(0, "a")), b"between", frames.encode(piece(1, "b"))]
    put(outbound, piece(2, "c"))
    assert await drain(outbound) == [frames.encode(piece(2, "c"))]


async def test_what_waits_stays_within_the_budget_and_the_stream_is_behind() -> None:
    outbound = Queue(budget=100)
    assert outbound.stored(STREAM, raw(b"x" * 60))
    assert outbound.stored(OTHER, raw(b"x" * 40))
    assert not outbound.stored(STREAM, raw(b"x"))
    assert outbound.bytes == 100
    await outbound.taken()
    assert not outbound.stored(STREAM, raw(b"x")), "behind a gap nothing of the stream may follow"
    assert outbound.stored(OTHER, raw(b"x"))
    assert outbound.dropped == 2


async def test_pieces_count_too_merged_or_not() -> None:
    one = len(frames.encode(piece(0, "x" * 50)))
    outbound = Queue(budget=2 * one)
    assert put(outbound, piece(0, "x" * 50))
    assert put(outbound, piece(50, "y" * 20))
    assert not put(outbound, piece(70, "z"))
    assert not put(outbound, piece(71, "z"))
    assert await drain(outbound) == [frames.encode(piece(0, "x" * 50 + "y" * 20))]


async def test_an_event_behind_a_dropped_piece_is_dropped_too() -> None:
    """Else the end of an answer would go out without its text."""
    outbound = Queue(budget=300)
    put(outbound, piece(0, "x" * 50))
    assert not put(outbound, piece(50, "x" * 500))
    assert not outbound.stored(STREAM, raw(b"end"))
    assert outbound.stored(OTHER, raw(b"event"))


async def test_control_frames_go_although_the_budget_is_full() -> None:
    outbound = Queue(budget=100)
    outbound.stored(STREAM, raw(b"x" * 100))
    outbound.control(raw(b"y" * 100))
    assert await drain(outbound) == [b"x" * 100, b"y" * 100]
    assert not outbound.caught_up()


async def test_a_budget_full_of_control_frames_is_too_slow() -> None:
    outbound = Queue(budget=100)
    outbound.control(raw(b"y" * 100))
    outbound.control(raw(b"y"))
    with pytest.raises(TooSlow):
        await outbound.taken()
    assert outbound.bytes == 0


async def test_control_frames_that_went_do_not_count() -> None:
    outbound = Queue(budget=100)
    for _ in range(10):
        outbound.control(raw(b"y" * 100))
        assert await outbound.taken() == [b"y" * 100]


async def test_one_frame_larger_than_the_budget_goes_alone() -> None:
    outbound = Queue(budget=100)
    assert outbound.stored(STREAM, raw(b"x" * 1000))
    assert not outbound.stored(OTHER, raw(b"x"))
    assert len(await drain(outbound)) == 1
    outbound.control(raw(b"y" * 1000))
    assert len(await drain(outbound)) == 1


async def test_caught_up_is_told_once_when_all_has_gone_and_until_it_is_taken() -> None:
    outbound = Queue(budget=10)
    assert not outbound.caught_up()
    outbound.stored(STREAM, raw(b"x" * 10))
    outbound.stored(STREAM, raw(b"x"))
    assert not outbound.caught_up(), "something waits"
    await drain(outbound)
    assert outbound.caught_up()
    assert not outbound.caught_up(), "told already"
    assert outbound.take_behind() == {STREAM}
    assert not outbound.caught_up()
    assert outbound.take_behind() == set()
    assert outbound.stored(STREAM, raw(b"x"))
    outbound.fall_behind(STREAM)
    await drain(outbound)
    assert outbound.caught_up()


async def test_whatever_is_put_a_stream_has_no_hole_and_the_bytes_are_counted() -> None:
    chance = random.Random(11)  # noqa: S311
    for _ in range(200):
        outbound = Queue(budget=2000)
        length, stored, expected = 0, 0, list[tuple[str, int]]()
        taken: list[dict[str, object]] = []
        for _ in range(100):
            match chance.randrange(4):
                case 0:
                    text = "ä" * chance.randint(1, 60)
                    if put(outbound, piece(length, text)):
                        length += len(text)
                case 1:
                    if outbound.stored(STREAM, raw(json.dumps({"type": "event", "seq": stored + 1}).encode())):
                        stored += 1
                        expected.append(("event", stored))
                case 2:
                    outbound.control(raw(json.dumps({"type": "pong"}).encode()))
                case 3 if outbound.bytes:
                    taken += [json.loads(data) for data in await outbound.taken()]
            assert outbound.bytes <= 4000
        taken += [json.loads(data) for data in await drain(outbound)]
        assert outbound.bytes == 0
        text = "".join(str(frame["text"]) for frame in taken if frame["type"] == "delta")
        assert len(text) == length
        assert [("event", frame["seq"]) for frame in taken if frame["type"] == "event"] == expected
