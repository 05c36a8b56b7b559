"""One live session for each device: a newer one takes over from an older one, on whichever instance that is.

A phone that changed networks comes back long before its old connection is known to be dead.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import anyio
import msgspec

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock

TOPIC = "devices"


class Arrived(msgspec.Struct, frozen=True):
    """A session of a learner's device has begun."""

    user: UUID
    device: str
    session: UUID
    at: datetime

    def replaces(self, older: "Arrived") -> bool:
        """Whether of two sessions this is the later one; at the same moment, the same one for everybody."""
        return self.session != older.session and (self.at, self.session) > (older.at, older.session)


class Devices:
    """This instance's sessions that named a device. `run` must be running in the root task group.

    What others tell may be lost: an older session then lasts until its silence is noticed.
    """

    def __init__(self, broadcast: Broadcast, clock: Clock) -> None:
        self._broadcast = broadcast
        self._clock = clock
        self._again: set[Arrived] = set()
        self._wake = anyio.Event()
        self._here: dict[tuple[UUID, str], dict[UUID, tuple[Arrived, Callable[[], None]]]] = {}

    async def arrive(self, user: UUID, device: str, session: UUID, replaced: Callable[[], None]) -> Callable[[], None]:
        """A session begins; older ones of its device are told, everywhere. What is returned is to be called at its end.

        `replaced` is called when a newer one begins; it neither waits nor raises.
        """
        mine = Arrived(user, device, session, self._clock.now())
        self._here.setdefault((user, device), {})[session] = (mine, replaced)
        await self._broadcast.publish(TOPIC, msgspec.json.encode(mine))
        return lambda: self._leave(mine)

    def heard(self, payload: bytes) -> None:
        """A session has begun somewhere; one that had begun before the newest here has missed that, and is told."""
        other = msgspec.json.decode(payload, type=Arrived)
        for known, replaced in tuple(self._here.get((other.user, other.device), {}).values()):
            if other.replaces(known):
                replaced()
            elif known.replaces(other):
                self._again.add(known)
                self._wake.set()

    def lost(self) -> None:
        """Nothing to be done: see the class."""

    async def run(self) -> None:
        """Hear of sessions, for ever."""
        async with self._broadcast.listen(TOPIC, self):
            while True:
                await self._wake.wait()
                self._wake = anyio.Event()
                again, self._again = self._again, set()
                for arrived in again:
                    await self._broadcast.publish(TOPIC, msgspec.json.encode(arrived))

    def _leave(self, mine: Arrived) -> None:
        sessions = self._here.get((mine.user, mine.device), {})
        sessions.pop(mine.session, None)
        if not sessions:
            self._here.pop((mine.user, mine.device), None)
