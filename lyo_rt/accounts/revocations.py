"""Which sessions have been signed out, known on every instance without asking the database at each request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import anyio
from anyio.abc import TaskStatus

from lyo_rt.accounts import repository
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.problems import Unavailable
from lyo_rt.security.tokens import LEEWAY

TOPIC = "revocations"
STOPPED = b"\x01"
"""Before the id of a session whose refreshing was stopped."""
EVERY_SECONDS = 1.0
OVERLAP = timedelta(seconds=60)
"""How late a sign-out may become visible after the moment it bears: its commit, and the clocks' difference."""


class Revocations:
    """The sessions that were signed out while an access token of theirs may still be good.

    A sign-out on this instance counts at once; one elsewhere when the broadcast tells of it, or, when that was lost,
    with the next read of the database, at most a second later. It is what `identify` asks, so it must be read once
    (`run` has started) before the first request is answered.
    """

    def __init__(self, database: Database, broadcast: Broadcast, clock: Clock, *, access_lifetime: timedelta) -> None:
        self._database = database
        self._broadcast = broadcast
        self._clock = clock
        self._remembered_for = access_lifetime + LEEWAY + OVERLAP
        self._forget_at: dict[UUID, datetime] = {}
        self._stopped: dict[UUID, datetime] = {}
        self._watchers: dict[UUID, set[Callable[[], None]]] = {}
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

    def _tell(self, session_id: UUID) -> None:
        for told in tuple(self._watchers.get(session_id, ())):
            told()

    @contextmanager
    def watching(self, session_id: UUID, told: Callable[[], None]) -> Iterator[None]:
        """Call `told` once, as soon as the session has been signed out: at once if it is, or while the block runs.

        `told` must neither wait nor raise.
        """
        watchers = self._watchers.setdefault(session_id, set())
        watchers.add(told)
        try:
            if session_id in self:
                told()
            yield
        finally:
            watchers.discard(told)
            if not watchers and self._watchers.get(session_id) is watchers:
                del self._watchers[session_id]

    def heard(self, payload: bytes) -> None:
        """Another instance, or this one, has signed a session out or stopped its refreshing."""
        if len(payload) == 16:
            self.add(UUID(bytes=payload))
        elif len(payload) == 17 and payload.startswith(STOPPED):
            self.stop(UUID(bytes=payload[1:]))
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
        """`revoked` sessions that are remembered, and `watched` ones."""
        return {"revoked": len(self._forget_at), "watched": len(self._watchers)}

    async def _read(self) -> None:
        self._wake = anyio.Event()
        reach = self._remembered_for if self._read_all else OVERLAP
        self._read_all = False
        for session_id in await repository.revoked_sessions(self._database, reach.total_seconds()):
            self.add(session_id)
        for session_id in await repository.stopped_sessions(self._database, reach.total_seconds()):
            self.stop(session_id)
        now = self._clock.now()
        for known in (self._forget_at, self._stopped):
            for session_id in [one for one, moment in known.items() if moment <= now]:
                del known[session_id]
