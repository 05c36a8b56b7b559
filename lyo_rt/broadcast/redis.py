"""The broadcast of several instances, over Redis or Valkey: one server, one that Sentinels watch over, or a cluster.

To each server an instance holds two connections whatever the number of its listeners: one that hears
(redis_subscription.py), one that sends (redis_commands.py). Its own messages come back to it through Redis like
everyone's: the server puts each topic into one order, and every listener on every instance hears that one.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Self

import anyio
import msgspec
from anyio.lowlevel import checkpoint
from redis.exceptions import ResponseError

from lyo_rt.broadcast.contract import Draft, Listener
from lyo_rt.broadcast.redis_channels import SHARDED
from lyo_rt.broadcast.redis_cluster import ClusterShards
from lyo_rt.broadcast.redis_drafts import Drafts, ShardedDrafts, refused
from lyo_rt.broadcast.redis_gaps import Gaps, Notice
from lyo_rt.broadcast.redis_link import Server
from lyo_rt.broadcast.redis_sentinels import MonitoredMaster
from lyo_rt.broadcast.redis_shards import Shards, SingleShard
from lyo_rt.broadcast.redis_url import parse_redis_url
from lyo_rt.clock import Clock, SystemClock
from lyo_rt.problems import Unavailable

OPEN_SECONDS = 2.0
NOTICE_SECONDS = 1.0
"""Between notices of gaps: each has its topics' listeners read the log."""
RESTLESS_SECONDS = 0.05
"""Between tries to send one."""


class RedisBroadcast:
    """One instance's broadcast over Redis. Made by `open`."""

    def __init__(self, shards: Shards, drafts: Drafts) -> None:
        self._shards = shards
        self._drafts = drafts
        self._channel = shards.names.topic
        self._publish = shards.verbs.publish
        self._tally: Counter[str] = Counter()
        self._gaps = Gaps(self._tell_lost, alone=shards.verbs is SHARDED)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, clock: Clock) -> AsyncIterator[Self]:
        """A broadcast over what `url` names (see redis_url.py) until the block is left.

        Waits up to 2 s for the server, and is entered without it: it connects as soon as it can. A fault that is not
        the network's cancels the block and is raised from it, in an ExceptionGroup, as what the block raises is.
        `clock` measures round trips and how long a connection held. Raises ValueError for another kind of URL.
        """
        broadcast = cls(*_over(url, clock))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(broadcast._shards.serve)
            tasks.start_soon(broadcast._keep_gaps)
            with anyio.move_on_after(OPEN_SECONDS):
                await broadcast._shards.ready()
            yield broadcast
            tasks.cancel_scope.cancel()

    @property
    def shards(self) -> Shards:
        """Its servers, for what else is shared by all instances (lyo_rt/limits/redis.py)."""
        return self._shards

    async def publish(self, topic: str, payload: bytes) -> None:
        """See Broadcast. Returns when Redis has taken the message, or at once while there is no connection.

        The listeners of a topic whose message failed are told `lost`, on every instance, once Redis is back.
        """
        channel = self._channel(topic)
        try:
            await self._shards.do(channel, self._publish, channel, payload)
        except (Unavailable, ResponseError):
            self._owe(topic)
            await checkpoint()
        except asyncio.CancelledError:
            self._owe(topic)
            raise
        else:
            self._tally["published"] += 1

    def listen(self, topic: str, listener: Listener) -> AbstractAsyncContextManager[None]:
        """See Broadcast. Entered without the server's confirmation when it is away or silent for 2 s."""
        return self._shards.channels.listen(self._channel(topic), listener, self._tally)

    async def extend_draft(self, key: str, topic: str, *, revision: int, at: int, text: str, payload: bytes) -> int:
        """See Broadcast."""
        try:
            extended = await self._drafts.extend(
                key, topic, (revision, at, text, payload), lambda: self._gaps.owe(topic)
            )
        except (Unavailable, ResponseError, asyncio.CancelledError):
            self._owe(topic)
            raise
        self._tally["published"] += extended > 0
        return extended

    async def read_draft(self, key: str) -> Draft | None:
        """See Broadcast."""
        return await self._drafts.read(key)

    async def drop_draft(self, key: str) -> None:
        """See Broadcast."""
        try:
            await self._drafts.drop(key)
        except Unavailable:
            self._tally["failed"] += 1

    async def remember(self, key: str, value: bytes, *, seconds: float) -> None:
        """See Broadcast."""
        name = self._shards.names.memory(key)
        await self._drafts.ask(name, b"SET", name, value, b"PX", b"%d" % max(1, round(seconds * 1000)))

    async def recall(self, key: str) -> bytes | None:
        """See Broadcast."""
        name = self._shards.names.memory(key)
        value: bytes | None = await self._drafts.ask(name, b"GET", name)
        return value

    async def forget(self, key: str) -> None:
        """See Broadcast."""
        name = self._shards.names.memory(key)
        await self._drafts.ask(name, b"DEL", name)

    async def check(self) -> None:
        """See Broadcast; one round trip to each shard."""
        for shard in self._shards.all():
            try:
                await shard.commands.do(b"PING")
            except ResponseError as refusal:
                raise refused(refusal) from refusal
            if not shard.heartbeat.well:
                raise Unavailable(
                    "Redis answers, but takes nothing from this instance or tells it nothing.", retry_after=1
                )

    def statistics(self) -> dict[str, int]:
        """See Broadcast; besides, how long the last heartbeat was under way: of several shards', the slowest."""
        sizes = [len(channel) for channel in self._shards.channels.all() if self._is_topic(channel.name)]
        return {
            "topics": len(sizes),
            "listeners": sum(sizes),
            "round_trip_microseconds": round(self._shards.round_trip() * 1_000_000),
            **{name: self._tally[name] for name in ("published", "heard", "lost", "failed", "faults")},
        }

    def _owe(self, topic: str) -> None:
        """A message may not have gone out; a cancelled publisher's too, for it may yet fail."""
        self._tally["failed"] += 1
        self._gaps.owe(topic)

    async def _keep_gaps(self) -> None:
        channel = self._shards.names.gaps
        async with self._shards.channels.listen(channel, self._gaps, Counter()):
            while True:
                await self._gaps.owed.wait()
                await anyio.sleep(NOTICE_SECONDS if await self._settle(channel) else RESTLESS_SECONDS)

    async def _settle(self, channel: bytes) -> bool:
        """Say what is owed; whether that could be said."""
        notice = self._gaps.take()
        try:
            await self._shards.do(channel, self._publish, channel, msgspec.json.encode(notice))
        except (Unavailable, ResponseError):
            self._gaps.put_back(notice)
            return False
        return True

    def _is_topic(self, name: bytes) -> bool:
        return name.startswith(self._shards.names.topics)

    def _tell_lost(self, notice: Notice) -> None:
        channels = self._shards.channels
        every = [channel.name for channel in channels.all() if self._is_topic(channel.name)]
        for name in every if notice.every else map(self._channel, notice.topics):
            channel = channels.get(name)
            if channel is not None:
                channel.lost()


def check_url(url: str) -> None:
    """Raises ValueError, one line without the URL's secrets, when no broadcast can be opened over `url`."""
    _over(url, SystemClock())


def _over(url: str, clock: Clock) -> tuple[Shards, Drafts]:
    parsed = parse_redis_url(url)
    if parsed.form == "cluster":
        cluster = ClusterShards(parsed, clock)
        return cluster, ShardedDrafts(cluster, cluster.names)
    place = Server(url) if parsed.form == "server" else MonitoredMaster(parsed)
    single = SingleShard(place, place.database, clock)
    return single, Drafts(single)
