"""Accounts as they are read, and as they are answered (the samples of seed 000 §3.2)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.security.tokens import UserType


class User(msgspec.Struct, frozen=True):
    """A learner, as other answers show one to themselves."""

    id: UUID
    email: str
    full_name: str
    user_type: UserType
    created_at: datetime


class Role(msgspec.Struct, frozen=True):
    """A learner's role since `changed_at`, by the database's clock."""

    user_id: UUID
    user_type: UserType
    changed_at: datetime


class Credentials(msgspec.Struct, frozen=True):
    """What a login is checked against. Never leaves the service."""

    user: User
    password_hash: str
    is_active: bool
    erase_at: datetime | None
    """When a closed account is erased."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks, as far as that is known of a stranger: from which address, and with which request. Without an address
    it is this program itself, whose guesses nobody counts."""

    address: str | None = None
    request_id: str | None = None


ITSELF = Caller()


class Recipient(msgspec.Struct, frozen=True):
    """Whom a mail about an account goes to. Never leaves the service."""

    id: UUID
    email: str
    full_name: str
    language: str
    is_verified: bool


class NewSession(msgspec.Struct, frozen=True):
    """A session that was just opened, and what its device calls itself. Never leaves the service."""

    id: UUID
    device: str | None


class SignedInDevice(msgspec.Struct, frozen=True):
    """A session of the learner's: `device` is what it calls itself, `current` is the one that asks."""

    id: UUID
    device: str | None
    created_at: datetime
    last_used_at: datetime
    current: bool


class RefreshState(msgspec.Struct, frozen=True):
    """A refresh token with all that decides whether it may still be used. Never leaves the service."""

    user: User
    session_id: UUID
    expires_at: datetime
    spent_at: datetime | None
    revoked_at: datetime | None
    refresh_revoked_at: datetime | None
    is_active: bool


class RefreshedTokens(msgspec.Struct, frozen=True, kw_only=True):
    """A new pair of tokens. Lifetimes are in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme's name
    expires_in: int
    refresh_expires_in: int


class SignedIn(RefreshedTokens, frozen=True, kw_only=True):
    """The answer to a login."""

    user: User


class Registered(RefreshedTokens, frozen=True, kw_only=True):
    """The answer to a registration."""

    user_id: UUID
    email: str
    full_name: str
