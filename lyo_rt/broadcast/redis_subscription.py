"""The one connection to a server on which an instance hears all its channels there, whoever listens to them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
from anyio.lowlevel import checkpoint
from redis.asyncio.connection import AbstractConnection
from redis.crc import key_slot
from redis.exceptions import ConnectionError, MovedError, ResponseError

from lyo_rt.broadcast.redis_channels import Channel, Channels, Verbs
from lyo_rt.broadcast.redis_link import NETWORK_FAULTS
from lyo_rt.broadcast.redis_replies import Replies

LOOK_SECONDS = 1.0
QUIET_LOOKS = 3
"""So many looks in a row without a message, although a heartbeat is published every second, mean a dead connection.

Counted in looks, not by a clock: after the event loop itself was held up for seconds the next read finds what came.
"""

SEND_SECONDS = 2.0
CHANNELS_AT_ONCE = 1000


class Subscription:
    """The channels that are to come over one connection, and how far the server has been told so. A Carrier.

    `serve` brings the server's view to what is wanted. A channel wanted, left and wanted again within one round trip
    is in force only when the reply to the *last* command about it has come.
    """

    def __init__(self, channels: Channels, verbs: Verbs, moved: Callable[[MovedError], None]) -> None:
        """`moved` is told that a slot of this server is another's now; it has the slot's channels moved there."""
        self.connected = False
        self._channels = channels
        self._verbs = verbs
        self._moved = moved
        self._changed: set[bytes] = set()
        self._wake = asyncio.Event()
        self._asked: set[bytes] = set()
        self._unanswered: Counter[bytes] = Counter()
        self._heard = False

    def changed(self, name: bytes) -> None:
        """See Carrier."""
        self._changed.add(name)
        self._wake.set()

    async def serve(self, connection: AbstractConnection) -> None:
        """Subscribe and hear over `connection` until it fails; everyone is told `lost` then, and when it is back."""
        self._asked.clear()
        self._unanswered.clear()
        self._changed.update(channel.name for channel in self._carried())
        self._wake.set()
        self.connected = True
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._ask, connection)
                tasks.start_soon(self._hear, connection)
                tasks.start_soon(self._look)
        except* NETWORK_FAULTS:
            for channel in self._carried():
                channel.lost()
            raise
        finally:
            self.connected = False
            for channel in self._carried():
                channel.interrupt()

    def _carried(self) -> list[Channel]:
        return [channel for channel in self._channels.all() if channel.carrier is self]

    def _wanted(self, name: bytes) -> Channel | None:
        channel = self._channels.get(name)
        return channel if channel is not None and channel.carrier is self else None

    async def _ask(self, connection: AbstractConnection) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._changed:
                packed = connection.pack_commands(self._next_commands())
                with anyio.fail_after(SEND_SECONDS):
                    await connection.send_packed_command(packed, check_health=False)

    def _next_commands(self) -> list[tuple[bytes, ...]]:
        subscribe: list[bytes] = []
        unsubscribe: list[bytes] = []
        for name in [self._changed.pop() for _ in range(min(len(self._changed), CHANNELS_AT_ONCE))]:
            channel = self._wanted(name)
            if channel is None and name in self._asked:
                self._asked.remove(name)
                unsubscribe.append(name)
            elif channel is not None and name not in self._asked:
                self._asked.add(name)
                subscribe.append(name)
            elif channel is not None and not self._unanswered[name]:
                channel.confirm()
        self._unanswered.update(subscribe)
        self._unanswered.update(unsubscribe)
        verbs = self._verbs
        return verbs.each(verbs.subscribe, subscribe) + verbs.each(verbs.unsubscribe, unsubscribe)

    async def _hear(self, connection: AbstractConnection) -> None:
        replies = Replies(connection)
        while True:
            more = await replies.read()
            self._heard = True
            for reply in replies.parsed():
                self._take(reply)
            if more:
                await checkpoint()

    def _take(self, reply: Any) -> None:
        if isinstance(reply, MovedError):
            self._lose_slot(reply)
            return
        if isinstance(reply, ResponseError):
            raise reply
        try:
            kind, name, payload = reply
        except (TypeError, ValueError):
            raise ConnectionError("the server has sent what is no message") from None
        if kind != self._verbs.message:
            self._answered(kind, name)
        elif (channel := self._channels.get(name)) is not None:
            channel.heard(payload)

    async def _look(self) -> None:
        """Ends the connection when nothing comes any more."""
        quiet = 0
        while quiet < QUIET_LOOKS:
            self._heard = False
            await anyio.sleep(LOOK_SECONDS)
            quiet = 0 if self._heard else quiet + 1
        raise ConnectionError(f"nothing was heard in {QUIET_LOOKS} looks of {LOOK_SECONDS} s, not even the heartbeat")

    def _answered(self, kind: bytes, name: bytes) -> None:
        if name not in self._unanswered:
            self._lose_channel(name)
            return
        self._unanswered[name] -= 1
        if self._unanswered[name] > 0:
            return
        del self._unanswered[name]
        channel = self._wanted(name)
        if channel is not None and name in self._asked and kind.upper() == self._verbs.subscribe:
            channel.confirm()

    def _lose_channel(self, name: bytes) -> None:
        """The server of a cluster ends a subscription by itself when the channel's slot is no longer its own.

        Asked for again, it says whose the slot is now.
        """
        if name in self._asked:
            self._asked.remove(name)
            if (channel := self._wanted(name)) is not None:
                channel.lost()
                channel.interrupt()
                self.changed(name)

    def _lose_slot(self, moved: MovedError) -> None:
        """A channel was asked for that is another server's: which one was it, the reply does not say."""
        for name in {*self._asked, *self._unanswered}:
            channel = self._channels.get(name)
            if (key_slot(name) if channel is None else channel.slot) == moved.slot_id:
                self._asked.discard(name)
                self._unanswered.pop(name, None)
                self.changed(name)
        self._moved(moved)
