"""Who pulls the model into its place: one of the instances that share the place, under its lease; the rest wait."""

from collections.abc import Awaitable, Callable

import structlog

from actors.actor import Actor
from actors.leaseholder import Leaseholder
from actors.work import Lost, Stop, Take, WorkMessage
from lyo_rt.leases import Lease
from lyo_rt.models.records import ArtifactFault

log = structlog.get_logger()


class ModelKeeper(Actor[WorkMessage]):
    """Keeps the lease as long as its instance lives, also when the model is there: nobody else need look after it."""

    def __init__(
        self,
        lease: Lease,
        leaseholder: Leaseholder,
        pull: Callable[[], Awaitable[bool]],
        failed: Callable[[ArtifactFault], None],
    ) -> None:
        """`pull` has the model in its place, and returns whether it was not there before; `failed` is told why not."""
        self._lease = lease
        self._leaseholder = leaseholder
        self._pull = pull
        self._failed = failed

    async def started(self) -> None:
        self.start_soon(self._keep)

    async def receive(self, message: WorkMessage) -> None:
        match message:
            case Take():
                return
            case Stop() | Lost():
                self.finish()

    async def stopped(self) -> None:
        self._leaseholder.drop(self._lease)

    async def _keep(self) -> None:
        try:
            new = await self._pull()
        except ArtifactFault as fault:
            log.error("the model could not be pulled", reason=fault.reason, detail=fault.detail)
            self._failed(fault)
            return
        if new:
            log.info("the model has been pulled")
