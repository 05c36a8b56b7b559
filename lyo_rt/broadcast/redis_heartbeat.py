"""The publish that watches over one shard (REALTIME §3): something is heard from it every second while it is well."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from redis.exceptions import ResponseError

from lyo_rt.clock import Clock
from lyo_rt.problems import Unavailable

if TYPE_CHECKING:
    from lyo_rt.broadcast.redis_shards import Shards

HEARTBEAT_SECONDS = 1.0
RESTLESS_SECONDS = 0.05
"""Between tries while there is no connection."""
KEY_MILLISECONDS = b"5000"


class Heartbeat:
    """Listens on a channel of this instance's own, and publishes to it the time it did so."""

    def __init__(self, shards: "Shards", tag: Callable[[], bytes | None], clock: Clock) -> None:
        """`tag` gives a hash tag whose slot is the watched shard's now; None when it has none (any more)."""
        self._shards = shards
        self._tag = tag
        self._clock = clock
        self._channel = b""
        self._taken = False
        self.first = anyio.Event()
        """Set when a heartbeat has been heard."""
        self.round_trip = 0.0
        """Seconds from the last heartbeat's leaving to its being heard."""

    @property
    def well(self) -> bool:
        """Whether the shard sends this instance the heartbeats' channel, and took the last one."""
        return self._in_force() and self._taken

    def _in_force(self) -> bool:
        return self._shards.channels.in_force(self._channel)

    async def keep(self) -> None:
        """Beat for ever, on another channel each time the shard's slots change so that the last is no more in them."""
        unseen: Counter[str] = Counter()
        while True:
            tag = self._tag()
            if tag is None:
                await anyio.sleep(RESTLESS_SECONDS)
                continue
            self._channel = self._shards.names.heartbeat(tag)
            async with self._shards.channels.listen(self._channel, self, unseen):
                while self._tag() == tag:
                    await self._in_force_soon()
                    await anyio.sleep(HEARTBEAT_SECONDS if await self._beat() else RESTLESS_SECONDS)

    async def _in_force_soon(self) -> None:
        channel = self._shards.channels.get(self._channel)
        if channel is not None:
            with anyio.move_on_after(RESTLESS_SECONDS):
                await channel.in_force.wait()

    async def _beat(self) -> bool:
        """Whether a heartbeat is on its way."""
        if not self._in_force():
            return False
        self._taken = await self._send()
        return self._taken

    async def _send(self) -> bool:
        """Whether the shard took a write, which a demoted master does not, and the heartbeat."""
        do, name = self._shards.do, self._channel
        try:
            await do(name, b"SET", name, b"", b"PX", KEY_MILLISECONDS)
            await do(name, self._shards.verbs.publish, name, str(self._clock.monotonic()).encode())
        except (Unavailable, ResponseError):
            return False
        return True

    def heard(self, payload: bytes) -> None:
        """See Listener."""
        self.round_trip = self._clock.monotonic() - float(payload)
        self.first.set()

    def lost(self) -> None:
        """See Listener; the next one follows within a second."""
