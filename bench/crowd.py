"""Many sockets at once, opened some at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from bench.wire import NotDone, WebSocket

Found = TypeVar("Found")

PATIENCE = 60.0
SETTLING = ("settling once", "settling twice")
CONNECTING = 50
"""Handshakes under way at once."""


class Deaf(NotDone):
    """Sockets did not get what was told."""


class Crowd:
    """Sockets whose messages are counted."""

    def __init__(self) -> None:
        self.received = 0
        self.sockets: list[WebSocket] = []
        self._wanted = 0
        self._reached = asyncio.Event()

    def heard(self, payload: bytes) -> None:  # noqa: ARG002  only counted
        """One message."""
        self.received += 1
        if self.received >= self._wanted:
            self._reached.set()

    async def until(self, count: int) -> None:
        """So many messages have been received since the count began. Raises TimeoutError."""
        self._wanted = count
        if self.received < count:
            self._reached.clear()
            async with asyncio.timeout(PATIENCE):
                await self._reached.wait()

    def close(self) -> None:
        """All of them leave."""
        for socket in self.sockets:
            socket.close()


async def settle(crowd: Crowd, announce: Callable[[str], Awaitable[None]]) -> None:
    """Everybody hears what comes from now on: `announce` has an event stored and told, and each must see it, twice.

    The first time somebody may have read it as the state before listening; whoever has the second one listens.
    """
    for text in SETTLING:
        missing, done = set(range(len(crowd.sockets))), asyncio.Event()
        for number, socket in enumerate(crowd.sockets):
            socket.heard = partial(_heard, text.encode(), number, missing, done)
        await announce(text)
        try:
            async with asyncio.timeout(PATIENCE):
                await done.wait()
        except TimeoutError:
            closed = {socket.code for socket in crowd.sockets if socket.closed}
            raise Deaf(f"{len(missing)} of {len(crowd.sockets)} sockets heard nothing; closed: {closed}") from None
    for socket in crowd.sockets:
        socket.heard = crowd.heard


def _heard(text: bytes, number: int, missing: set[int], done: asyncio.Event, payload: bytes) -> None:
    if text in payload:
        missing.discard(number)
        if not missing:
            done.set()


async def gathered(count: int, join: Callable[[int], Awaitable[Found]]) -> list[Found]:
    """What `join(number)` gives for each of `count` numbers, CONNECTING at a time."""
    slots = asyncio.Semaphore(CONNECTING)

    async def one(number: int) -> Found:
        async with slots:
            return await join(number)

    return await asyncio.gather(*(one(number) for number in range(count)))
