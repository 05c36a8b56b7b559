"""Erases a person under a lease, line by line of the plan; whoever takes the lease over goes on where it stopped.

What is done stands in the database: a batch of rows, how far the plan has got, and at the end that nothing is left,
which the plan's own conditions say. Every part can be done twice, and is not done at all by an instance that has lost
the lease.
"""

from functools import partial

import anyio
import structlog

from actors.bell import attend
from actors.work import persist
from lyo_rt import leases
from lyo_rt.accounts.leaving import LEAVING
from lyo_rt.audit import repository as audit
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.language_models.answers import memory_key
from lyo_rt.leases import Lease
from lyo_rt.media.service import Library
from lyo_rt.privacy import repository, service
from lyo_rt.privacy.exports import Exports
from lyo_rt.privacy.plan import LINES
from lyo_rt.privacy.records import Erasure, Line

STOP_SECONDS = 10.0
"""For the person's work to end by itself: a cancel takes a second. What then still runs loses its lease."""
LOOK_SECONDS = 0.25
DUE_SECONDS = 60.0
"""Between looks for erasures that are due."""
AGAIN_SECONDS = 5.0

log = structlog.get_logger()


class Eraser:
    """Of one instance. `erase` is the work of a lease (actors/leased.py)."""

    def __init__(
        self, database: Database, broadcast: Broadcast, library: Library, exports: Exports, clock: Clock
    ) -> None:
        self._database = database
        self._broadcast = broadcast
        self._library = library
        self._exports = exports
        self._clock = clock

    async def begin_due(self) -> None:
        """Begin what is due, for ever."""
        await attend(
            lambda: service.begin_due(self._database, now=self._clock.now()),
            self._broadcast,
            LEAVING,
            every=DUE_SECONDS,
        )

    async def erase(self, lease: Lease) -> None:
        """Erase the person, until nothing of them is left. Raises LeaseLost."""
        while (erasure := await persist(partial(repository.find_erasure, self._database, lease.id))) is not None:
            if erasure.step == 0:
                await self._stop_work(erasure)
                erasure = await persist(partial(self._note_traces, lease, erasure)) or erasure
            for step, line in enumerate(LINES[erasure.step :], erasure.step + 1):
                await self._go_through(lease, erasure, line)
                await persist(partial(self._step, lease, step))
            await self._forget(erasure)
            if not await persist(partial(self._end, lease, erasure)):
                await anyio.sleep(AGAIN_SECONDS)

    async def _stop_work(self, erasure: Erasure) -> None:
        """Ask for the end of all that is being written for the person, and wait for it for a while."""
        with anyio.move_on_after(STOP_SECONDS):
            while await persist(partial(service.cancel_work, self._database, erasure.user_id)):  # noqa: ASYNC110
                await anyio.sleep(LOOK_SECONDS)

    async def _note_traces(self, lease: Lease, erasure: Erasure) -> Erasure | None:
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            await repository.note_traces(transaction, erasure.id, erasure.user_id)
            return await repository.find_erasure(transaction, erasure.id)

    async def _go_through(self, lease: Lease, erasure: Erasure, line: Line) -> None:
        match line.by:
            case "library":
                await self._library.sweep()
            case "exports":
                await persist(partial(self._exports.drop, erasure.user_id))
            case "audit" | "statement":
                while await persist(partial(self._batch, lease, erasure, line)) >= repository.BATCH:
                    pass
            case "end":
                return

    async def _batch(self, lease: Lease, erasure: Erasure, line: Line) -> int:
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            if line.by == "audit":
                rows = await audit.erase(transaction, erasure.user_id)
                more = 0
            else:
                rows = more = await repository.erase_batch(transaction, line, erasure.user_id)
            if rows:
                await repository.count_rows(transaction, erasure.id, line, rows)
        return more

    async def _step(self, lease: Lease, step: int) -> None:
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            await repository.set_step(transaction, lease.id, step)

    async def _forget(self, erasure: Erasure) -> None:
        """What the broadcast layer holds."""
        for message in erasure.drafts:
            await self._broadcast.drop_draft(str(message))
        for shared in erasure.answers:
            await persist(partial(self._broadcast.forget, memory_key(shared)))

    async def _end(self, lease: Lease, erasure: Erasure) -> bool:
        """It is done when nothing is left; else it begins anew. Whether it is."""
        async with self._database.transaction() as transaction:
            await leases.fence(transaction, lease)
            if left := await repository.left(transaction, erasure.user_id):
                log.warning("not all of a person is erased yet", erasure=str(erasure.id), left=left)
                await repository.set_step(transaction, erasure.id, 0)
                return False
            await self._done(transaction, lease, erasure)
        log.info("a person was erased", erasure=str(erasure.id))
        return True

    async def _done(self, transaction: Transaction, lease: Lease, erasure: Erasure) -> None:
        await repository.finish(transaction, erasure.id, now=self._clock.now())
        await leases.close(transaction, lease)
