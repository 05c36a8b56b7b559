"""A script on the server: carried out in one step, sent whole only when the server does not know it yet."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import NoScriptError

from lyo_rt.broadcast.redis_shards import Shards, nothing


class Script:
    """A Lua script that every server of `shards` can be asked to run."""

    def __init__(self, shards: Shards, text: bytes) -> None:
        self._shards = shards
        self._text = text
        self._digest = hashlib.sha1(text, usedforsecurity=False).hexdigest().encode()

    async def run(self, keys: Sequence[bytes], *arguments: bytes, asked: Callable[[], None] = nothing) -> Any:
        """What it returns. The keys are of one slot. For `asked`, and what is raised, see Shards.do."""
        rest = (b"%d" % len(keys), *keys, *arguments)
        try:
            return await self._shards.do(keys[0], b"EVALSHA", self._digest, *rest, asked=asked)
        except NoScriptError:
            return await self._shards.do(keys[0], b"EVAL", self._text, *rest, asked=asked)
