"""Erasures begun when their time has come, and work that ends before."""

from datetime import datetime
from uuid import UUID

from lyo_rt import leases
from lyo_rt.database.pool import Database
from lyo_rt.privacy import repository

KIND = "erasure"
"""The kind of lease under which a person is erased."""


async def begin_due(database: Database, *, now: datetime) -> bool:
    """Begin the erasure that has been due longest, for whichever instance claims it; whether there was one."""
    async with database.transaction() as transaction:
        due = await repository.take_due(transaction, now=now)
        if due is None:
            return False
        person, due_at = due
        id = await repository.insert_erasure(transaction, person, due_at=due_at, now=now)
        await leases.create(transaction, KIND, id, owner=None)
    return True


async def cancel_work(database: Database, person: UUID) -> bool:
    """Ask for the end of all that is being written for the person; whether there is something."""
    work = await repository.open_work(database, person)
    async with database.transaction() as transaction:
        for lease in work:
            await leases.request_cancel(transaction, lease.kind, lease.id)
            transaction.announce(leases.CANCEL_TOPIC, leases.encode_cancel(lease.kind, lease.id))
    return bool(work)
