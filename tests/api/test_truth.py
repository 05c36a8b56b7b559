"""Feeds over the real log: a tutor's answers in bad weather, whole for everyone who follows."""

import random
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import anyio
import pytest

from actors.feeds import Feeds
from api.truth import Truth
from lyo_rt import frames, streams
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.database.pool import Database
from lyo_rt.frames import Delta
from lyo_rt.security.encryption import Cipher
from lyo_rt.streams import Head, conversation_stream
from lyo_rt.tutoring import repository, service
from tests.actors.streaming import Client, running
from tests.actors.weather import Weather

pytestmark = pytest.mark.anyio

SECOND = 0.01


@pytest.fixture
async def user(database: Database) -> UUID:
    found: UUID = await database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name)"
        " VALUES ('a@b.c', 'a@b.c', 'x', 'A') RETURNING id"
    )
    return found


@pytest.fixture
async def conversation(database: Database, user: UUID) -> UUID:
    made = await repository.add_conversation(database, user, None, "Bread")
    assert made is not None
    return made.id


async def answer(
    database: Database, broadcast: Broadcast, user: UUID, conversation: UUID, chance: random.Random
) -> str:
    """One turn, written as the product writes it."""
    stream = conversation_stream(conversation)
    async with database.transaction() as transaction:
        begun, lease = await service.begin_turn(
            transaction, user=user, conversation=conversation, id=uuid4(), text="Why?", owner=7
        )
    assert lease is not None
    text = ""
    for _ in range(chance.randint(1, 60)):
        piece = "".join(chance.choices("abc äß🦊\n", k=chance.randint(1, 9)))
        assert await broadcast.extend_draft(
            str(begun.answer),
            streams.topic(stream),
            revision=1,
            at=len(text),
            text=piece,
            payload=frames.encode(Delta(stream, str(begun.answer), 1, len(text), piece)),
        )
        text += piece
        if chance.random() < 0.1:
            await service.checkpoint(database, lease, revision=1, text=text)
    await service.end_turn(
        database, lease, conversation, revision=1, text=text, status="complete", model=None, prompt=None
    )
    await broadcast.drop_draft(str(begun.answer))
    return str(begun.answer)


async def come_and_go(
    client: Client, feeds: Feeds, chance: random.Random, pause: Callable[[], Awaitable[None]]
) -> None:
    for _ in range(chance.randint(0, 10)):
        await client.join(feeds, client.place)
        await pause()
        await feeds.leave(client.stream, client)
        await pause()
    await client.join(feeds, client.place)


@pytest.mark.parametrize("seed", range(3))
async def test_every_follower_of_two_instances_sees_every_answer_whole(
    database_url: str, cipher: Cipher, user: UUID, conversation: UUID, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    stream = conversation_stream(conversation)
    clients = [Client(stream) for _ in range(8)]
    async with anyio.create_task_group() as stations:
        weather = Weather(stations, chance, SECOND)
        here, there = weather.station(), weather.station()
        async with (
            Database.open(database_url, here, cipher=cipher, pool_max=5) as database,
            Database.open(database_url, there, cipher=cipher, pool_max=5) as other,
            running(Feeds(Truth(database), here, look_seconds=0.2)) as feeds,
            running(Feeds(Truth(other), there, look_seconds=0.2)) as others,
        ):
            async with anyio.create_task_group() as tasks:
                for place, client in enumerate(clients):
                    tasks.start_soon(come_and_go, client, (feeds, others)[place % 2], chance, weather.pause)
                answers = [
                    await answer(*chance.choice(((database, here), (other, there))), user, conversation, chance)
                    for _ in range(5)
                ]
            with anyio.fail_after(20):
                while any(client.seq < 15 for client in clients):  # noqa: ASYNC110
                    await anyio.sleep(0.01)
            stored = {id: (await repository.answer(database, UUID(id))) for id in answers}
    for client in clients:
        assert client.faults == []
        assert client.ends == {id: one.text for id, one in stored.items() if one}


async def test_the_truth_is_that_of_the_database(database: Database, user: UUID, conversation: UUID) -> None:
    truth, stream = Truth(database), conversation_stream(conversation)
    assert await truth.head(stream) == Head(1, 0)
    assert await truth.heads([stream]) == {}
    assert await truth.writing(stream) is None
    async with database.transaction() as transaction:
        begun, lease = await service.begin_turn(
            transaction, user=user, conversation=conversation, id=uuid4(), text="Why?", owner=7
        )
    assert lease is not None
    message = str(begun.answer)
    await service.checkpoint(database, lease, revision=1, text="So far")
    writing = await truth.writing(stream)
    assert writing is not None
    assert (writing.message, writing.revision, writing.text, writing.status) == (begun.answer, 1, "So far", "writing")
    assert await truth.end_of(stream, message) is None
    await service.end_turn(
        database, lease, conversation, revision=1, text="All", status="complete", model=None, prompt=None
    )
    stored = await truth.answer(message)
    assert stored is not None
    assert (stored.text, stored.status) == ("All", "complete")
    assert await truth.end_of(stream, message) == 3
    assert await truth.heads([stream]) == {stream: Head(1, 3)}
    assert [event.name for event in await truth.read_after(stream, 0)] == ["message", "message", "end"]
    assert await truth.answer(str(uuid4())) is None
