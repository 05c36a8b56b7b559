"""Children and their parents, as they are read."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.security.tokens import Consent

Purpose = Literal["agree", "look_after"]
"""What a parent's link is for: to agree, once; or to see and take away, as often as they like."""


class Standing(msgspec.Struct, frozen=True):
    """What a new access token says of a learner. Never leaves the service."""

    premium: bool
    consent: Consent
    birth_date: date | None


class Guardian(msgspec.Struct, frozen=True):
    """A child's parent. Never leaves the service."""

    user_id: UUID
    email: str
    language: str
    asked_at: datetime
    consented_at: datetime | None


class Child(msgspec.Struct, frozen=True):
    """A child, locked, as their parent's acts go by it. Never leaves the service."""

    id: UUID
    email: str
    full_name: str
    language: str
    consent: Consent
    is_active: bool
    is_verified: bool
    birth_date: date | None
    created_at: datetime


class ConsentState(msgspec.Struct, frozen=True):
    """Whether a parent has to agree, when one was asked, and when the account is erased if none does."""

    consent: Consent
    asked_at: datetime | None
    due_at: datetime | None


class Outstanding(msgspec.Struct, frozen=True):
    """What was mailed to parents and not answered: about this child, and to this address about others."""

    links: int
    newest: datetime | None
    others: int
