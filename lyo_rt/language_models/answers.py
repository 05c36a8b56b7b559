"""The answers that serve again for a while, and one purchase at a time of what is wanted by many.

In the broadcast layer: in Redis when there is one, else in this process. What is lost there is found in the ledger, and
only bought again when it is not there either. That several instances buy once is the ledger's doing too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import anyio
import msgspec
import structlog

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.language_models.ledger import Kept
from lyo_rt.language_models.port import Reuse
from lyo_rt.problems import ModelUnavailable, Unavailable

log = structlog.get_logger()


class Answers:
    """One instance's view of them; `seconds` is how long an answer serves again."""

    def __init__(self, broadcast: Broadcast, *, seconds: float) -> None:
        self.seconds = seconds
        self._broadcast = broadcast
        self._buying: WeakValueDictionary[bytes, anyio.Lock] = WeakValueDictionary()
        self._hits = self._joins = self._misses = 0

    @asynccontextmanager
    async def alone(self, shared: bytes, deadline: float) -> AsyncIterator[bool]:
        """Of all callers on this instance with the same `shared`, one at a time is in the block; whether it had to
        wait for another.

        Raises ModelUnavailable when it is another's turn until the deadline.
        """
        lock = self._buying.setdefault(shared, anyio.Lock())
        waited = lock.locked()
        with anyio.move_on_after(deadline - anyio.current_time()) as waiting:
            await lock.acquire()
        if waiting.cancelled_caught:
            raise ModelUnavailable(retry_after=1)
        try:
            yield waited
        finally:
            lock.release()

    def served(self, *, joined: bool) -> None:
        """An answer that was there already served again; `joined`: once it had been bought for somebody else."""
        if joined:
            self._joins += 1
        else:
            self._hits += 1

    def reuse(self) -> Reuse:
        """What has been counted."""
        return Reuse(self._hits, self._joins, self._misses)

    async def recall(self, shared: bytes) -> Kept | None:
        """The answer, if there is one."""
        try:
            found = await self._broadcast.recall(memory_key(shared))
        except Unavailable as fault:
            log.warning("answers cannot be recalled", error=str(fault))
            return None
        return None if found is None else msgspec.msgpack.decode(found, type=Kept)

    async def remember(self, shared: bytes, kept: Kept) -> None:
        """Keep the answer, which had to be bought, for its time."""
        self._misses += 1
        try:
            await self._broadcast.remember(memory_key(shared), msgspec.msgpack.encode(kept), seconds=self.seconds)
        except Unavailable as fault:
            log.warning("an answer was not remembered", error=str(fault))


def memory_key(shared: bytes) -> str:
    """Under which the broadcast layer holds an answer."""
    return f"answer:{shared.hex()}"
