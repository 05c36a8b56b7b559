"""The broadcast of several instances, over one Redis (or Valkey) server.

An instance holds two connections whatever the number of its listeners: one that hears (redis_subscription.py), one
that sends (redis_commands.py). Its own messages come back to it through Redis like everyone's: the server puts each
topic into one order, and every listener on every instance hears that one.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Self
from uuid import uuid4

import anyio
import msgspec
from anyio.lowlevel import checkpoint
from redis.exceptions import NoScriptError, ResponseError

from lyo_rt.broadcast.contract import DRAFT_SECONDS, Draft, Listener
from lyo_rt.broadcast.redis_commands import Commands
from lyo_rt.broadcast.redis_gaps import Gaps, Notice
from lyo_rt.broadcast.redis_link import Server, keep_connected
from lyo_rt.broadcast.redis_subscription import Subscription
from lyo_rt.clock import Clock
from lyo_rt.problems import Unavailable

SENTINEL_SECONDS = 1.0
OPEN_SECONDS = 2.0
RESTLESS_SECONDS = 0.05
"""Between sentinels, and between tries to send one while there is no connection."""

EXTEND = b"""
local revision, at = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'revision', 'length')
local held_revision = tonumber(held[1])
local before = ''
if not held_revision or revision > held_revision then
  if at ~= 0 then return 0 end
elseif revision < held_revision or at ~= tonumber(held[2]) then
  return 0
else
  before = redis.call('HGET', KEYS[1], 'text')
