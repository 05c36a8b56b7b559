"""What this instance failed to publish, owed to listeners on all instances: they are told `lost` of those topics.

Without it an instance whose own connections held would never know that another one's message did not get out.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

OWED_TOPICS = 1000


class Notice(msgspec.Struct, frozen=True):
    """Messages may be missing on `topics`, or on `every` topic."""

    topics: Sequence[str] = ()
    every: bool = False


class Gaps:
    """Notices owed by this instance, and a listener that calls `lost` for each notice of any instance."""

    def __init__(self, lost: Callable[[Notice], None], *, alone: bool) -> None:
        """`alone`: the notices come over another connection than the topics, which may end without theirs."""
        self.owed = asyncio.Event()
        """Set while something is owed."""
        self._lost = lost
        self._alone = alone
        self._topics: set[str] = set()
        self._every = False

    def owe(self, *topics: str) -> None:
        """A message on each of `topics` may not have got out. Beyond 1,000 topics it is every topic's."""
        self._topics.update(topics)
        if self._every or len(self._topics) > OWED_TOPICS:
            self._every = True
            self._topics.clear()
        self.owed.set()

    def take(self) -> Notice:
        """What is owed, and no longer is."""
        notice = Notice(sorted(self._topics), self._every)
        self._topics.clear()
        self._every = False
        self.owed.clear()
        return notice

    def put_back(self, notice: Notice) -> None:
        """The notice did not get out either."""
        self._every |= notice.every
        self.owe(*notice.topics)

    def heard(self, payload: bytes) -> None:
        """See Listener."""
        self._lost(msgspec.json.decode(payload, type=Notice))

    def lost(self) -> None:
        """See Listener. Notices may be missing; but topics on the same connection are told `lost` themselves."""
        if self._alone:
            self._lost(Notice(every=True))
