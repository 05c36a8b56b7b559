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
from lyo_rt.problems import ModelUnavailable, Unavailable

log = structlog.get_logger()


class Answers:
    """One instance's view of them; `seconds` is how long an answer serves again."""

    def __init__(self, broadcast: Broadcast, *, seconds: float) -> None:
        self.seconds = seconds
        self._broadcast = broadcast
        self._buying: WeakValueDictionary[bytes, anyio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone(self, shared: bytes, deadline: float) -> AsyncIterator[None]:
        """Of all callers on this instance with the same `shared`, one at a time is in the block.

        Raises ModelUnavailable when it is another's turn until the deadline.
        """
        lock = self._buying.setdefault(shared, anyio.Lock())
        with anyio.move_on_after(deadline - anyio.current_time()) as waiting:
            await lock.acquire()
        if waiting.cancelled_caught:
            raise ModelUnavailable(retry_after=1)
        try:
            yield
        finally:
            lock.release()

    async def recall(self, shared: bytes) -> Kept | None:
        """The answer, if there is one."""
        try:
            found = await self._broadcast.recall(_key(shared))
        except Unavailable as fault:
            log.warning("answers cannot be recalled", error=str(fault))
            return None
        return None if found is None else msgspec.msgpack.decode(found, type=Kept)

    async def remember(self, shared: bytes, kept: Kept) -> None:
        """Keep the answer for its time."""
        try:
            await self._broadcast.remember(_key(shared), msgspec.msgpack.encode(kept), seconds=self.seconds)
        except Unavailable as fault:
            log.warning("an answer was not remembered", error=str(fault))


def _key(shared: bytes) -> str:
    return f"answer:{shared.hex()}"
