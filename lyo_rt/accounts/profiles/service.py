"""Profiles read and changed by those whose they are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from lyo_rt.accounts.profiles import repository
from lyo_rt.accounts.profiles.records import Profile
from lyo_rt.accounts.profiles.rules import merged
from lyo_rt.database.pool import Queries, Transaction
from lyo_rt.known import Known, whatever
from lyo_rt.problems import NotAuthenticated

GONE = "This account is not active any more."


async def own(queries: Queries, user_id: UUID) -> Profile:
    """What a learner has told about themselves. Raises NotAuthenticated when the account is gone or not active."""
    profile = await repository.find_profile(queries, user_id)
    if profile is None:
        raise NotAuthenticated(GONE)
    return profile


async def change(
    transaction: Transaction, user_id: UUID, changed: Mapping[str, Any], *, known: Known = whatever, now: datetime
) -> Profile:
    """The profile with these fields changed. Raises NotAuthenticated as `own`, and what `known` raises."""
    profile = await repository.lock_profile(transaction, user_id)
    if profile is None or not profile.is_active:
        raise NotAuthenticated(GONE)
    known(profile)
    if not changed:
        return profile
    return await repository.write_profile(transaction, merged(profile, changed), now=now)
