"""The broadcast of a single instance: no server, no task, on asyncio and on Trio alike."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled

from lyo_rt.broadcast.audience import Audience
from lyo_rt.broadcast.contract import DRAFT_SECONDS, Draft, Listener
from lyo_rt.broadcast.memory import Memory
from lyo_rt.clock import Clock

DRAFT_CHARACTERS = 64 * 1024 * 1024
MEMORY_BYTES = 32 * 1024 * 1024


class InProcessBroadcast:
    """Tells listeners directly: who publishes returns after all have been told, so a topic's order is that of calls.

    A call that is cancelled has done nothing; one that has begun is carried through. `clock` dates the drafts, whose
    texts together hold at most `draft_characters`: beyond that those longest untouched are forgotten.
    """

    def __init__(self, clock: Clock, *, draft_characters: int = DRAFT_CHARACTERS) -> None:
        self._tally: Counter[str] = Counter()
        self._audiences: dict[str, Audience] = {}
        self._drafts = _Drafts(clock, draft_characters)
        self._memory = Memory(clock, limit=MEMORY_BYTES)

    async def publish(self, topic: str, payload: bytes) -> None:
        """See Broadcast."""
        await checkpoint_if_cancelled()
        self._tell(topic, payload)
        await cancel_shielded_checkpoint()

    @asynccontextmanager
    async def listen(self, topic: str, listener: Listener) -> AsyncIterator[None]:
        """See Broadcast."""
        audience = self._audiences.setdefault(topic, Audience(self._tally))
        seat = audience.add(listener)
        try:
            yield
        finally:
            audience.remove(seat)
            if not audience:
                del self._audiences[topic]

    async def extend_draft(self, key: str, topic: str, *, revision: int, at: int, text: str, payload: bytes) -> int:
        """See Broadcast."""
        await checkpoint_if_cancelled()
        extended = self._drafts.extend(key, revision, at, text)
        if extended:
            self._tell(topic, payload)
        await cancel_shielded_checkpoint()
        return int(extended)

    async def read_draft(self, key: str) -> Draft | None:
        """See Broadcast."""
        await checkpoint()
        return self._drafts.read(key)

    async def drop_draft(self, key: str) -> None:
        """See Broadcast."""
        await checkpoint()
        self._drafts.drop(key)

    async def remember(self, key: str, value: bytes, *, seconds: float) -> None:
        """See Broadcast."""
        await checkpoint()
        self._memory.remember(key, value, seconds)

    async def recall(self, key: str) -> bytes | None:
        """See Broadcast."""
        await checkpoint()
        return self._memory.recall(key)

    async def forget(self, key: str) -> None:
        """See Broadcast."""
        await checkpoint()
        self._memory.forget(key)

    async def check(self) -> None:
        """See Broadcast; in one process messages always go out."""
        await checkpoint()

    def statistics(self) -> dict[str, int]:
        """See Broadcast; besides, the `drafts` and the `memories` held."""
        return {
            "topics": len(self._audiences),
            "listeners": sum(map(len, self._audiences.values())),
            "drafts": len(self._drafts),
            "memories": len(self._memory),
            **{name: self._tally[name] for name in ("published", "heard", "lost", "failed", "faults")},
        }

    def _tell(self, topic: str, payload: bytes) -> None:
        self._tally["published"] += 1
        audience = self._audiences.get(topic)
        if audience is not None:
            audience.heard(payload)


class _Drafts:
    """The growing texts, the longest untouched first."""

    def __init__(self, clock: Clock, characters: int) -> None:
        self._clock = clock
        self._limit = characters
        self._characters = 0
        self._held: dict[str, tuple[float, Draft]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def extend(self, key: str, revision: int, at: int, text: str) -> bool:
        held = self.read(key)
        if held is None or revision > held.revision:
            if at != 0:
                return False
            before = ""
        elif revision < held.revision or at != len(held.text):
            return False
        else:
            before = held.text
        self.drop(key)
        self._held[key] = (self._clock.monotonic(), Draft(revision, before + text))
        self._characters += at + len(text)
        while self._characters > self._limit and len(self._held) > 1:
            self.drop(next(iter(self._held)))
        return True

    def read(self, key: str) -> Draft | None:
        self._forget_old()
        held = self._held.get(key)
        return None if held is None else held[1]

    def drop(self, key: str) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self._characters -= len(held[1].text)

    def _forget_old(self) -> None:
        oldest = self._clock.monotonic() - DRAFT_SECONDS
        while self._held:
            key, (touched, _) = next(iter(self._held.items()))
            if touched > oldest:
                return
            self.drop(key)
