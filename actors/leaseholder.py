"""Keeps the leases of this instance: renews them together, and tells their actors of a cancel or a loss."""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

import anyio
import msgspec
import structlog

from actors.work import Lost, Stop, WorkMessage
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.leases import CANCEL_TOPIC, LEASE_SECONDS, Cancelled, Lease
from lyo_rt.problems import Unavailable

RENEW_SECONDS = 1.0
"""Also the longest a requested cancel waits when its hint was lost."""
ANSWER_SECONDS = 2.0
"""For the database to answer a renewal; two tries fit into a lease."""

log = structlog.get_logger()


class Teller(Protocol):
    """Where an actor is told; actors.actor.Address is one."""

    def tell(self, message: WorkMessage) -> bool: ...


class _Holding(msgspec.Struct):
    lease: Lease
    holder: Teller
    deadline: float


class Leaseholder:
    """What this instance holds. `run` and `listen` belong into the root task group."""

    def __init__(
        self, renew: Callable[[Sequence[Lease]], Awaitable[list[Lease]]], broadcast: Broadcast, clock: Clock
    ) -> None:
        self._renew = renew
        self._broadcast = broadcast
        self._clock = clock
        self._held: dict[tuple[str, UUID], _Holding] = {}
        self._wake = anyio.Event()
        self._emptied = anyio.Event()
        self.lost_leases = 0

    def hold(self, lease: Lease, holder: Teller) -> None:
        """Renew `lease` until it is dropped; `holder` is told of what happens to it."""
        self._held[lease.kind, lease.id] = _Holding(lease, holder, self._clock.monotonic() + LEASE_SECONDS)

    def drop(self, lease: Lease) -> None:
        """The work has ended or was given up: renew no more."""
        holding = self._held.get((lease.kind, lease.id))
        if holding is not None and holding.lease.epoch == lease.epoch:
            del self._held[lease.kind, lease.id]
            if not self._held:
                self._emptied.set()

    def holds(self, lease: Lease) -> bool:
        """Whether it is certainly still this instance's, by its own clock: what is not stored has no other fence.

        An instance that was frozen asks before it has been told of the loss.
        """
        holding = self._held.get((lease.kind, lease.id))
        return holding is not None and holding.lease.epoch == lease.epoch and self._clock.monotonic() < holding.deadline

    def held(self) -> list[Lease]:
        """What is held now."""
        return [holding.lease for holding in self._held.values()]

    async def surrender(self, seconds: float) -> list[Lease]:
        """Have all actors stop without storing an end; wait up to `seconds` for them, and return what was held."""
        surrendered = self.held()
        self._emptied = anyio.Event()
        for holding in tuple(self._held.values()):
            holding.holder.tell(Lost(holding.lease.id))
        if surrendered:
            with anyio.move_on_after(seconds):
                await self._emptied.wait()
        self._held.clear()
        return surrendered

    async def run(self) -> None:
        """Renew once a second, for ever, and at once when a cancel is hinted at."""
        async with self._broadcast.listen(CANCEL_TOPIC, self):
            while True:
                self._wake = anyio.Event()
                await self._renew_all()
                self._give_up_late()
                with anyio.move_on_after(min(RENEW_SECONDS, self._patience())):
                    await self._wake.wait()

    def heard(self, payload: bytes) -> None:
        """A cancel was requested somewhere: look whether it is ours."""
        hint = msgspec.json.decode(payload, type=Cancelled)
        if (hint.kind, hint.id) in self._held:
            self._wake.set()

    def lost(self) -> None:
        """A hint may be missing: the renewal tells all cancels anyway."""
        self._wake.set()

    async def _renew_all(self) -> None:
        asked = self.held()
        # Counted from before the statement is sent: a frozen instance must not believe in a renewal that the database
        # made long ago.
        deadline = self._clock.monotonic() + LEASE_SECONDS
        # A database that does not answer must not keep those waiting whose time is up.
        with anyio.move_on_after(min(ANSWER_SECONDS, self._patience())) as answer:
            try:
                kept = {(lease.kind, lease.id): lease for lease in await self._renew(asked)}
            except Unavailable as fault:
                log.warning("leases not renewed", held=len(asked), error=str(fault))
                return
            for lease in asked:
                self._see(lease, kept.get((lease.kind, lease.id)), deadline)
        if answer.cancelled_caught:
            log.warning("the database does not answer a renewal", held=len(asked))

    def _see(self, asked: Lease, renewed: Lease | None, deadline: float) -> None:
        holding = self._held.get((asked.kind, asked.id))
        if holding is None or holding.lease.epoch != asked.epoch:
            return
        if renewed is None:
            self._lose(holding)
            return
        holding.deadline = deadline
        if renewed.cancel_requested:
            holding.holder.tell(Stop(asked.id))

    def _give_up_late(self) -> None:
        now = self._clock.monotonic()
        for holding in tuple(self._held.values()):
            if now >= holding.deadline:
                self._lose(holding)

    def _lose(self, holding: _Holding) -> None:
        self.lost_leases += 1
        lease = holding.lease
        log.warning("lease lost", kind=lease.kind, id=str(lease.id), epoch=lease.epoch)
        self.drop(lease)
        holding.holder.tell(Lost(holding.lease.id))

    def _patience(self) -> float:
        """Seconds until the first deadline."""
        first = min((holding.deadline for holding in self._held.values()), default=math.inf)
        return max(0.0, first - self._clock.monotonic())
