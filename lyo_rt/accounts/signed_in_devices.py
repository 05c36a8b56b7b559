"""Where a learner is signed in, and signing out elsewhere."""

from datetime import datetime, timedelta
from uuid import UUID

from lyo_rt.accounts import repository
from lyo_rt.accounts.records import SignedInDevice
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.signing_out import sign_out
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Origin
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.problems import NotFound
from lyo_rt.security.tokens import Identity


class SignedInDevices:
    """The sessions that a token of either kind could still be good for."""

    def __init__(
        self,
        database: Database,
        revocations: Revocations,
        clock: Clock,
        *,
        access_lifetime: timedelta,
        refresh_lifetime: timedelta,
    ) -> None:
        self._database = database
        self._revocations = revocations
        self._clock = clock
        self._access_lifetime = access_lifetime
        self._refresh_lifetime = refresh_lifetime

    async def list(self, identity: Identity, after: tuple[datetime, UUID] | None, limit: int) -> list[SignedInDevice]:
        """The learner's devices behind `after` (created_at, id), those that signed in last first."""
        now = self._clock.now()
        return await repository.list_sessions(
            self._database,
            identity.user_id,
            present=identity.session_id,
            refreshed_since=now - self._refresh_lifetime,
            accessed_since=now - self._access_lifetime,
            after=after,
            limit=limit,
        )

    async def sign_out(self, identity: Identity, session_id: UUID, origin: Origin) -> None:
        """Sign one of the learner's devices out, this one or another: as a logout there.

        Raises NotFound for a session that is another's, or is signed out already.
        """
        async with self._database.transaction() as transaction:
            reason = "logout" if session_id == identity.session_id else "signed_out_elsewhere"
            now = self._clock.now()
            user = identity.user_id
            if not await sign_out(transaction, self._revocations, user, reason, now=now, only=session_id):
                raise NotFound("No device of yours is signed in under this id.")
            details = {"session": str(session_id)}
            await audit.record(transaction, "user.device_signed_out", origin, subject=user, details=details, now=now)
