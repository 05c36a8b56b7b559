"""Signing devices out: their tokens of both kinds are refused, their live sockets end, and the learner is told."""

from datetime import datetime
from functools import partial
from uuid import UUID

from lyo_rt import streams
from lyo_rt.accounts import repository
from lyo_rt.accounts.revocations import TOPIC, Revocations
from lyo_rt.database.pool import Transaction


async def sign_out(
    transaction: Transaction,
    revocations: Revocations,
    user_id: UUID,
    reason: str,
    *,
    now: datetime,
    only: UUID | None = None,
    but: UUID | None = None,
) -> int:
    """Sign out the learner's sessions: all of them, or `only` one, or all `but` one; returns how many were signed in.

    It counts on every instance once the transaction is committed.
    """
    revoked = await repository.revoke_sessions(transaction, user_id, reason, only=only, but=but)
    for session_id in revoked:
        await tell_signed_out(transaction, user_id, session_id, reason, now=now)
        transaction.announce(TOPIC, session_id.bytes)
        transaction.afterwards(partial(revocations.add, session_id))
    return len(revoked)


async def tell_signed_out(
    transaction: Transaction, user_id: UUID, session_id: UUID, reason: str, *, now: datetime
) -> None:
    """Tell the learner, on all their devices."""
    data = {"session": session_id, "at": now, "reason": reason}
    await streams.append(transaction, streams.user_stream(user_id), "device.signed_out", data)
