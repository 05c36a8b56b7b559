"""Closing one's account: at once for everybody, and for good when the cool-off is over."""

from datetime import datetime, timedelta

import msgspec

from lyo_rt.accounts import closed, repository
from lyo_rt.accounts.administration.repository import lock_standings
from lyo_rt.accounts.administration.service import LAST
from lyo_rt.accounts.minors.gate import AgeGate
from lyo_rt.accounts.password_changes import NOT_THE_PASSWORD
from lyo_rt.accounts.profiles.repository import find_profile
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.rules import email_key
from lyo_rt.accounts.signing_out import sign_out
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Origin
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.known import Known, whatever
from lyo_rt.problems import Conflict, Fault, InvalidInput
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.permissions import MATRIX, Permission
from lyo_rt.security.tokens import Identity

LEAVING = "leaving"
"""Where it is hinted at that somebody has closed their account."""


class Left(msgspec.Struct, frozen=True):
    """The account is closed. Who signs in before `erase_at` has it back; then everything is erased."""

    erase_at: datetime


class Leaving:
    """An account is closed by who has its password; signing in (Accounts.login) takes it back."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        revocations: Revocations,
        gate: AgeGate,
        clock: Clock,
        *,
        cool_off: timedelta,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._revocations = revocations
        self._gate = gate
        self._clock = clock
        self._cool_off = cool_off

    async def leave(self, identity: Identity, origin: Origin, *, password: str, known: Known = whatever) -> Left:
        """Close the asker's account: all its devices are signed out, on every instance, and its profile is not
        shown any more.

        Raises InvalidInput for a wrong password, Conflict for the last super admin, and what `known` raises of the
        Profile.
        """
        hashed = await repository.find_password_hash(self._database, identity.user_id)
        right = await self._passwords.verify(password, hashed)
        if hashed is None or not right:
            raise InvalidInput(errors=[Fault("/password", NOT_THE_PASSWORD)])
        now = self._clock.now()
        erase_at = now + self._cool_off
        async with self._database.transaction() as transaction:
            await self._not_the_last(transaction, identity)
            known(await find_profile(transaction, identity.user_id))
            if not await closed.leave(transaction, identity.user_id, hashed, erase_at=erase_at, now=now):
                raise InvalidInput(errors=[Fault("/password", NOT_THE_PASSWORD)])
            await sign_out(transaction, self._revocations, identity.user_id, "account_closed", now=now)
            await audit.record(transaction, "user.left", origin, subject=identity.user_id, now=now)
            if identity.consent != "none_needed":
                await self._gate.hold(transaction, email_key(identity.email), now=now)
            transaction.announce(LEAVING, b"")
        return Left(erase_at)

    async def _not_the_last(self, transaction: Transaction, identity: Identity) -> None:
        managers = MATRIX[Permission.MANAGE_USERS]
        locked = await lock_standings(transaction, identity.user_id, managers)
        if {one.id for one in locked if one.is_active and one.user_type in managers} == {identity.user_id}:
            raise Conflict(LAST)
