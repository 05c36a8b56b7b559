"""Finds work that nobody live holds, and starts the actor that does it; at once for work begun on this instance."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio
import structlog

from actors.leaseholder import Leaseholder, Teller
from lyo_rt.leases import Lease
from lyo_rt.problems import Unavailable

CLAIM_SECONDS = 0.25
"""Half of the time to takeover aimed at (REALTIME §3: 0.5 s)."""

log = structlog.get_logger()


class Adopter:
    """`run` belongs into the root task group."""

    def __init__(
        self,
        claim: Callable[[Sequence[str], int], Awaitable[list[Lease]]],
        leaseholder: Leaseholder,
        openers: Mapping[str, Callable[[Lease], Teller]],
        *,
        instance: int,
        capacity: int = 256,
    ) -> None:
        """`claim(kinds, limit)` claims for this instance; `openers[kind]` starts the work's actor."""
        self._claim = claim
        self._leaseholder = leaseholder
        self._openers = openers
        self._instance = instance
        self._capacity = capacity
        self._draining = False
        self.takeovers = 0

    @property
    def owner(self) -> int | None:
        """Whose new work begun here is: this instance's while it has room, else anyone's."""
        room = not self._draining and len(self._leaseholder.held()) < self._capacity
        return self._instance if room else None

    def adopt(self, lease: Lease) -> None:
        """Start the work of a lease this instance holds."""
        self._leaseholder.hold(lease, self._openers[lease.kind](lease))

    def drain(self) -> None:
        """Take nothing more."""
        self._draining = True

    async def run(self) -> None:
        """Look for free work, for ever."""
        while not self._draining:
            room = self._capacity - len(self._leaseholder.held())
            if room > 0:
                await self._look(room)
            await anyio.sleep(CLAIM_SECONDS)

    async def _look(self, room: int) -> None:
        try:
            claimed = await self._claim(tuple(self._openers), room)
        except Unavailable as fault:
            log.warning("cannot look for work", error=str(fault))
            return
        for lease in claimed:
            if lease.takeovers:
                self.takeovers += 1
                log.info("work taken over", kind=lease.kind, id=str(lease.id), epoch=lease.epoch)
            self.adopt(lease)
