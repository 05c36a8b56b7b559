"""The servers that carry a broadcast: one, or the masters of a cluster; to each a connection that hears and one that
sends, with a heartbeat through both.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any, NoReturn, Protocol

import anyio
from redis.exceptions import MovedError

from lyo_rt.broadcast.redis_channels import PLAIN, Channels, Verbs
from lyo_rt.broadcast.redis_commands import Commands
from lyo_rt.broadcast.redis_heartbeat import Heartbeat
from lyo_rt.broadcast.redis_link import Place, keep_connected
from lyo_rt.broadcast.redis_names import Names
from lyo_rt.broadcast.redis_subscription import Subscription
from lyo_rt.clock import Clock


def nothing() -> None:
    """What is called when nobody wants to know."""


class Shards(Protocol):
    """Where commands go and channels come from."""

    channels: Channels
    verbs: Verbs

    @property
    def names(self) -> Names:
        """What channels and keys are called there."""
        ...

    async def serve(self) -> NoReturn:
        """Keep the connections. Raises what is no fault of the network."""
        ...

    async def ready(self) -> None:
        """Waits until a heartbeat has been heard from every shard."""
        ...

    def do(self, key: bytes, *arguments: bytes, asked: Callable[[], None] = nothing) -> Awaitable[Any]:
        """The reply to a command from the server that has `key` (a key or a channel); see Commands.do.

        `asked` is called when the key is being moved and another server replied than the one that has the channels:
        what the command published, nobody has heard.
        """
        ...

    def all(self) -> Collection["Shard"]:
        """The shards there are. Raises Unavailable when they are not known, or not all."""
        ...

    def round_trip(self) -> float:
        """Seconds that the last heartbeat was under way, the slowest of all shards'."""
        ...


class Shard:
    """One server: `commands` sends to it, `subscription` hears from it."""

    def __init__(
        self,
        place: Place,
        shards: Shards,
        tag: Callable[[], bytes | None],
        clock: Clock,
        *,
        moved: Callable[[MovedError], None],
        ended: Callable[[], None] = nothing,
    ) -> None:
        """`tag` gives a hash tag whose slot is this shard's, `ended` is told when a connection has ended."""
        self.commands = Commands()
        self.subscription = Subscription(shards.channels, shards.verbs, moved)
        self.heartbeat = Heartbeat(shards, tag, clock)
        self._place = place
        self._clock = clock
        self._ended = ended
        # Made in `serve`: a scope belongs to an event loop, and settings are checked where there is none.
        self._scope: anyio.CancelScope | None = None
        self._stopped = False

    async def serve(self) -> None:
        """Keep both connections until `stop` is called."""
        with anyio.CancelScope() as self._scope:
            if self._stopped:
                return
            async with anyio.create_task_group() as tasks:
                for serve in (self.commands.serve, self.subscription.serve):
                    tasks.start_soon(keep_connected, self._place, serve, self._clock, self._ended)
                tasks.start_soon(self.heartbeat.keep)

    def stop(self) -> None:
        """End both connections: nothing is asked of this server any more."""
        self._stopped = True
        if self._scope is not None:
            self._scope.cancel()


class SingleShard:
    """Shards of which there is one. Everything is in it, and stays."""

    def __init__(self, place: Place, database: int, clock: Clock) -> None:
        self.names = Names(database)
        self.verbs = PLAIN
        self.channels = Channels(lambda _: self._shard.subscription)
        self._shard = Shard(place, self, lambda: b"", clock, moved=_not_a_cluster)

    async def serve(self) -> NoReturn:
        """See Shards."""
        await self._shard.serve()
        raise AssertionError("the only shard is never stopped")

    async def ready(self) -> None:
        """See Shards."""
        await self._shard.heartbeat.first.wait()

    def do(self, key: bytes, *arguments: bytes, asked: Callable[[], None] = nothing) -> Awaitable[Any]:  # noqa: ARG002
        """See Shards."""
        return self._shard.commands.do(*arguments)

    def all(self) -> Collection[Shard]:
        """See Shards."""
        return (self._shard,)

    def round_trip(self) -> float:
        """See Shards."""
        return self._shard.heartbeat.round_trip


def _not_a_cluster(moved: MovedError) -> None:
    raise moved
