"""Commands of a whole instance over one connection to a server: pipelined, in order, never cut short by who asked.

Over one connection no command overtakes another, and nobody's cancellation touches it. A pool of 8 connections, tried
here, cost 145 to 170 microseconds of processor time a message (Python 3.11, uvloop, 200 bytes) and refused connections
under 50 publishers; this, hearing included, costs 45 to 90.
"""

import asyncio
from collections import deque
from typing import Any

import anyio
import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError, ReadOnlyError, ResponseError

from lyo_rt.broadcast.redis_replies import Replies
from lyo_rt.problems import Unavailable

COMMAND_SECONDS = 1.5
"""Less than the 2 s a transaction gives its announcements (lyo_rt/database/pool.py), so that each is seen to fail."""

BATCH_COMMANDS = 128
BATCH_BYTES = 1024 * 1024
WAITING_COMMANDS = 10_000

_Waiting = tuple[tuple[bytes, ...], "asyncio.Future[Any]"]


class Commands:
    """What waits to be sent, and the connection's use."""

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._connected = False

    async def do(self, *arguments: bytes, asking: bool = False) -> Any:
        """The server's reply to one command. Cancelling the wait leaves the command to be carried out.

        With `asking` the server carries it out on a slot that it is only about to take over (Redis Cluster, ASK).

        Raises Unavailable at once while there is no connection or 10,000 commands are waiting, and when no reply
        comes within 1.5 s (then the command may have been carried out or not); redis-py's ResponseError when the server
        refuses it.
        """
        if not self._connected or len(self._waiting) >= WAITING_COMMANDS:
            raise away()
        loop = asyncio.get_running_loop()
        if asking:
            nobody_waits = loop.create_future()
            nobody_waits.cancel()
            self._waiting.append(((b"ASKING",), nobody_waits))
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((arguments, future))
        self._wake.set()
        return await future

    async def serve(self, connection: AbstractConnection) -> None:
        """Carry out what waits over `connection`, until it fails; then who still waits is told Unavailable."""
        replies = Replies(connection)
        self._connected = True
        batch: list[_Waiting] = []
        try:
            while True:
                await self._wake.wait()
                batch = self._next_batch()
                with anyio.fail_after(COMMAND_SECONDS):
                    await _carry_out(connection, replies, batch)
        finally:
            self._connected = False
            for _, future in (*batch, *self._waiting):
                if not future.done():
                    future.set_exception(away())
            self._waiting.clear()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < BATCH_COMMANDS and size < BATCH_BYTES:
            batch.append(self._waiting.popleft())
            size += sum(map(len, batch[-1][0]))
        if not self._waiting:
            self._wake.clear()
        return batch


async def _carry_out(connection: AbstractConnection, replies: Replies, batch: list[_Waiting]) -> None:
    packed = b"".join([hiredis.pack_command(arguments) for arguments, _ in batch])  # type: ignore[arg-type]
    await connection.send_packed_command(packed, check_health=False)
    unanswered = deque(future for _, future in batch)
    while unanswered:
        await replies.read()
        for reply in replies.parsed():
            if not unanswered:
                raise ConnectionError("the server has replied to what it was not asked")
            _settle(unanswered.popleft(), reply)


def _settle(future: "asyncio.Future[Any]", reply: Any) -> None:
    """Raises ConnectionError when the refusal is that of a server that is no longer the master."""
    if not isinstance(reply, ResponseError):
        if not future.done():
            future.set_result(reply)
        return
    if not future.done():
        future.set_exception(reply)
    if isinstance(reply, ReadOnlyError) or str(reply).startswith("NOREPLICAS"):
        raise ConnectionError(f"another server may be the master now: {reply}") from reply


def away() -> Unavailable:
    """The refusal while a server cannot be reached."""
    return Unavailable("Redis cannot be reached; try again in a moment.", retry_after=1)
