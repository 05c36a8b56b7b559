"""Coming to and leaving a course's study room: by learner, not by socket, told in the course's stream exactly once.

A learner is in the room while any session of theirs has a row. The transaction that writes the first one appends
`presence.joined`, the one that removes the last appends `presence.left`; the room's lock puts them in one order. A
session whose socket was lost keeps its row for a moment, so a learner who is back by then has never been away.
"""

from collections.abc import Sequence
from uuid import UUID

from lyo_rt import leases, streams
from lyo_rt.attendance import repository
from lyo_rt.attendance.records import Roster
from lyo_rt.database.pool import Queries, Transaction
from lyo_rt.problems import NotFound

GRACE_SECONDS = 3.0
"""For a learner whose socket was lost to be back: a phone that changes networks, an instance that is replaced."""
ROSTER_LIMIT = 1000
"""Members that one roster names: about 100 KiB."""
SWEPT_AT_ONCE = 500
"""Sessions that one transaction of a sweep removes."""

JOINED, LEFT = "presence.joined", "presence.left"


async def attend(
    transaction: Transaction,
    *,
    course: UUID,
    session: UUID,
    user: UUID,
    instance: int,
    grace: float = GRACE_SECONDS,
) -> Roster:
    """The session is in the room, and who else is; again changes nothing. Raises NotFound when the course is gone.

    Whether the learner may see the course is the caller's to ask. Who is due to be swept is swept first.
    """
    await repository.hold_room(transaction, course)
    arrival = await repository.add_session(transaction, course=course, session=session, user=user, instance=instance)
    if arrival is None:
        raise NotFound("There is no such course.")
    if not arrival.known:
        members = await repository.count_members(transaction, course)
        data = {"user": user, "name": arrival.name, "since": arrival.joined_at, "members": members}
        await streams.append(transaction, streams.course_stream(course), JOINED, data)
    others = await repository.other_instances(transaction, instance, course)
    await _remove_due(transaction, course, await leases.dead(transaction, others), grace)
    return await _roster(transaction, course)


async def depart(transaction: Transaction, *, course: UUID, session: UUID) -> None:
    """The session leaves at once; one that is not in the room changes nothing."""
    await repository.hold_room(transaction, course)
    user = await repository.remove_session(transaction, course, session)
    if user is not None:
        await _tell_left(transaction, course, [user])


async def due(queries: Queries, instance: int, grace: float = GRACE_SECONDS) -> tuple[list[UUID], list[int]]:
    """The courses whose rooms are to be swept, and the instances that are dead, as `instance` sees it."""
    dead = await leases.dead(queries, await repository.other_instances(queries, instance))
    return await repository.due_rooms(queries, dead, grace), dead


async def sweep(transaction: Transaction, course: UUID, dead: Sequence[int], grace: float = GRACE_SECONDS) -> bool:
    """Take out of one room who has been gone too long, or was there by way of a dead instance; whether more may be."""
    await repository.hold_room(transaction, course)
    return await _remove_due(transaction, course, dead, grace)


async def _remove_due(transaction: Transaction, course: UUID, dead: Sequence[int], grace: float) -> bool:
    users = await repository.remove_due(transaction, course, dead, grace, SWEPT_AT_ONCE)
    if users:
        await _tell_left(transaction, course, users)
    # Counted by session: a learner may have several.
    return len(users) == SWEPT_AT_ONCE


async def _tell_left(transaction: Transaction, course: UUID, users: Sequence[UUID]) -> None:
    left = await repository.absent(transaction, course, users)
    members = await repository.count_members(transaction, course) if left else 0
    for still, (user, name) in zip(range(members + len(left) - 1, members - 1, -1), left, strict=True):
        data = {"user": user, "name": name, "members": still}
        await streams.append(transaction, streams.course_stream(course), LEFT, data)


async def _roster(transaction: Transaction, course: UUID) -> Roster:
    members = await repository.list_members(transaction, course, ROSTER_LIMIT)
    count = len(members)
    if count == ROSTER_LIMIT:
        count = await repository.count_members(transaction, course)
    head = await streams.head(transaction, streams.course_stream(course))
    return Roster(members, count, head.epoch, head.top)
