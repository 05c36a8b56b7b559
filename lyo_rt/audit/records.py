"""Entries of the audit log."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

Act = Literal[
    "user.registered",
    "user.signed_in",
    "user.sign_in_failed",
    "user.sign_in_held_off",
    "user.signed_out",
    "user.refresh_reused",
    "user.role_changed",
    "user.suspended",
    "user.restored",
    "user.corrected",
    "user.email_verified",
    "user.password_reset",
    "user.password_changed",
    "user.device_signed_out",
    "user.left",
    "user.came_back",
    "user.consent_given",
    "user.consent_withdrawn",
    "user.erased_by_parent",
    "teaching.accepted",
    "teaching.ended",
]


class Origin(msgspec.Struct, frozen=True):
    """Where an act comes from: who asked, and with which request. Without an actor it was the command line, the server
    itself, or somebody who has not shown who they are."""

    actor_id: UUID | None
    request_id: str | None


COMMAND_LINE = Origin(None, None)
SERVER = Origin(None, None)


class AuditEntry(msgspec.Struct, frozen=True):
    """One act. `actor_id` is null for the command line and the server itself, and where nobody had shown who they are;
    `subject_id` where it was no account's; either id is null once its person has been erased."""

    id: UUID
    act: str
    actor_id: UUID | None
    subject_id: UUID | None
    details: dict[str, Any]
    request_id: str | None
    created_at: datetime
