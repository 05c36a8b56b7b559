"""Relations between teachers and students: begun by both, ended by either.

An invitation is addressed to an e-mail, not to an account: whether there is one the teacher is not told, and who makes
one later finds the invitation.
"""

from datetime import datetime
from uuid import UUID

from lyo_rt import streams
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Origin
from lyo_rt.database.pool import Transaction
from lyo_rt.known import Known, whatever
from lyo_rt.problems import Conflict, NotFound
from lyo_rt.teaching import repository
from lyo_rt.teaching.records import Teaching

UNKNOWN = "There is no such relation."
NO_INVITATION = "There is no such invitation."


async def invite(transaction: Transaction, teacher: UUID, *, email: str, email_key: str, now: datetime) -> Teaching:
    """The open invitation to this e-mail. Raises Conflict when its account is the teacher's student already."""
    if await repository.teaches_address(transaction, teacher, email_key):
        raise Conflict("You teach them already.")
    id = await repository.invite(transaction, teacher, email=email, email_key=email_key, now=now)
    return await _found(transaction, id, teacher)


async def answer(
    transaction: Transaction, origin: Origin, id: UUID, student: UUID, *, accepted: bool, now: datetime
) -> Teaching:
    """Accept or decline an invitation. Raises NotFound for one that is not open, or addressed to somebody else."""
    email_key = await repository.lock_address(transaction, student)
    if email_key is None or not await repository.answer(
        transaction, id, student, email_key, accepted=accepted, now=now
    ):
        raise NotFound(NO_INVITATION)
    teaching = await _found(transaction, id, student)
    if accepted:
        await audit.record(transaction, "teaching.accepted", origin, subject=teaching.teacher.id, now=now)
    await _tell(transaction, teaching)
    return teaching


async def end(
    transaction: Transaction, origin: Origin, id: UUID, user_id: UUID, *, known: Known = whatever, now: datetime
) -> None:
    """It holds no longer, from this moment; a teacher's open invitation is withdrawn. Once over it stays so.

    Raises NotFound for a relation that is not theirs, and what `known` raises.
    """
    await repository.lock(transaction, id)
    before = await _found(transaction, id, user_id)
    known(before)
    if await repository.end(transaction, id, now=now):
        teaching = await _found(transaction, id, user_id)
        if before.student is not None:
            other = before.student if user_id == before.teacher.id else before.teacher
            await audit.record(transaction, "teaching.ended", origin, subject=other.id, now=now)
        await _tell(transaction, teaching)


async def _found(transaction: Transaction, id: UUID, user_id: UUID) -> Teaching:
    teaching = await repository.find_own(transaction, id, user_id)
    if teaching is None:
        raise NotFound(UNKNOWN)
    return teaching


async def _tell(transaction: Transaction, teaching: Teaching) -> None:
    parties = [teaching.teacher] + ([teaching.student] if teaching.student else [])
    for party in sorted(parties, key=lambda party: party.id):
        data = {"teaching": teaching.id, "state": teaching.state}
        await streams.append(transaction, streams.user_stream(party.id), "teaching.changed", data)
