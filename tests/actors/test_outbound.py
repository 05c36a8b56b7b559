"""What waits for a socket is bounded, and what was dropped is always known to be."""

import json
import random
from uuid import uuid4

import anyio
import pytest

from actors.outbound import Outbound
from lyo_rt import frames
from lyo_rt.frames import Delta
from lyo_rt.problems import SessionRevoked, TooSlow
from tests.actors.scripted import took

pytestmark = pytest.mark.anyio

STREAM, OTHER = f"conversation:{uuid4()}", f"task:{uuid4()}"
MESSAGE = str(uuid4())


def piece(at: int, text: str, *, stream: str = STREAM, message: str = MESSAGE, revision: int = 1) -> Delta:
    return Delta(stream, message, revision, at, text)


def put(outbound: Outbound, delta: Delta) -> bool:
    return outbound.piece(delta, frames.encode(delta))


async def drain(outbound: Outbound) -> list[bytes]:
    """All that waits now."""
    taken = []
    while outbound.bytes:
        data = await outbound.take()
        assert data is not None
        taken.append(data)
    return taken


async def test_frames_go_out_as_they_came_in() -> None:
    outbound = Outbound()
    outbound.control(b"a")
    assert outbound.stored(STREAM, b"b")
    assert put(outbound, piece(0, "c"))
    outbound.control(b"d")
    assert await drain(outbound) == [b"a", b"b", frames.encode(piece(0, "c")), b"d"]


async def test_who_takes_waits_for_what_comes(second: float) -> None:
    outbound = Outbound()
    taken: list[bytes | None] = []

    async def take() -> None:
        taken.append(await outbound.take())
        taken.append(await outbound.take())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.sleep(second)
        outbound.control(b"a")
        await anyio.sleep(second)
        assert taken == [b"a"]
        outbound.close()
    assert taken == [b"a", None]


async def test_closed_what_waits_still_goes() -> None:
    outbound = Outbound()
    outbound.control(b"a")
    outbound.close()
    assert [await outbound.take(), await outbound.take(), await outbound.take()] == [b"a", None, None]


async def test_failed_what_waits_is_dropped_and_the_reader_is_told() -> None:
    outbound = Outbound()
    outbound.control(b"a")
    outbound.stored(STREAM, b"b")
    outbound.fail(SessionRevoked())
    outbound.fail(TooSlow())
    outbound.control(b"c")
    outbound.stored(STREAM, b"d")
    assert outbound.bytes == 0
    for _ in range(2):
        with pytest.raises(SessionRevoked):
            await outbound.take()


async def test_adjacent_pieces_merge_by_code_points() -> None:
    outbound = Outbound()
    outbound.control(b"first")
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
    outbound = Outbound()
    put(outbound, piece(0, "ab"))
    put(outbound, after)
    assert await drain(outbound) == [frames.encode(piece(0, "ab")), frames.encode(after)]


async def test_a_piece_merges_with_nothing_that_something_else_followed_or_that_has_gone() -> None:
    outbound = Outbound()
    put(outbound, piece(0, "a"))
    outbound.control(b"between")
    put(outbound, piece(1, "b"))
    assert await drain(outbound) == [frames.encode(piece(0, "a")), b"between", frames.encode(piece(1, "b"))]
    put(outbound, piece(2, "c"))
    assert await drain(outbound) == [frames.encode(piece(2, "c"))]


async def test_what_waits_stays_within_the_budget_and_the_stream_is_behind() -> None:
    outbound = Outbound(budget=100)
    assert outbound.stored(STREAM, b"x" * 60)
    assert outbound.stored(OTHER, b"x" * 40)
    assert not outbound.stored(STREAM, b"x")
    assert outbound.bytes == 100
    await outbound.take()
    assert not outbound.stored(STREAM, b"x"), "behind a gap nothing of the stream may follow"
    assert outbound.stored(OTHER, b"x")
    assert outbound.dropped == 2


async def test_pieces_count_too_merged_or_not() -> None:
    one = len(frames.encode(piece(0, "x" * 50)))
    outbound = Outbound(budget=one + 20)
    assert put(outbound, piece(0, "x" * 50))
    assert put(outbound, piece(50, "y" * 20))
    assert outbound.bytes == len(frames.encode(piece(0, "x" * 70)))
    assert not put(outbound, piece(70, "z"))
    assert not put(outbound, piece(71, "z"))
    assert await drain(outbound) == [frames.encode(piece(0, "x" * 50 + "y" * 20))]


