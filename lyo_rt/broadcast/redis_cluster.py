"""The shards of a Redis Cluster (Redis 7 or Valkey): whose each slot is, and what happens when that changes.

Channels are sharded ones. Each comes from the master of its slot, over one connection a shard; a channel whose slot
moves is told `lost`, and comes from the new master. The map of slots is read again whenever a connection ends, a
server says that a slot is another's, or that the cluster is down.
"""

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn

import anyio
from anyio.abc import TaskGroup
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError, ClusterDownError, ConnectionError, MovedError

from lyo_rt.broadcast.redis_channels import SHARDED, Channel, Channels
from lyo_rt.broadcast.redis_commands import away
from lyo_rt.broadcast.redis_link import LONGEST_PAUSE_SECONDS, NETWORK_FAULTS, Server, ask_once
from lyo_rt.broadcast.redis_names import ShardedNames
from lyo_rt.broadcast.redis_shards import Shard, nothing
from lyo_rt.broadcast.redis_subscription import Subscription
from lyo_rt.broadcast.redis_url import Address, RedisUrl
from lyo_rt.clock import Clock

ASK_SECONDS = 1.0
PAUSE_SECONDS = 0.1
"""Between two readings of the map; doubling up to a second while nobody tells it."""
REDIRECT_SECONDS = 0.4
"""A command redirected later than this is given up: with the 1.5 s that the next server has, it ends within 2 s."""
REDIRECTIONS = 5

Owners = Sequence[Address | None]
"""The master of each of the 16,384 slots."""

logger = logging.getLogger(__name__)


class ClusterShards:
    """Shards, one for each master that has slots. Raises ValueError for a URL that redis-py does not understand."""

    def __init__(self, url: RedisUrl, clock: Clock) -> None:
        self.names = ShardedNames()
        self.verbs = SHARDED
        self.channels = Channels(self._carrier)
        self._url = url
        self._clock = clock
        self._owners: Owners = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._masters: set[Address | None] = {None}
        """All there are among the owners."""
        self._shards: dict[Address, Shard] = {}
        self._known: set[Address] = set()
        """Every node seen, replicas too: one of them is to know the map when the masters are gone."""
        self._stale = asyncio.Event()
        self._stale.set()
        self._mapped = anyio.Event()
        self._tasks: TaskGroup | None = None
        for address in url.members:
            Server(url.server(address))

    async def serve(self) -> NoReturn:
        """See Shards."""
        async with anyio.create_task_group() as self._tasks:
            await self._keep_map()
        raise AssertionError("the map is kept for ever")

    async def _keep_map(self) -> NoReturn:
        pause = PAUSE_SECONDS
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                self._apply(await self._read_owners())
                pause = PAUSE_SECONDS
            except NETWORK_FAULTS as fault:
                logger.log(logging.WARNING if pause == PAUSE_SECONDS else logging.DEBUG, "%s", fault)
                self._stale.set()
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            await anyio.sleep(pause)

    async def ready(self) -> None:
        """See Shards."""
        await self._mapped.wait()
        for shard in list(self._shards.values()):
            await shard.heartbeat.first.wait()

    def all(self) -> Collection[Shard]:
        """See Shards."""
        if None in self._masters:
            raise away()
        return list(self._shards.values())

    def round_trip(self) -> float:
        """See Shards."""
        return max((shard.heartbeat.round_trip for shard in self._shards.values()), default=0.0)

    async def do(self, key: bytes, *arguments: bytes, asked: Callable[[], None] = nothing) -> Any:
        """See Shards."""
        slot = key_slot(key)
        begun = self._clock.monotonic()
        for _ in range(REDIRECTIONS):
            owner = self._owners[slot]
            if owner is None:
                break
            try:
                return await self._shards[owner].commands.do(*arguments)
            except MovedError as moved:
                self._moved(moved, owner)
            except AskError as other:
                importing = self._shard(_address(other.host, other.port, owner))
                reply = await importing.commands.do(*arguments, asking=True)
                asked()
                return reply
            except ClusterDownError:
                self._stale.set()
                raise
            if self._clock.monotonic() - begun > REDIRECT_SECONDS:
                break
        self._stale.set()
        raise away()

    def _carrier(self, channel: Channel) -> Subscription | None:
        owner = self._owners[channel.slot]
        return None if owner is None else self._shards[owner].subscription

    def _tag(self, address: Address) -> bytes | None:
        """The first hash tag whose slot is that master's."""
        if address not in self._masters:
            return None
        tags = (b"%d" % number for number in itertools.count())
        return next(tag for tag in tags if self._owners[key_slot(tag)] == address)

    def _moved(self, moved: MovedError, by: Address) -> None:
        """The server at `by` says whose a slot is. The map is right about this one at once, and soon about all."""
        self._stale.set()
        address = _address(moved.host, moved.port, by)
        self._shard(address)
        owners = list(self._owners)
        owners[moved.slot_id] = address
        self._owners, self._masters = owners, set(owners)
        self.channels.place(moved.slot_id)

    def _apply(self, owners: Owners) -> None:
        self._owners, self._masters = owners, set(owners)
        for address in self._masters:
            if address is not None:
                self._shard(address)
        self.channels.place()
        for address in self._shards.keys() - self._masters:
            self._shards.pop(address).stop()
        self._mapped.set()

    def _shard(self, address: Address) -> Shard:
        """The shard whose master is at `address`, connected to from now on."""
        shard = self._shards.get(address)
        if shard is None:
            shard = self._shards[address] = Shard(
                Server(self._url.server(address)),
                self,
                lambda: self._tag(address),
                self._clock,
                moved=lambda moved: self._moved(moved, address),
                ended=self._stale.set,
            )
            assert self._tasks is not None  # noqa: S101  a map is read, and commands go out, while it is served
            self._tasks.start_soon(shard.serve)
        return shard

    async def _read_owners(self) -> Owners:
        """The map, from the first node that tells it, in random order. Raises ConnectionError when none does."""
        nodes = list(self._known | set(self._url.members))
        random.shuffle(nodes)
        reason = ""
        for address in nodes:
            try:
                with anyio.fail_after(ASK_SECONDS):
                    ranges = await ask_once(Server(self._url.server(address)), "CLUSTER", "SLOTS")
            except NETWORK_FAULTS as fault:
                reason = f"{address[0]}:{address[1]}: {fault or 'no answer'}"
            else:
                return self._parse(ranges, address)
        raise ConnectionError(f"no map of the Redis Cluster from any of {len(nodes)} nodes; {reason}")

    def _parse(self, ranges: list[list[Any]], by: Address) -> Owners:
        """What a node says of itself and the others in reply to CLUSTER SLOTS."""
        owners: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._known.clear()
        for first, last, *nodes in ranges:
            addresses = [_address((node[0] or b"").decode(), int(node[1]), by) for node in nodes]
            owners[first : last + 1] = [addresses[0]] * (last + 1 - first)
            self._known.update(addresses)
        return owners


def _address(host: str, port: int, by: Address) -> Address:
    """Where a node is that the one at `by` names. When that knows no name for it, the host is to be its own."""
    return (by[0] if host in ("", "?") else host), port
