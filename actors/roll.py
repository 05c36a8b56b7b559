"""The roll of instances, called by each of them: one that is missing twice in a row is told of as lost, once.

With it its calls to language models are lost: nobody knows what came of them.
"""

from contextlib import suppress

import anyio
import structlog

from lyo_rt import leases
from lyo_rt.database.pool import Database
from lyo_rt.language_models import upkeep
from lyo_rt.operations import service
from lyo_rt.problems import Unavailable

CALL_SECONDS = 1.0
"""An instance whose lock's connection broke takes it again within as long."""
GOODBYE_SECONDS = 1.0

log = structlog.get_logger()


class Roll:
    """What one instance knows of all. `run` belongs into the root task group."""

    def __init__(self, database: Database, instance: int) -> None:
        self._database = database
        self._instance = instance
        self._missing: set[int] = set()

    async def enter(self) -> None:
        """This instance is there. Raises Unavailable."""
        async with self._database.transaction() as transaction:
            await service.register(transaction, self._instance)

    async def drain(self) -> None:
        """This instance takes nothing more; told if the database is there."""
        with suppress(Unavailable), anyio.move_on_after(GOODBYE_SECONDS):
            async with self._database.transaction() as transaction:
                await service.drain(transaction, self._instance)

    async def leave(self) -> None:
        """This instance ends in order; where the database is away, the others tell of it as lost."""
        with suppress(Unavailable), anyio.move_on_after(GOODBYE_SECONDS, shield=True):
            async with self._database.transaction() as transaction:
                await service.retire(transaction, self._instance)

    async def run(self) -> None:
        """Call the roll once a second, for ever."""
        while True:
            await anyio.sleep(CALL_SECONDS)
            try:
                await self._call()
            except Unavailable as fault:
                log.warning("the roll was not called", error=str(fault))

    async def _call(self) -> None:
        known = await service.list_instances(self._database)
        if self._instance not in known:
            await self.enter()
        missing = set(await leases.dead(self._database, list(known - {self._instance})))
        if lost := missing & self._missing:
            async with self._database.transaction() as transaction:
                told = await service.tell_lost(transaction, sorted(lost))
                calls = await upkeep.leave_ambiguous(transaction, told)
            for instance in told:
                log.warning("an instance is lost", lost=str(instance))
            if calls:
                log.warning("calls to language models ended with it; they count as reserved", calls=calls)
        self._missing = missing
