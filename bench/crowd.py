"""Many sockets at once, opened some at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bench.wire import WebSocket

Found = TypeVar("Found")

PATIENCE = 60.0
CONNECTING = 50
"""Handshakes under way at once."""


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


async def gathered(count: int, join: Callable[[int], Awaitable[Found]]) -> list[Found]:
    """What `join(number)` gives for each of `count` numbers, CONNECTING at a time."""
    slots = asyncio.Semaphore(CONNECTING)

    async def one(number: int) -> Found:
        async with slots:
            return await join(number)

    return await asyncio.gather(*(one(number) for number in range(count)))
