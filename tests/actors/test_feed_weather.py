"""Everything at once, by chance: losses, repeats, delays, joins, leaves, an absent log; and nobody misses anything."""

import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import anyio
import pytest

from actors.feeds import Feeds
from lyo_rt.problems import Unavailable
from lyo_rt.streams import conversation_stream
from tests.actors.streaming import Author, Client, Logbook, running, seqs, until
from tests.actors.weather import Weather

pytestmark = pytest.mark.anyio

STREAM = conversation_stream(uuid4())


async def write_events(author: Author, chance: random.Random, pause: Callable[[], Awaitable[None]]) -> None:
    for number in range(30):
        await author.say(number=number, text="x" * chance.choice((1, 10, 20_000)))
        await pause()


async def write_answers(author: Author, chance: random.Random, pause: Callable[[], Awaitable[None]]) -> None:
    for _ in range(4):
        answer = author.begin()
        for _ in range(chance.randint(0, 40)):
            await answer.write("".join(chance.choices('abc äß 🦊\n\\"', k=chance.randint(1, 6))))
            if chance.random() < 0.1:
                answer.checkpoint()
            if chance.random() < 0.03:
                await answer.restart()
            await pause()
        await answer.end()
        await pause()


async def come_and_go(
    client: Client, feeds: Feeds, chance: random.Random, pause: Callable[[], Awaitable[None]]
) -> None:
    """Joins, follows for a while, leaves, and comes back where it was; at the end it stays."""
    for _ in range(chance.randint(0, 6)):
        await stay(client, feeds, pause)
        for _ in range(chance.randint(0, 20)):
            await pause()
        await feeds.leave(client.stream, client)
        for _ in range(chance.randint(0, 20)):
            await pause()
    await stay(client, feeds, pause)


async def stay(client: Client, feeds: Feeds, pause: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await client.join(feeds, client.place)
        except Unavailable:
            await pause()
        else:
            return


async def make_trouble(weather: Weather, logbook: Logbook, chance: random.Random) -> None:
    for _ in range(25):
        await weather.pause()
        await weather.pause()
        if chance.random() < 0.3:
            weather.tell_loss()
        logbook.away = chance.random() < 0.2
    logbook.away = False


@pytest.mark.parametrize("foretold", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(25))
async def test_whatever_happens_everyone_sees_everything_once(seed: int, foretold: float, second: float) -> None:
    """`foretold`: how many of the hints of the instance's own authors, the first two, it is told of at once; of the
    others later, as when the server's answer to a COMMIT takes its time."""
    chance = random.Random(seed)  # noqa: S311
    clients = [Client(STREAM) for _ in range(6)]
    async with anyio.create_task_group() as stations:
        weather = Weather(stations, chance, second)
        logbook = Logbook(weather.pause)
        async with running(Feeds(logbook, weather.station(), look_seconds=second)) as feeds:

            async def later(topic: str, payload: bytes) -> None:
                await weather.pause()
                feeds.foretold(topic, payload)

            def nearby(topic: str, payload: bytes) -> None:
                if chance.random() < foretold:
                    feeds.foretold(topic, payload)
                elif foretold:
                    stations.start_soon(later, topic, payload)

            authors = [Author(STREAM, logbook, weather.station(), told) for told in (nearby, nearby, None)]
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(make_trouble, weather, logbook, chance)
                tasks.start_soon(write_answers, authors[0], chance, weather.pause)
                for author in authors[1:]:
                    tasks.start_soon(write_events, author, chance, weather.pause)
                for client in clients:
                    tasks.start_soon(come_and_go, client, feeds, chance, weather.pause)
            await until(lambda: all(client.seq == logbook.top(STREAM) for client in clients))
            answers: dict[str, Any] = {
                message: answer.text for message, answer in logbook.answers.items() if answer.status == "complete"
            }
            for client in clients:
                assert client.faults == []
                assert client.ends == answers
                assert seqs(client.told) == list(range(1, logbook.top(STREAM) + 1))
                await feeds.leave(STREAM, client)
            # A repair may still be reading; it closes the feed when it is done.
            await until(lambda: not weather.station().statistics()["listeners"])
            assert feeds.statistics()["streams"] == 0
