"""The one connection on which an instance hears all its channels, whoever listens to them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.lowlevel import checkpoint
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError

from lyo_rt.broadcast.audience import Audience
from lyo_rt.broadcast.contract import Listener
from lyo_rt.broadcast.redis_link import NETWORK_FAULTS

READ_SECONDS = 1.0
QUIET_READS = 3
"""So many reads in a row without a message, although a sentinel is published every second, mean a dead connection.

Counted in reads, not by a clock: after the event loop itself was held up for seconds the next read finds what came.
"""

IN_FORCE_SECONDS = 2.0
SEND_SECONDS = 2.0
CHANNELS_PER_COMMAND = 1000
MESSAGES_IN_A_ROW = 50
"""About 2 ms of work, after which the other tasks have their turn."""


class _Channel(Audience):
    """Who listens to one channel, and whether the server has confirmed that it sends it."""

    def __init__(self, tally: Counter[str]) -> None:
        super().__init__(tally)
        self.in_force = anyio.Event()
        self.owes_loss = False

    def interrupt(self) -> None:
        """The server sends nothing now; once it does again, the listeners must be told that messages were lost."""
        self.in_force.set()  # who still waits for it need not wait any longer
        self.in_force = anyio.Event()
        self.owes_loss = True

    def confirm(self) -> None:
        self.in_force.set()
        if self.owes_loss:
            self.owes_loss = False
            self.lost()


class Subscription:
    """What this instance wants to hear, and how far the server has been told so.

    `serve` brings the server's view to what is wanted. A channel wanted, left and wanted again within one round trip
    is in force only when the reply to the *last* command about it has come.
    """

    def __init__(self) -> None:
        self._channels: dict[bytes, _Channel] = {}
        self._changed: set[bytes] = set()
        self._wake = asyncio.Event()
        self._connected = False
        self._asked: set[bytes] = set()
        self._unanswered: Counter[bytes] = Counter()

    def __getitem__(self, channel: bytes) -> Audience | None:
        """Who listens to `channel` here, if anyone."""
        return self._channels.get(channel)

    def audiences(self) -> list[tuple[bytes, Audience]]:
        """Every channel somebody listens to, and who."""
        return list(self._channels.items())

    def in_force(self, channel: bytes) -> bool:
        """Whether the server has confirmed that it sends `channel`."""
        wanted = self._channels.get(channel)
        return wanted is not None and wanted.in_force.is_set()

    @asynccontextmanager
    async def listen(self, channel: bytes, listener: Listener, tally: Counter[str]) -> AsyncIterator[None]:
        """Tell `listener` of what comes on `channel` from the server's confirmation until the block is left.

        Entered at once while there is no connection, and after 2 s without a confirmation: then the listener is told
        `lost` when it comes.
        """
        wanted = self._channels.get(channel)
        if wanted is None:
            wanted = self._channels[channel] = _Channel(tally)
            self._change(channel)
        seat = wanted.add(listener)
        try:
            if self._connected:
                with anyio.move_on_after(IN_FORCE_SECONDS):
                    await wanted.in_force.wait()
            if not wanted.in_force.is_set():
                wanted.owes_loss = True
            yield
        finally:
            wanted.remove(seat)
            if not wanted:
                del self._channels[channel]
                self._change(channel)

    async def serve(self, connection: AbstractConnection) -> None:
        """Subscribe and hear over `connection` until it fails; everyone is told `lost` then, and when it is back."""
        self._asked.clear()
        self._unanswered.clear()
        self._changed.update(self._channels)
        self._wake.set()
        self._connected = True
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._ask, connection)
                tasks.start_soon(self._hear, connection)
        except* NETWORK_FAULTS:
            for wanted in list(self._channels.values()):
                wanted.lost()
            raise
        finally:
            self._connected = False
            for wanted in self._channels.values():
                wanted.interrupt()

    def _change(self, channel: bytes) -> None:
        self._changed.add(channel)
        self._wake.set()

    async def _ask(self, connection: AbstractConnection) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._changed:
                for command, channels in self._next_commands():
                    with anyio.fail_after(SEND_SECONDS):
                        await connection.send_command(command, *channels, check_health=False)

    def _next_commands(self) -> list[tuple[str, list[bytes]]]:
        subscribe: list[bytes] = []
        unsubscribe: list[bytes] = []
        for channel in [self._changed.pop() for _ in range(min(len(self._changed), CHANNELS_PER_COMMAND))]:
            wanted = self._channels.get(channel)
            if wanted is None and channel in self._asked:
                self._asked.remove(channel)
                unsubscribe.append(channel)
            elif wanted is not None and channel not in self._asked:
                self._asked.add(channel)
                subscribe.append(channel)
            elif wanted is not None and not self._unanswered[channel]:
                wanted.confirm()
        self._unanswered.update(subscribe)
        self._unanswered.update(unsubscribe)
        return [
            (command, channels)
            for command, channels in (("SUBSCRIBE", subscribe), ("UNSUBSCRIBE", unsubscribe))
            if channels
        ]

    async def _hear(self, connection: AbstractConnection) -> None:
        quiet = in_a_row = 0
        while quiet < QUIET_READS:
            reply = await connection.read_response(timeout=READ_SECONDS, disconnect_on_error=False)
            if reply is None:
                quiet += 1
                continue
            quiet = 0
            kind, channel, payload = reply
            if kind == b"message":
                if (audience := self._channels.get(channel)) is not None:
                    audience.heard(payload)
            else:
                self._answered(channel)
            in_a_row += 1
            if in_a_row == MESSAGES_IN_A_ROW:
                in_a_row = 0
                await checkpoint()
        raise ConnectionError(f"nothing was heard in {QUIET_READS} reads of {READ_SECONDS} s, not even the sentinel")

    def _answered(self, channel: bytes) -> None:
        self._unanswered[channel] -= 1
        if self._unanswered[channel] > 0:
            return
        del self._unanswered[channel]
        wanted = self._channels.get(channel)
        if wanted is not None and channel in self._asked:
            wanted.confirm()
