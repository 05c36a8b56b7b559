"""The growing texts in Redis: appended to and published in one step, by a script."""

from collections.abc import Callable
from typing import Any

from redis.exceptions import ResponseError

from lyo_rt.broadcast.contract import DRAFT_SECONDS, Draft
from lyo_rt.broadcast.redis_names import ShardedNames
from lyo_rt.broadcast.redis_script import Script
from lyo_rt.broadcast.redis_shards import Shards
from lyo_rt.problems import Unavailable

EXPIRE = b"%d" % DRAFT_SECONDS
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
return math.max(1, redis.call('PUBLISH', ARGV[6], ARGV[7]))
"""
"""The length is counted by the caller in code points and kept beside the text: Lua would count bytes."""


class Drafts:
    """The drafts on `shards`. Every call raises Unavailable when the server is away or refuses."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._script = Script(shards, EXTEND.replace(b"PUBLISH", shards.verbs.publish))

    async def extend(self, key: str, topic: str, piece: tuple[int, int, str, bytes], asked: Callable[[], None]) -> int:
        """See Broadcast.extend_draft; `piece` is revision, at, text and payload. For `asked` see Shards.do."""
        revision, at, text, payload = piece
        name = self._shards.names.draft(key, topic)
        channel = self._shards.names.topic(topic)
        numbers = b"%d" % revision, b"%d" % at, b"%d" % len(text)
        try:
            reply = await self._script.run([name], *numbers, text.encode(), EXPIRE, channel, payload, asked=asked)
        except ResponseError as refusal:
            raise refused(refusal) from refusal
        return int(reply)

    async def read(self, key: str) -> Draft | None:
        """See Broadcast.read_draft."""
        name = await self._find(key)
        if name is None:
            return None
        revision, text = await self.ask(name, b"HMGET", name, b"revision", b"text")
        return None if revision is None else Draft(int(revision), text.decode())

    async def drop(self, key: str) -> None:
        """See Broadcast.drop_draft."""
        name = await self._find(key)
        if name is not None:
            await self.ask(name, b"DEL", name)

    async def ask(self, key: bytes, *arguments: bytes) -> Any:
        """See Shards.do; but a refusal is Unavailable too."""
        try:
            return await self._shards.do(key, *arguments)
        except ResponseError as refusal:
            raise refused(refusal) from refusal

    async def _find(self, key: str) -> bytes | None:
        return self._shards.names.draft(key, "")


class ShardedDrafts(Drafts):
    """The drafts on a cluster: each is in the slot of its topic, and its topic is written down in the slot of its key.

    The topic is written before the draft begins, so whoever has heard a piece finds the draft. It is kept for two
    hours: an answer is written for at most one (AI_TOTAL_TIMEOUT), and its draft forgotten one hour later.
    """

    def __init__(self, shards: Shards, names: ShardedNames) -> None:
        super().__init__(shards)
        self._names = names

    async def extend(self, key: str, topic: str, piece: tuple[int, int, str, bytes], asked: Callable[[], None]) -> int:
        """See Broadcast.extend_draft."""
        if piece[1] == 0:
            name = self._names.draft_topic(key)
            await self.ask(name, b"SET", name, topic.encode(), b"EX", str(2 * DRAFT_SECONDS).encode())
        return await super().extend(key, topic, piece, asked)

    async def _find(self, key: str) -> bytes | None:
        name = self._names.draft_topic(key)
        topic = await self.ask(name, b"GET", name)
        return None if topic is None else self._names.draft(key, topic.decode())


def refused(refusal: ResponseError) -> Unavailable:
    """The refusal by Redis as a client may meet it."""
    return Unavailable(f"Redis refuses: {refusal}", retry_after=1)
