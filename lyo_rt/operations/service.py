"""The `ops` stream: each instance's start, drain and end, told once over all instances, and work that was given up.

The row in `instances` decides: whoever removes it tells of the end, in the same transaction. Ids are told as text:
they have 63 bits, and a number in JavaScript has 53.
"""

from collections.abc import Sequence
from uuid import UUID

from lyo_rt import streams
from lyo_rt.database.pool import Queries, Transaction

OPS = "ops"
"""The stream of operators; lyo_rt/streams.py has the others."""


async def register(transaction: Transaction, instance: int) -> None:
    """The instance is there; told when it was not, be it new or taken for lost."""
    new = await transaction.fetchval(
        "INSERT INTO instances (id, started_at) VALUES ($1, clock_timestamp()) ON CONFLICT DO NOTHING RETURNING true",
        instance,
    )
    if new:
        await _tell(transaction, "instance.started", instance=str(instance))


async def drain(transaction: Transaction, instance: int) -> None:
    """The instance takes nothing more."""
    await _tell(transaction, "instance.draining", instance=str(instance))


async def retire(transaction: Transaction, instance: int) -> None:
    """The instance has ended in order."""
    if await transaction.fetchval("DELETE FROM instances WHERE id = $1 RETURNING true", instance):
        await _tell(transaction, "instance.stopped", instance=str(instance))


async def list_instances(queries: Queries) -> set[int]:
    """The instances that have started and neither stopped nor been lost."""
    return {row["id"] for row in await queries.fetch("SELECT id FROM instances")}


async def tell_lost(transaction: Transaction, dead: Sequence[int]) -> list[int]:
    """Tell of those of `dead` of whom nobody has, or is about to; returns which these are.

    With each goes how many leases others have taken over from it, or can.
    """
    rows = await transaction.fetch(
        """
        WITH lost AS (SELECT id FROM instances WHERE id = ANY($1) FOR UPDATE SKIP LOCKED)
        DELETE FROM instances USING lost WHERE instances.id = lost.id
        RETURNING instances.id, (SELECT count(*) FROM leases WHERE lost.id IN (owner, former_owner)) AS leases
        """,
        list(dead),
    )
    for row in rows:
        await _tell(transaction, "instance.lost", instance=str(row["id"]), leases=row["leases"])
    return [row["id"] for row in rows]


async def tell_poisoned(transaction: Transaction, task: UUID, takeovers: int) -> None:
    """A task was given up: every instance that worked on it has ended."""
    await _tell(transaction, "task.poisoned", task=task, takeovers=takeovers)


async def _tell(transaction: Transaction, name: str, **data: object) -> None:
    await streams.append(transaction, OPS, name, data)
