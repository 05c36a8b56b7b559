"""What access tokens are good for no more, known on every instance without asking the database at each request:
those of sessions that were signed out, and those that tell a role which their learner no longer has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import anyio
from anyio.abc import TaskStatus

from lyo_rt.accounts import repository
from lyo_rt.accounts.records import Role
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.problems import Problem, SessionRevoked, TokenExpired, Unavailable
from lyo_rt.security.tokens import LEEWAY, Identity

TOPIC = "revocations"
STOPPED = b"\x01"
"""Before the id of a session whose refreshing was stopped."""
ROLE_CHANGED = b"\x02"
"""Before the id of a learner who has another role."""
ANOTHER_ROLE = "Your role has changed; refresh the access token."
EVERY_SECONDS = 1.0
OVERLAP = timedelta(seconds=60)
"""How late a sign-out may become visible after the moment it bears: its commit, and the clocks' difference."""

Told = Callable[[Problem], None]


class Revocations:
    """The sessions that were signed out, and the roles that changed, while an access token may still tell otherwise.

    What happens on this instance counts at once; what happens elsewhere when the broadcast tells of it, or, when that
    was lost, with the next read of the database, at most a second later. It is what `identify` asks, so it must be
    read once (`run` has started) before the first request is answered.
    """

    def __init__(self, database: Database, broadcast: Broadcast, clock: Clock, *, access_lifetime: timedelta) -> None:
        self._database = database
        self._broadcast = broadcast
        self._clock = clock
        self._remembered_for = access_lifetime + LEEWAY + OVERLAP
        self._forget_at: dict[UUID, datetime] = {}
        self._stopped: dict[UUID, datetime] = {}
        self._roles: dict[UUID, tuple[Role, datetime]] = {}
        self._watchers: dict[UUID, set[tuple[Identity, Told]]] = {}
        self._read_all = True
        self._wake = anyio.Event()

    def __contains__(self, session_id: UUID) -> bool:
        return session_id in self._forget_at

    def add(self, session_id: UUID) -> None:
        """Know of a sign-out: access tokens of this session are refused from now on, and its watchers are told."""
        if session_id not in self._forget_at:
            self._forget_at[session_id] = self._clock.now() + self._remembered_for
            self._tell(session_id)

    def stop(self, session_id: UUID) -> None:
        """Know that a refresh token of this session was used twice: its watchers are told, once.

        Somebody else may hold it, so what is open ends; access tokens stay good until they expire.
        """
        if session_id not in self._stopped:
            self._stopped[session_id] = self._clock.now() + self._remembered_for
            self._tell(session_id)

    def change(self, role: Role) -> None:
        """Know of a learner's role: tokens that tell another are refused from now on, and their watchers are told."""
        known = self._roles.get(role.user_id)
        if known is not None and known[0].changed_at >= role.changed_at:
            return
        self._roles[role.user_id] = role, self._clock.now() + self._remembered_for
        for watchers in tuple(self._watchers.values()):
            for who, told in tuple(watchers):
                if who.user_id == role.user_id and who.user_type != role.user_type:
                    told(TokenExpired(ANOTHER_ROLE))

    def fault_of(self, who: Identity) -> Problem | None:
        """Why a token that is otherwise good is refused: SessionRevoked, TokenExpired (its role has changed); or None.

        A refresh is enough where a role has changed: the new token tells the new one.
        """
        if who.session_id in self._forget_at:
            return SessionRevoked()
        known = self._roles.get(who.user_id)
        if known is not None and known[0].user_type != who.user_type:
            return TokenExpired(ANOTHER_ROLE)
        return None

    def _tell(self, session_id: UUID) -> None:
        for _, told in tuple(self._watchers.get(session_id, ())):
            told(SessionRevoked())

    @contextmanager
    def watching(self, who: Identity, told: Told) -> Iterator[None]:
        """Call `told` with the problem as soon as this identity's token is refused: at once, or while the block runs.

        `told` must neither wait nor raise.
        """
        watch = who, told
        watchers = self._watchers.setdefault(who.session_id, set())
        watchers.add(watch)
        try:
            if (fault := self.fault_of(who)) is not None:
                told(fault)
            yield
        finally:
            watchers.discard(watch)
            if not watchers and self._watchers.get(who.session_id) is watchers:
                del self._watchers[who.session_id]

    def heard(self, payload: bytes) -> None:
        """Another instance, or this one, has signed a session out, stopped its refreshing, or changed a role."""
        if len(payload) == 16:
            self.add(UUID(bytes=payload))
        elif len(payload) == 17 and payload.startswith(STOPPED):
            self.stop(UUID(bytes=payload[1:]))
        elif len(payload) == 17 and payload.startswith(ROLE_CHANGED):
            # Which role is in the database: two changes may be told in another order than they were made.
            self._wake.set()
        else:
            self.lost()

    def lost(self) -> None:
        """Some sign-outs may not have been told: read them all again, now."""
        self._read_all = True
        self._wake.set()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Keep up to date until cancelled. Has started once everything was read; raises Unavailable before that."""
        async with self._broadcast.listen(TOPIC, self):
            await self._read()
            task_status.started()
            while True:
                with anyio.move_on_after(EVERY_SECONDS):
                    await self._wake.wait()
                try:
                    await self._read()
                except Unavailable:
                    # The set stays as it is; what happens meanwhile is inside the next read's reach or read whole.
                    self._read_all = True
                    await anyio.sleep(EVERY_SECONDS)

    def statistics(self) -> dict[str, int]:
        """`revoked` sessions and changed `roles` that are remembered, and `watched` sessions."""
        return {"revoked": len(self._forget_at), "roles": len(self._roles), "watched": len(self._watchers)}

    async def _read(self) -> None:
        self._wake = anyio.Event()
        reach = self._remembered_for if self._read_all else OVERLAP
        self._read_all = False
        for session_id in await repository.revoked_sessions(self._database, reach.total_seconds()):
            self.add(session_id)
        for session_id in await repository.stopped_sessions(self._database, reach.total_seconds()):
            self.stop(session_id)
        for role in await repository.changed_roles(self._database, reach.total_seconds()):
            self.change(role)
        now = self._clock.now()
        for user_id in [one for one, (_, moment) in self._roles.items() if moment <= now]:
            del self._roles[user_id]
        for known in (self._forget_at, self._stopped):
            for session_id in [one for one, moment in known.items() if moment <= now]:
                del known[session_id]
