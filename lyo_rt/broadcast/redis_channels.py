"""What this instance wants to hear: every channel somebody listens to, and over which connection it is to come."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

import anyio
from redis.crc import key_slot

from lyo_rt.broadcast.audience import Audience
from lyo_rt.broadcast.contract import Listener

IN_FORCE_SECONDS = 2.0


class Verbs(NamedTuple):
    """The commands of one kind of channel, and what a message on one is called."""

    subscribe: bytes
    unsubscribe: bytes
    publish: bytes
    message: bytes
    at_once: bool
    """Whether one command may name several channels; those of a cluster must then be of one slot."""

    def each(self, verb: bytes, names: list[bytes]) -> list[tuple[bytes, ...]]:
        """The commands that say `verb` of every name."""
        if self.at_once and names:
            return [(verb, *names)]
        return [(verb, name) for name in names]


PLAIN = Verbs(b"SUBSCRIBE", b"UNSUBSCRIBE", b"PUBLISH", b"message", at_once=True)
SHARDED = Verbs(b"SSUBSCRIBE", b"SUNSUBSCRIBE", b"SPUBLISH", b"smessage", at_once=False)


class Carrier(Protocol):
    """A connection over which channels come."""

    connected: bool

    def changed(self, name: bytes) -> None:
        """The channel `name` is wanted from this connection now, or no longer is."""
        ...


class Channel(Audience):
    """Who listens to one channel, and whether the server has confirmed that it sends it."""

    def __init__(self, name: bytes, tally: Counter[str]) -> None:
        super().__init__(tally)
        self.name = name
        self.slot = key_slot(name)
        self.carrier: Carrier | None = None
        """None while nobody knows which server has it."""
        self.in_force = anyio.Event()
        self.owes_loss = False

    def interrupt(self) -> None:
        """The server sends nothing now; once it does again, the listeners must be told that messages were lost."""
        self.in_force.set()  # who still waits for it need not wait any longer
        self.in_force = anyio.Event()
        self.owes_loss = True

    def confirm(self) -> None:
        """The server sends it from here on."""
        self.in_force.set()
        if self.owes_loss:
            self.owes_loss = False
            self.lost()

    def move(self, carrier: Carrier | None) -> None:
        """It is to come over `carrier` from here on; what was missed between the two is told as lost."""
        before, self.carrier = self.carrier, carrier
        if before is carrier:
            return
        if before is not None:
            self.lost()
            self.interrupt()
            before.changed(self.name)
        if carrier is not None:
            carrier.changed(self.name)


class Channels:
    """All channels by name. `carrier` says over which connection one is to come."""

    def __init__(self, carrier: Callable[[Channel], Carrier | None]) -> None:
        self._carrier = carrier
        self._channels: dict[bytes, Channel] = {}
        self.get = self._channels.get
        """The channel of a name, or None when nobody here listens to it."""

    def all(self) -> list[Channel]:
        """Every channel somebody listens to."""
        return list(self._channels.values())

    def place(self, slot: int | None = None) -> None:
        """Have every channel, or those of one slot, come over the connection that is right for it now."""
        for channel in self.all():
            if slot is None or channel.slot == slot:
                channel.move(self._carrier(channel))

    def in_force(self, name: bytes) -> bool:
        """Whether the server has confirmed that it sends this channel."""
        channel = self.get(name)
        return channel is not None and channel.in_force.is_set()

    @asynccontextmanager
    async def listen(self, name: bytes, listener: Listener, tally: Counter[str]) -> AsyncIterator[None]:
        """Tell `listener` of what comes on a channel from the server's confirmation until the block is left.

        Entered at once while there is no connection, and after 2 s without a confirmation: then the listener is told
        `lost` when it comes.
        """
        channel = self.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name, tally)
            channel.move(self._carrier(channel))
        seat = channel.add(listener)
        try:
            if channel.carrier is not None and channel.carrier.connected:
                with anyio.move_on_after(IN_FORCE_SECONDS):
                    await channel.in_force.wait()
            if not channel.in_force.is_set():
                channel.owes_loss = True
            yield
        finally:
            channel.remove(seat)
            if not channel:
                del self._channels[name]
                if channel.carrier is not None:
                    channel.carrier.changed(name)
