"""Roles given and taken away, accounts suspended and restored, each in one transaction with its audit entry."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lyo_rt import streams
from lyo_rt.accounts.administration import repository
from lyo_rt.accounts.administration.records import Account, Standing
from lyo_rt.accounts.profiles.repository import lock_profile, write_profile
from lyo_rt.accounts.profiles.rules import merged
from lyo_rt.accounts.revocations import ROLE_CHANGED, TOPIC, Revocations
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Origin
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.known import Known, whatever
from lyo_rt.problems import Conflict, Forbidden, NotFound
from lyo_rt.security.permissions import MATRIX, Permission, allows, require
from lyo_rt.security.tokens import Identity, UserType

UNKNOWN = "There is no such user."
LAST = "This is the last super admin: give somebody else that role first."


class Administration:
    """What is done to other people's accounts. Who was allowed to ask is asked again where the act is written:
    for a moment another instance may not know yet that a role was taken away."""

    def __init__(self, database: Database, revocations: Revocations, clock: Clock) -> None:
        self._database = database
        self._revocations = revocations
        self._clock = clock

    async def change_role(self, origin: Origin, user_id: UUID, role: UserType, *, reason: str | None) -> Account:
        """Give an account a role. Tokens that tell another are refused at once, everywhere; live sockets end.

        A refresh is enough to go on with the new role. Raises NotFound, Forbidden when the actor is no super admin,
        Conflict when the last super admin would be none any more.
        """
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            standing = await self._checked(transaction, origin, user_id, stays=allows(role, Permission.MANAGE_USERS))
            if standing.user_type != role:
                written = await repository.write_role(transaction, user_id, role, now=now)
                if written is not None:
                    transaction.afterwards(lambda: self._revocations.change(written))
                transaction.announce(TOPIC, ROLE_CHANGED + user_id.bytes)
                await streams.append(
                    transaction, streams.user_stream(user_id), "role.changed", {"user_type": role, "at": now}
                )
                details = {"from": standing.user_type, "to": role, **_reason(reason)}
                await audit.record(transaction, "user.role_changed", origin, subject=user_id, details=details, now=now)
            return await self._account(transaction, user_id)

    async def suspend(self, origin: Origin, user_id: UUID, *, reason: str) -> Account:
        """Nobody signs in as this account, and all its sessions are signed out at once, everywhere.

        What is suspended stays so. Raises NotFound, Forbidden, Conflict as `change_role`.
        """
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            await self._checked(transaction, origin, user_id, stays=False)
            if await repository.suspend(transaction, user_id, now=now):
                for session_id in await repository.revoke_sessions(transaction, user_id, "suspended"):
                    transaction.announce(TOPIC, session_id.bytes)
                    transaction.afterwards(lambda session_id=session_id: self._revocations.add(session_id))  # type: ignore[misc]
                await audit.record(
                    transaction, "user.suspended", origin, subject=user_id, details=_reason(reason), now=now
                )
            return await self._account(transaction, user_id)

    async def restore(self, origin: Origin, user_id: UUID) -> Account:
        """Lift a suspension: the account signs in again. What is not suspended stays as it is. Raises NotFound,
        Forbidden."""
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            await self._checked(transaction, origin, user_id, stays=True)
            if await repository.restore(transaction, user_id, now=now):
                await audit.record(transaction, "user.restored", origin, subject=user_id, now=now)
            return await self._account(transaction, user_id)

    async def correct(
        self, who: Identity, origin: Origin, user_id: UUID, changed: Mapping[str, Any], *, known: Known = whatever
    ) -> Account:
        """Change what somebody's profile says; the log has which fields. An admin's is for super admins to correct.

        Raises NotFound, Forbidden, and what `known` raises of the Account.
        """
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            profile = await lock_profile(transaction, user_id)
            if profile is None:
                raise NotFound(UNKNOWN)
            if allows(profile.user_type, Permission.CORRECT_PROFILES):
                require(who, Permission.MANAGE_USERS)
            known(await self._account(transaction, user_id))
            if changed:
                await write_profile(transaction, merged(profile, changed), now=now)
                details = {"fields": sorted(changed)}
                await audit.record(transaction, "user.corrected", origin, subject=user_id, details=details, now=now)
            return await self._account(transaction, user_id)

    async def _checked(self, transaction: Transaction, origin: Origin, user_id: UUID, *, stays: bool) -> Standing:
        """The account as it is, locked, when the actor may change it; `stays`: it still manages users afterwards."""
        locked = await repository.lock_standings(transaction, user_id, MATRIX[Permission.MANAGE_USERS])
        managers = {one.id for one in locked if one.is_active and allows(one.user_type, Permission.MANAGE_USERS)}
        if origin.actor_id is not None and origin.actor_id not in managers:
            raise Forbidden(f"This is for those who may {Permission.MANAGE_USERS.value}.")
        standing = next((one for one in locked if one.id == user_id), None)
        if standing is None:
            raise NotFound(UNKNOWN)
        if not stays and managers == {user_id}:
            raise Conflict(LAST)
        return standing

    async def _account(self, transaction: Transaction, user_id: UUID) -> Account:
        account = await repository.find_account(transaction, user_id)
        if account is None:
            raise NotFound(UNKNOWN)
        return account


def _reason(reason: str | None) -> dict[str, str]:
    return {} if reason is None else {"reason": reason}
