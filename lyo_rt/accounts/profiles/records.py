"""Profiles as they are read and answered (the fields of seed 000 §4.1)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.accounts.records import User
from lyo_rt.security.tokens import Consent

Visibility = Literal["public", "teachers", "private"]


class PrivacySettings(msgspec.Struct, frozen=True):
    """Who else may read the profile: everybody, one's teachers, or nobody; and whether they read the stats too."""

    profile_visibility: Visibility = "public"
    show_stats: bool = False


class QuietHours(msgspec.Struct, frozen=True):
    """When nothing is pushed, as `HH:MM` of the learner's time zone; it may go over midnight."""

    start: str
    end: str


class NotificationPreferences(msgspec.Struct, frozen=True):
    """What a learner wants to be told of while they are away."""

    course_ready: bool = True
    streak_at_risk: bool = True
    league_result: bool = True
    reply: bool = True
    quiet_hours: QuietHours | None = None


class Preferences(msgspec.Struct, frozen=True):
    """How a learner wants to be treated."""

    language: str
    timezone: str
    learning_style: str | None
    notification_preferences: NotificationPreferences
    privacy_settings: PrivacySettings


class Profile(User, frozen=True):
    """All that a learner has told about themselves."""

    bio: str | None
    avatar_url: str | None
    language: str
    timezone: str
    learning_style: str | None
    notification_preferences: NotificationPreferences
    privacy_settings: PrivacySettings
    is_active: bool
    is_verified: bool
    consent: Consent
    """Of a parent: whether it is needed, and given."""
    updated_at: datetime

    @property
    def preferences(self) -> Preferences:
        """The part that has an address of its own."""
        return Preferences(
            self.language,
            self.timezone,
            self.learning_style,
            self.notification_preferences,
            self.privacy_settings,
        )


class Card(msgspec.Struct, frozen=True):
    """What others may read of somebody, and the rule about it. `visibility` and `show_stats` never go out."""

    id: UUID
    full_name: str
    bio: str | None
    avatar_url: str | None
    is_teacher: bool
    member_since: datetime
    visibility: Visibility
    show_stats: bool
