"""The seeds' ConnectionManager: one Redis pub/sub connection in the process, a dictionary of sockets for each task."""

import asyncio
from collections import defaultdict
from contextlib import suppress

from redis.asyncio import Redis
from starlette.websockets import WebSocket, WebSocketDisconnect

from bench.seeds_stack.configuration import REDIS_URL

PREFIX = "task:"


class Connections:
    """Sockets by what they watch, and the one subscription that feeds them."""

    def __init__(self) -> None:
        self._watching: dict[str, set[WebSocket]] = defaultdict(set)
        self._redis = Redis.from_url(REDIS_URL)

    def add(self, task: str, socket: WebSocket) -> None:
        """From now on the socket is told of the task."""
        self._watching[task].add(socket)

    def remove(self, task: str, socket: WebSocket) -> None:
        """The socket has gone."""
        sockets = self._watching.get(task)
        if sockets is not None:
            sockets.discard(socket)
            if not sockets:
                del self._watching[task]

    async def run(self, ready: asyncio.Event) -> None:
        """Pass on what is published, until cancelled.

        One pattern instead of a SUBSCRIBE for each task: with one web process it hears nothing it does not need, and a
        new watcher costs no round trip. The payload goes out as it came, encoded once by the worker.
        """
        async with self._redis.pubsub() as subscription:
            await subscription.psubscribe(f"{PREFIX}*")
            ready.set()
            async for message in subscription.listen():
                if message["type"] == "pmessage":
                    await self._pass_on(message["channel"][len(PREFIX) :].decode(), message["data"].decode())

    async def _pass_on(self, task: str, text: str) -> None:
        # One after the other: a gather makes a task of each send and was slower with 100 and with 1,000 sockets.
        for socket in tuple(self._watching.get(task, ())):
            with suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_text(text)
