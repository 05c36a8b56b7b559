"""What was agreed to: which version of which text, when, by whom. Append-only; erasure forgets whose it was."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries, many

Document = Literal["terms", "privacy", "parental_consent"]
Act = Literal["agreed", "withdrawn"]


class Agreement(msgspec.Struct, frozen=True):
    """That the learner, or their parent, has agreed to a text, or taken that back."""

    id: UUID
    document: Document
    version: str
    language: str
    act: Act
    by: Literal["learner", "parent"]
    means: Literal["registration", "email_plus"]
    created_at: datetime


class Texts(msgspec.Struct, frozen=True):
    """The versions of what one agrees to by registering."""

    terms: str = "1"
    privacy: str = "1"


async def record_registration(queries: Queries, user_id: UUID, texts: Texts, language: str, *, now: datetime) -> None:
    """Who registers agrees to the terms and the privacy notice."""
    await queries.execute(
        """
        INSERT INTO agreements (user_id, document, version, language, act, by, means, created_at)
        SELECT $1, document, version, $4, 'agreed', 'learner', 'registration', $5
        FROM unnest($2::text[], $3::text[]) AS read (document, version)
        """,
        user_id,
        ["terms", "privacy"],
        [texts.terms, texts.privacy],
        language,
        now,
    )


async def record_parent(
    queries: Queries, user_id: UUID, act: Act, version: str, language: str, *, now: datetime
) -> None:
    """A child's parent has agreed to what is kept of it, or taken that back."""
    await queries.execute(
        """
        INSERT INTO agreements (user_id, document, version, language, act, by, means, created_at)
        VALUES ($1, 'parental_consent', $2, $3, $4, 'parent', 'email_plus', $5)
        """,
        user_id,
        version,
        language,
        act,
        now,
    )


async def list_agreements(
    queries: Queries, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Agreement]:
    """The learner's, newest first, behind a place."""
    moment, id = after or (None, None)
    rows = await queries.fetch(
        """
        SELECT id, document, version, language, act, by, means, created_at FROM agreements
        WHERE user_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $4
        """,
        user_id,
        moment,
        id,
        limit,
    )
    return many(Agreement, rows)
