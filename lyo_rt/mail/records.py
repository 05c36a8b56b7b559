"""Mails: as they are posted, as they wait, and as they leave."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Kind = Literal["verify_email", "reset_password", "password_changed"]
KINDS: tuple[Kind, ...] = ("verify_email", "reset_password", "password_changed")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to be posted.

    `page` is the page its link leads to, with a one-time token; None for a mail without a link. From `useless_at` on
    it is not sent any more.
    """

    kind: Kind
    user_id: UUID
    recipient: str
    name: str
    language: str
    page: str | None
    useless_at: datetime


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that one instance has taken to send it; `attempt` counts from 1 and is the fence of what it stores."""

    id: UUID
    kind: Kind
    recipient: str
    name: str
    language: str
    page: str | None
    key_id: str
    attempt: int
    created_at: datetime
    useless_at: datetime


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it leaves. The same at each attempt, so that a receiver can tell a repetition by its id."""

    id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    language: str
    date: datetime
