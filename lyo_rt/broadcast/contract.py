"""What every broadcast promises; the in-process and the Redis one pass one suite (tests/contracts/test_broadcast.py).

A broadcast carries hints between instances: it may lose or repeat, never reorder one publisher's messages on one
topic. What must not be lost is in a log in PostgreSQL (lyo_rt/streams.py), and read from there when a listener is
told that something may have been lost.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

DRAFT_SECONDS = 3600
"""How long a draft that nobody extends or drops is held."""


class Listener(Protocol):
    """Who is told. Both calls come from within the broadcast: they never wait, and what they raise is only logged."""

    def heard(self, payload: bytes) -> None:
        """A message on the topic, in publishing order."""
        ...

    def lost(self) -> None:
        """Messages may be missing from here on back: read the log again.

        Told when a gap is noticed and again when messages come once more; more often than needed, never less.
        """
        ...


class Draft(msgspec.Struct, frozen=True):
    """The text so far of one message that is still being written."""

    revision: int
    text: str


class Broadcast(Protocol):
    """Messages by topic to every instance, one growing text per message, and values that are held for a while."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Tell every listener of `topic` on every instance. Best effort: a failure is counted, never raised.

        Bounded: it returns within 2 s, at once while the server is known to be away. What failed is made known to the
        topic's listeners as `lost` once messages go out again.
        """
        ...

    def listen(self, topic: str, listener: Listener) -> AbstractAsyncContextManager[None]:
        """Tell `listener` of everything published on `topic` after the block has been entered, until it is left.

        Several listeners on one topic are each told once. While the server is away the block is entered all the same,
        within 2 s, and the listener is told `lost` when messages come again.
        """
        ...

    async def extend_draft(self, key: str, topic: str, *, revision: int, at: int, text: str, payload: bytes) -> int:
        """Put `text` behind the first `at` code points of the draft `key` and publish `payload`, in one step.

        All pieces of one draft go out on one topic.

        Returns how many instances listen to the topic, 1 if none does.

        A higher `revision` with `at` 0 begins the draft anew. Returns 0, and publishes nothing, when the draft
        has a higher revision or is not exactly `at` long: then another writer is at work, or, when `read_draft` finds
        none, the draft was lost with the broadcast, and the same revision may begin it again with `at` 0 and all its
        text. Raises Unavailable when the server is away; whether the step was made is then for `read_draft` to say.
        """
        ...

    async def read_draft(self, key: str) -> Draft | None:
        """The text so far, or None when there is none (ended, never begun, or lost with the broadcast).

        Raises Unavailable when the server is away.
        """
        ...

    async def drop_draft(self, key: str) -> None:
        """Forget the draft; it has been stored whole. Best effort.

        Drafts are forgotten by themselves an hour after they were last extended.
        """
        ...

    async def remember(self, key: str, value: bytes, *, seconds: float) -> None:
        """Hold `value` under `key` for every instance, for so long at most: it may be forgotten earlier.

        Raises Unavailable when the server is away.
        """
        ...

    async def recall(self, key: str) -> bytes | None:
        """What is held under `key`, or None. Raises Unavailable when the server is away."""
        ...

    async def forget(self, key: str) -> None:
        """Hold what is held under `key` no longer, for any instance. Raises Unavailable when the server is away."""
        ...

    async def check(self) -> None:
        """Raises Unavailable when messages cannot go out now."""
        ...

    def statistics(self) -> dict[str, int]:
        """Counts since the start: `published`, `failed` (not known to have gone out), `heard` and `lost` (times a
        listener was told so), `faults` (times a listener raised); and of the moment: `topics` listened to, `listeners`.
        """
        ...
