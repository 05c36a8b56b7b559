"""One piece of work under one lease, done in one go by a function; a person waits for it."""

from collections.abc import Awaitable, Callable

import anyio
import structlog

from actors.actor import Actor
from actors.crashes import NEVER
from actors.leaseholder import Leaseholder, Teller
from actors.supervisor import Supervisor
from actors.work import Lost, Stop, Take, WorkMessage
from lyo_rt.leases import Lease, LeaseLost

log = structlog.get_logger()


class LeasedActor(Actor[WorkMessage]):
    """Runs `work(lease)`, which stores its own end behind the fence; whoever takes the lease over runs it again."""

    def __init__(self, lease: Lease, leaseholder: Leaseholder, work: Callable[[Lease], Awaitable[None]]) -> None:
        self._lease = lease
        self._leaseholder = leaseholder
        self._work_on = work
        self._scope = anyio.CancelScope()

    async def started(self) -> None:
        self.start_soon(self._run)

    async def receive(self, message: WorkMessage) -> None:
        match message:
            case Take():
                return
            case Stop() | Lost():
                self._scope.cancel()

    async def stopped(self) -> None:
        self._leaseholder.drop(self._lease)

    async def _run(self) -> None:
        with self._scope:
            try:
                await self._work_on(self._lease)
            except LeaseLost:
                log.info("work goes on elsewhere", kind=self._lease.kind, id=str(self._lease.id))
        self.finish()


def opener(
    supervisor: Supervisor, leaseholder: Leaseholder, work: Callable[[Lease], Awaitable[None]]
) -> Callable[[Lease], Teller]:
    """What starts the actor of a lease (see Adopter); a crash leaves the lease to be taken over."""

    def open_(lease: Lease) -> Teller:
        key = (lease.id, lease.epoch)
        return supervisor.start(lease.kind, key, lambda: LeasedActor(lease, leaseholder, work), policy=NEVER)

    return open_