end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'length', at + tonumber(ARGV[3]), 'text', before .. ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[7])
return 1
"""
"""The length is counted by the caller in code points and kept beside the text: Lua would count bytes."""

EXTEND_DIGEST = hashlib.sha1(EXTEND, usedforsecurity=False).hexdigest().encode()


class RedisBroadcast:
    """One instance's broadcast over Redis. Made by `open`."""

    def __init__(self, server: Server, clock: Clock) -> None:
        prefix = f"lyo:{server.database}:"  # channels know no database number, keys do
        self._topics = f"{prefix}topic:"
        self._drafts = f"{prefix}draft:"
        self._gap_channel = f"{prefix}gaps".encode()
        self._sentinel_channel = f"{prefix}sentinel:{uuid4()}".encode()
        self._tally: Counter[str] = Counter()
        self._commands = Commands()
        self._subscription = Subscription()
        self._sentinel = _Sentinel(clock)
        self._gaps = Gaps(self._tell_lost)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, clock: Clock) -> AsyncIterator[Self]:
        """A broadcast over the server at `url` (redis://, rediss:// or unix://) until the block is left.

        Waits up to 2 s for the server, and is entered without it: it connects as soon as it can. A fault that is not
        the network's cancels the block and is raised from it, in an ExceptionGroup, as what the block raises is.
        `clock` measures round trips and how long a connection held. Raises ValueError for another kind of URL.
        """
        server = Server(url)
        broadcast = cls(server, clock)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep_connected, server, broadcast._commands.serve, clock)
            tasks.start_soon(keep_connected, server, broadcast._subscription.serve, clock)
            tasks.start_soon(broadcast._keep_sentinel)
            with anyio.move_on_after(OPEN_SECONDS):
                await broadcast._sentinel.first.wait()
            yield broadcast
            tasks.cancel_scope.cancel()

    async def publish(self, topic: str, payload: bytes) -> None:
        """See Broadcast. Returns when Redis has taken the message, or at once while there is no connection.

        The listeners of a topic whose message failed are told `lost`, on every instance, once Redis is back.
        """
        try:
            with self._owing(topic):
                await self._commands.do(b"PUBLISH", self._channel(topic), payload)
        except (Unavailable, ResponseError):
            await checkpoint()
        else:
            self._tally["published"] += 1

    def listen(self, topic: str, listener: Listener) -> AbstractAsyncContextManager[None]:
        """See Broadcast. Entered without the server's confirmation when it is away or silent for 2 s."""
        return self._subscription.listen(self._channel(topic), listener, self._tally)

    async def extend_draft(self, key: str, topic: str, *, revision: int, at: int, text: str, payload: bytes) -> bool:
        """See Broadcast."""
        arguments = (
            b"1",
            self._draft(key),
            *(str(number).encode() for number in (revision, at, len(text))),
            text.encode(),
            str(DRAFT_SECONDS).encode(),
            self._channel(topic),
            payload,
        )
        with self._owing(topic):
            extended = await self._extend(arguments)
        self._tally["published"] += extended
        return extended

    async def read_draft(self, key: str) -> Draft | None:
        """See Broadcast."""
        revision, text = await self._ask(b"HMGET", self._draft(key), b"revision", b"text")
        return None if revision is None else Draft(int(revision), text.decode())

    async def drop_draft(self, key: str) -> None:
        """See Broadcast."""
        try:
            await self._ask(b"DEL", self._draft(key))
        except Unavailable:
            self._tally["failed"] += 1

    async def check(self) -> None:
        """See Broadcast; one round trip."""
        await self._ask(b"PING")
        if not self._subscription.in_force(self._sentinel_channel):
            raise Unavailable("Redis answers, but this instance hears nothing from it.", retry_after=1)

    def statistics(self) -> dict[str, int]:
        """See Broadcast; besides, how long the last sentinel was under way."""
        prefix = self._topics.encode()
        sizes = [len(audience) for channel, audience in self._subscription.audiences() if channel.startswith(prefix)]
        return {
            "topics": len(sizes),
            "listeners": sum(sizes),
            "round_trip_microseconds": round(self._sentinel.round_trip * 1_000_000),
            **{name: self._tally[name] for name in ("published", "heard", "lost", "failed", "faults")},
        }

    @contextmanager
    def _owing(self, topic: str) -> Iterator[None]:
        """What may not have gone out is counted and owed; a cancelled publisher's message too, for it may yet fail."""
        try:
            yield
        except (Unavailable, ResponseError, asyncio.CancelledError):
            self._tally["failed"] += 1
            self._gaps.owe(topic)
            raise

    def _channel(self, topic: str) -> bytes:
        return (self._topics + topic).encode()

    def _draft(self, key: str) -> bytes:
        return (self._drafts + key).encode()

    async def _extend(self, arguments: tuple[bytes, ...]) -> bool:
        try:
            reply = await self._commands.do(b"EVALSHA", EXTEND_DIGEST, *arguments)
        except NoScriptError:
            reply = await self._ask(b"EVAL", EXTEND, *arguments)
        except ResponseError as refusal:
            raise _refused(refusal) from refusal
        return bool(reply)

    async def _ask(self, *arguments: bytes) -> Any:
        try:
            return await self._commands.do(*arguments)
        except ResponseError as refusal:
            raise _refused(refusal) from refusal

    async def _keep_sentinel(self) -> None:
        unseen: Counter[str] = Counter()
        listen = self._subscription.listen
        async with (
            listen(self._sentinel_channel, self._sentinel, unseen),
            listen(self._gap_channel, self._gaps, unseen),
        ):
            while True:  # noqa: ASYNC110  a heartbeat, not a poll
                await anyio.sleep(SENTINEL_SECONDS if await self._beat() else RESTLESS_SECONDS)

    async def _beat(self) -> bool:
        """Send what is owed and a sentinel; whether both are on their way."""
        try:
            await self._settle()
            if not self._subscription.in_force(self._sentinel_channel):
                return False
            await self._commands.do(b"PUBLISH", self._sentinel_channel, self._sentinel.leave())
        except (Unavailable, ResponseError):
            return False
        return True

    async def _settle(self) -> None:
        notice = self._gaps.take()
        if notice is None:
            return
        try:
            await self._commands.do(b"PUBLISH", self._gap_channel, msgspec.json.encode(notice))
        except (Unavailable, ResponseError):
            self._gaps.put_back(notice)
            raise

    def _tell_lost(self, notice: Notice) -> None:
        every = [channel for channel, _ in self._subscription.audiences()]
        for channel in every if notice.every else map(self._channel, notice.topics):
            audience = self._subscription[channel]
            if audience is not None:
                audience.lost()


class _Sentinel:
    """Listens on a channel of this instance's own: something is heard every second while Redis is well."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.first = anyio.Event()
        self.round_trip = 0.0
        """Seconds from the last sentinel's leaving to its being heard."""

    def leave(self) -> bytes:
        """The payload of the next sentinel: when it leaves."""
        return str(self._clock.monotonic()).encode()

    def heard(self, payload: bytes) -> None:
        """See Listener."""
        self.round_trip = self._clock.monotonic() - float(payload)
        self.first.set()

    def lost(self) -> None:
        """See Listener; the next one follows within a second."""


def _refused(refusal: ResponseError) -> Unavailable:
    return Unavailable(f"Redis refuses: {refusal}", retry_after=1)
