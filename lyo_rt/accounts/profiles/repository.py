"""The SQL of profiles: one statement per function."""

from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.accounts.profiles.records import Card, Profile
from lyo_rt.database.pool import Queries, Transaction, one

PROFILE = """id, email, full_name, user_type, created_at, bio, avatar_url, language, timezone, learning_style,
    notification_preferences, privacy_settings, is_active, is_verified, consent, updated_at"""


async def find_profile(queries: Queries, user_id: UUID) -> Profile | None:
    """The profile of a learner who is active."""
    row = await queries.fetchrow(f"SELECT {PROFILE} FROM users WHERE id = $1 AND is_active", user_id)  # noqa: S608
    return one(Profile, row)


async def lock_profile(transaction: Transaction, user_id: UUID) -> Profile | None:
    """The same, and nobody else changes it until the transaction ends; also of an account that is not active."""
    row = await transaction.fetchrow(
        f"SELECT {PROFILE} FROM users WHERE id = $1 FOR NO KEY UPDATE",  # noqa: S608 - a constant list of columns
        user_id,
    )
    return one(Profile, row)


async def write_profile(queries: Queries, profile: Profile, *, now: datetime) -> Profile:
    """The row is what `profile` says, but for what learners cannot change."""
    row = await queries.fetchrow(
        f"""
        UPDATE users SET full_name = $2, bio = $3, avatar_url = $4, language = $5, timezone = $6, learning_style = $7,
            notification_preferences = $8, privacy_settings = $9, is_verified = $10, updated_at = $11
        WHERE id = $1 RETURNING {PROFILE}
        """,  # noqa: S608 - a constant list of columns
        profile.id,
        profile.full_name,
        profile.bio,
        profile.avatar_url,
        profile.language,
        profile.timezone,
        profile.learning_style,
        msgspec.to_builtins(profile.notification_preferences),
        msgspec.to_builtins(profile.privacy_settings),
        profile.is_verified,
        now,
    )
    return msgspec.convert(dict(row or {}), Profile)


async def find_card(queries: Queries, user_id: UUID) -> Card | None:
    """What may be shown of somebody who is active, and to whom; of a child nothing, whatever their settings say."""
    row = await queries.fetchrow(
        """
        SELECT id, full_name, bio, avatar_url, user_type <> 'student' AS is_teacher, created_at AS member_since,
            coalesce(privacy_settings->>'profile_visibility', 'public') AS visibility,
            coalesce((privacy_settings->>'show_stats')::bool, false) AS show_stats
        FROM users WHERE id = $1 AND is_active AND consent = 'none_needed'
        """,
        user_id,
    )
    return one(Card, row)