async def test_an_event_behind_a_dropped_piece_is_dropped_too() -> None:
    """Else the end of an answer would go out without its text."""
    outbound = Outbound(budget=300)
    put(outbound, piece(0, "x" * 50))
    assert not put(outbound, piece(50, "x" * 500))
    assert not outbound.stored(STREAM, b"end")
    assert outbound.stored(OTHER, b"event")


async def test_control_frames_go_although_the_budget_is_full() -> None:
    outbound = Outbound(budget=100)
    outbound.stored(STREAM, b"x" * 100)
    outbound.control(b"y" * 100)
    assert await drain(outbound) == [b"x" * 100, b"y" * 100]
    assert not outbound.caught_up()


async def test_a_budget_full_of_control_frames_is_too_slow() -> None:
    outbound = Outbound(budget=100)
    outbound.control(b"y" * 100)
    outbound.control(b"y")
    with pytest.raises(TooSlow):
        await outbound.take()
    assert outbound.bytes == 0


async def test_control_frames_that_went_do_not_count() -> None:
    outbound = Outbound(budget=100)
    for _ in range(10):
        outbound.control(b"y" * 100)
        assert await outbound.take() == b"y" * 100


async def test_one_frame_larger_than_the_budget_goes_alone() -> None:
    outbound = Outbound(budget=100)
    assert outbound.stored(STREAM, b"x" * 1000)
    assert not outbound.stored(OTHER, b"x")
    assert len(await drain(outbound)) == 1
    outbound.control(b"y" * 1000)
    assert len(await drain(outbound)) == 1


async def test_caught_up_is_told_once_when_all_has_gone_and_until_it_is_taken() -> None:
    outbound = Outbound(budget=10)
    assert not outbound.caught_up()
    outbound.stored(STREAM, b"x" * 10)
    outbound.stored(STREAM, b"x")
    assert not outbound.caught_up(), "something waits"
    await drain(outbound)
    assert outbound.caught_up()
    assert not outbound.caught_up(), "told already"
    assert outbound.take_behind() == {STREAM}
    assert not outbound.caught_up()
    assert outbound.take_behind() == set()
    assert outbound.stored(STREAM, b"x")
    outbound.fall_behind(STREAM)
    await drain(outbound)
    assert outbound.caught_up()


async def test_an_alarm_rings_in_time_while_nothing_comes_and_while_much_does(second: float) -> None:
    outbound, rung = Outbound(), list[float]()
    taken: list[bytes | None] = []

    async def take() -> None:
        while (data := await outbound.take()) is not None:
            taken.append(data)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.sleep(second)
        began = anyio.current_time()
        outbound.alarm(began + 5 * second, lambda: rung.append(anyio.current_time()))
        outbound.alarm(began + 2 * second, lambda: rung.append(anyio.current_time()))
        await anyio.sleep(10 * second)
        assert len(rung) == 1, "one alarm, and once"
        assert took(2 * second, since=began, until=rung[0])
        outbound.alarm(anyio.current_time() + 3 * second, lambda: outbound.control(b"rung"))
        for _ in range(10):
            outbound.control(b"x")
            await anyio.sleep(second)
        outbound.close()
    assert taken.count(b"x") == 10
    assert 0 < taken.index(b"rung") < 10


async def test_an_alarm_may_end_the_queue() -> None:
    outbound = Outbound()
    outbound.control(b"x")
    outbound.alarm(anyio.current_time(), lambda: outbound.fail(SessionRevoked()))
    with pytest.raises(SessionRevoked):
        await outbound.take()


async def test_whatever_is_put_a_stream_has_no_hole_and_the_bytes_are_counted() -> None:
    chance = random.Random(11)  # noqa: S311
    for _ in range(200):
        outbound = Outbound(budget=2000)
        length, stored, expected = 0, 0, list[tuple[str, int]]()
        taken: list[dict[str, object]] = []
        for _ in range(100):
            match chance.randrange(4):
                case 0:
                    text = "ä" * chance.randint(1, 60)
                    if put(outbound, piece(length, text)):
                        length += len(text)
                case 1:
                    if outbound.stored(STREAM, json.dumps({"type": "event", "seq": stored + 1}).encode()):
                        stored += 1
                        expected.append(("event", stored))
                case 2:
                    outbound.control(json.dumps({"type": "pong"}).encode())
                case 3 if outbound.bytes:
                    taken.append(json.loads(await outbound.take() or b""))
            assert outbound.bytes <= 4000
        taken += [json.loads(data) for data in await drain(outbound)]
        assert outbound.bytes == 0
        text = "".join(str(frame["text"]) for frame in taken if frame["type"] == "delta")
        assert len(text) == length
        assert [("event", frame["seq"]) for frame in taken if frame["type"] == "event"] == expected
