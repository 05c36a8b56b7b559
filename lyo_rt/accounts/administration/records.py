"""Accounts as admins read them."""

from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.accounts.profiles.records import Profile
from lyo_rt.accounts.records import User
from lyo_rt.security.tokens import UserType


class AccountSummary(User, frozen=True):
    """An account in a list."""

    is_active: bool
    is_verified: bool
    suspended_at: datetime | None


class Account(Profile, frozen=True):
    """All that there is of an account."""

    suspended_at: datetime | None


class Standing(msgspec.Struct, frozen=True):
    """What decides whether an account may be changed, and by whom. Never leaves the service."""

    id: UUID
    user_type: UserType
    is_active: bool
