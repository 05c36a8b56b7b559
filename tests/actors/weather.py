"""A broadcast in bad weather."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from lyo_rt.broadcast.contract import Draft, Listener
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock


class Weather:
    """A broadcast that loses, repeats and delays, and puts the messages of several stations into any order.

    One station's messages on one topic keep theirs, as the contract says.
    """

    def __init__(self, tasks: TaskGroup, chance: random.Random, second: float) -> None:
        self.drafts = InProcessBroadcast(SystemClock())
        self.listeners: dict[str, dict[object, Listener]] = {}
        self.loss = self.repeat = 0.1
        self._tasks = tasks
        self._chance = chance
        self._second = second
        self.in_flight = 0

    def station(self) -> "Station":
        """One more instance's end of it."""
        return Station(self)

    def tell_loss(self) -> None:
        """Everybody may have missed something."""
        for listener in self._all():
            listener.lost()

    async def pause(self) -> None:
        """Some time passes, or hardly any."""
        await anyio.sleep(self._second * self._chance.choice((0, 0, 0.001, 0.01, 0.1)))

    def deliver(self, topic: str, payload: bytes) -> None:
        """Tell those who listen now."""
        for listener in list(self.listeners.get(topic, {}).values()):
            if self._chance.random() >= self.loss:
                listener.heard(payload)
                if self._chance.random() < self.repeat:
                    listener.heard(payload)

    def start(self, function: Callable[..., Awaitable[None]]) -> None:
        """Run a station."""
        self._tasks.start_soon(function)

    def _all(self) -> list[Listener]:
        return [listener for seats in self.listeners.values() for listener in seats.values()]


class Station:
    """A Broadcast."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._outgoing: list[tuple[str, bytes]] = []

    async def publish(self, topic: str, payload: bytes) -> None:
        """See Broadcast."""
        self._outgoing.append((topic, payload))
        self._weather.in_flight += 1
        if len(self._outgoing) == 1:
            self._weather.start(self._send)
        await checkpoint()

    async def _send(self) -> None:
        while self._outgoing:
            await self._weather.pause()
            self._weather.deliver(*self._outgoing[0])
            del self._outgoing[0]
            self._weather.in_flight -= 1

    @asynccontextmanager
    async def listen(self, topic: str, listener: Listener) -> AsyncIterator[None]:
        """See Broadcast."""
        await self._weather.pause()
        seat = object()
        self._weather.listeners.setdefault(topic, {})[seat] = listener
        await self._weather.pause()
        try:
            yield
        finally:
            del self._weather.listeners[topic][seat]

    async def extend_draft(self, key: str, topic: str, *, revision: int, at: int, text: str, payload: bytes) -> bool:
        """See Broadcast."""
        extended = await self._weather.drafts.extend_draft(
            key, "nobody listens", revision=revision, at=at, text=text, payload=b""
        )
        if extended:
            await self.publish(topic, payload)
        return extended

    async def read_draft(self, key: str) -> Draft | None:
        """See Broadcast."""
        await self._weather.pause()
        draft = await self._weather.drafts.read_draft(key)
        await self._weather.pause()
        return draft

    async def drop_draft(self, key: str) -> None:
        """See Broadcast."""
        await self._weather.drafts.drop_draft(key)

    async def check(self) -> None:
        """See Broadcast."""
        await checkpoint()

    def statistics(self) -> dict[str, int]:
        """See Broadcast."""
        return {"listeners": sum(map(len, self._weather.listeners.values()))}
