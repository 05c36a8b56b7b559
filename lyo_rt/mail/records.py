"""Mails: as they are posted, as they wait, and as they leave."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

import msgspec

Kind = Literal[
    "verify_email",
    "reset_password",
    "password_changed",
    "export_ready",
    "parental_consent",
    "consent_confirmed",
    "harm_seen",
    "parents_link",
    "child_export_ready",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
TO_PARENTS: frozenset[Kind] = frozenset(
    {"parental_consent", "consent_confirmed", "harm_seen", "parents_link", "child_export_ready"}
)
"""Mails that go to a child's parent: the name in them is the child's."""
REUSABLE: frozenset[Kind] = TO_PARENTS - {"parental_consent"} | {"export_ready"}
"""Mails whose link is good more than once."""


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
