"""What every broadcast promises of drafts, asked of each: in-process on both loops, and Redis in all forms."""

from typing import Any

import anyio
import pytest

from lyo_rt.broadcast.contract import Broadcast, Draft
from tests.contracts.conftest import Instances
from tests.contracts.listening import Ear

pytestmark = pytest.mark.anyio

TOPIC = "conversation:7"


@pytest.fixture
def anyio_backend(implementation: str) -> tuple[str, dict[str, Any]]:
    return ("trio", {}) if implementation.endswith("trio") else ("asyncio", {"use_uvloop": True})


async def extend(
    broadcast: Broadcast, at: int, text: str, *, revision: int = 1, key: str = "m", topic: str = TOPIC
) -> bool:
    return await broadcast.extend_draft(key, topic, revision=revision, at=at, text=text, payload=text.encode())


async def test_a_draft_grows_and_every_piece_is_published(instances: Instances) -> None:
    ear = Ear()
    async with instances.there.listen(TOPIC, ear):
        assert await extend(instances.here, 0, "Why ")
        assert await extend(instances.here, 4, "do you ")
        assert await extend(instances.here, 11, "think so?")
        await ear.until_heard(b"think so?")
    assert ear.payloads == [b"Why ", b"do you ", b"think so?"]
    assert await instances.there.read_draft("m") == Draft(1, "Why do you think so?")


async def test_a_draft_is_read_as_far_as_it_has_been_heard(instances: Instances) -> None:
    ear = Ear()
    async with instances.there.listen(TOPIC, ear):
        for at in range(50):
            await extend(instances.here, at, "x")
            await ear.until(lambda at=at: len(ear.payloads) > at)
            assert await instances.there.read_draft("m") == Draft(1, "x" * (at + 1))


async def test_the_wrong_length_is_refused_and_not_published(instances: Instances) -> None:
    ear = Ear()
    async with instances.there.listen(TOPIC, ear):
        assert not await extend(instances.here, 3, "no draft yet")
        assert await extend(instances.here, 0, "abc")
        for at in (0, 2, 4):
            assert not await extend(instances.there, at, "wrong")
        assert await extend(instances.there, 3, "end")
        await ear.until_heard(b"end")
    assert ear.payloads == [b"abc", b"end"]
    assert await instances.here.read_draft("m") == Draft(1, "abcend")


async def test_a_higher_revision_begins_anew_and_ends_the_older_one(instances: Instances) -> None:
    assert await extend(instances.here, 0, "first try")
    assert not await extend(instances.there, 9, "not at its beginning", revision=2)
    assert await extend(instances.there, 0, "second", revision=2)
    assert not await extend(instances.here, 9, " goes on", revision=1)
    assert not await extend(instances.here, 6, " goes on", revision=1)
    assert not await extend(instances.here, 0, "once more", revision=1)
    assert await extend(instances.there, 6, " goes on", revision=2)
    assert await instances.here.read_draft("m") == Draft(2, "second goes on")


@pytest.mark.parametrize(
    "pieces",
    [
        ["🎓", "👩‍🚀", "👍🏽", "🇩🇪"],
        ["e", "\N{COMBINING ACUTE ACCENT}", "n\N{COMBINING TILDE}", "\N{ZERO WIDTH JOINER}"],
        ["日本語", "ß", "\x00", "𝔘", "\r\n", "-1"],
    ],
)
async def test_length_is_counted_in_code_points(instances: Instances, pieces: list[str]) -> None:
    text = ""
    for piece in pieces:
        assert await extend(instances.here, len(text), piece)
        text += piece
    assert await instances.there.read_draft("m") == Draft(1, text)
    assert not await extend(instances.here, len(text.encode()), "bytes are not code points")


async def test_an_empty_draft_is_a_draft(instances: Instances) -> None:
    assert await extend(instances.here, 0, "")
    assert await instances.there.read_draft("m") == Draft(1, "")
    assert await extend(instances.here, 0, "text")


async def test_a_dropped_draft_is_gone_and_can_be_begun_again(instances: Instances) -> None:
    assert await instances.here.read_draft("m") is None
    await instances.here.drop_draft("m")
    await extend(instances.here, 0, "text")
    await instances.there.drop_draft("m")
    assert await instances.here.read_draft("m") is None
    assert not await extend(instances.here, 4, "goes on")
    assert await extend(instances.here, 0, "text goes on")


async def test_drafts_are_apart(instances: Instances) -> None:
    await extend(instances.here, 0, "one", key="a")
    await extend(instances.here, 0, "two", key="b", revision=5)
    assert await instances.there.read_draft("a") == Draft(1, "one")
    assert await instances.there.read_draft("b") == Draft(5, "two")


@pytest.mark.parametrize("topic", ["", "}", "{}", "{x}y", "conversation: é\n"])
async def test_a_draft_goes_out_on_any_topic(instances: Instances, topic: str) -> None:
    ear = Ear()
    async with instances.there.listen(topic, ear):
        assert await extend(instances.here, 0, "one", key=f"{topic} m", topic=topic)
        assert await extend(instances.here, 3, " two", key=f"{topic} m", topic=topic)
        await ear.until_heard(b" two")
    assert await instances.there.read_draft(f"{topic} m") == Draft(1, "one two")


async def test_of_two_writers_at_once_the_higher_revision_s_text_stays_whole(instances: Instances) -> None:
    ear = Ear()

    async def write(broadcast: Broadcast, revision: int, words: int) -> None:
        at = 0
        for number in range(words):
            word = f"{revision}.{number} "
            if not await extend(broadcast, at, word, revision=revision):
                return
            at += len(word)

    async with instances.there.listen(TOPIC, ear):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write, instances.here, 1, 100_000)
            await ear.until(lambda: len(ear.payloads) >= 20)
            tasks.start_soon(write, instances.there, 2, 100)
        await ear.until_heard(b"2.99 ")
    whole = "".join(f"2.{number} " for number in range(100))
    assert await instances.here.read_draft("m") == Draft(2, whole)
    took_over = ear.payloads.index(b"2.0 ")
    assert "".join(piece.decode() for piece in ear.payloads[took_over:]) == whole


async def test_of_two_writers_with_one_revision_only_one_adds_at_a_place(instances: Instances) -> None:
    accepted: list[str] = []

    async def write(broadcast: Broadcast, mark: str) -> None:
        for at in range(100):
            if await extend(broadcast, at, mark):
                accepted.append(mark)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write, instances.here, "a")
        tasks.start_soon(write, instances.there, "b")
    draft = await instances.here.read_draft("m")
    assert draft is not None
    assert sorted(draft.text) == sorted(accepted)
