"""What learners and admins say about profiles: what is not theirs to change is a fault, as is what does not exist."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool, StringConstraints

from api.language_tags import LanguageTag
from lyo_rt.accounts.profiles.records import Visibility
from lyo_rt.accounts.profiles.rules import LONGEST_ADDRESS, LONGEST_BIO, avatar_address, biography, time_zone
from lyo_rt.accounts.rules import LONGEST_NAME, person_name
from lyo_rt.language_models.tasks import Style
from lyo_rt.security.tokens import UserType

Name = Annotated[str, AfterValidator(person_name)]
Bio = Annotated[str, AfterValidator(biography)]
Avatar = Annotated[str, AfterValidator(avatar_address)]
TimeZone = Annotated[str, AfterValidator(time_zone)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]

NAME = "as the learner wants to be called"
NAME_SCHEMA: dict[str, Any] = {"minLength": 1, "maxLength": LONGEST_NAME}
SHOWN_PREFERENCES: dict[str, Any] = {
    "language": "de",
    "timezone": "Europe/Berlin",
    "learning_style": "visual",
    "notification_preferences": {"reply": False, "quiet_hours": {"start": "21:00", "end": "07:30"}},
    "privacy_settings": {"profile_visibility": "teachers", "show_stats": False},
}


class Strict(BaseModel):
    """Members it does not know are faults."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class QuietTime(Strict):
    """When nothing is pushed."""

    start: TimeOfDay = Field(description="HH:MM in the learner's time zone")
    end: TimeOfDay = Field(description="HH:MM; before `start`, it is the next day's")


class NotificationChoices(Strict):
    """What to be told of while one is away. What is left out stays as it is."""

    course_ready: StrictBool = True
    streak_at_risk: StrictBool = True
    league_result: StrictBool = True
    reply: StrictBool = True
    quiet_hours: QuietTime | None = None


class PrivacyChoices(Strict):
    """Who else may read the profile. What is left out stays as it is."""

    profile_visibility: Visibility = Field("public", description="everybody, one's teachers, or nobody")
    show_stats: StrictBool = Field(False, description="whether who may read the profile reads the stats too")


class PreferencesChange(Strict):
    """Preferences, any of them."""

    language: LanguageTag = Field("en", description="a BCP 47 tag; the tutor writes in it")
    timezone: TimeZone = Field("UTC", description="an IANA name; days and quiet hours are counted in it")
    learning_style: Style | None = Field(None, description="how to present, never a measure of ability")
    notification_preferences: NotificationChoices = NotificationChoices()
    privacy_settings: PrivacyChoices = PrivacyChoices()

    def changed(self) -> dict[str, Any]:
        """The fields that were given, and within a group the members that were."""
        return self.model_dump(exclude_unset=True)


class PreferencesRequest(PreferencesChange):
    """All preferences. Each must be there, so that none is reset by having been forgotten."""

    model_config = ConfigDict(json_schema_extra={"examples": [SHOWN_PREFERENCES]})

    language: LanguageTag = Field(description="a BCP 47 tag; the tutor writes in it")
    timezone: TimeZone = Field(description="an IANA name; days and quiet hours are counted in it")
    learning_style: Style | None = Field(description="how to present, never a measure of ability")
    notification_preferences: NotificationChoices
    privacy_settings: PrivacyChoices


class ProfileChange(PreferencesChange):
    """A profile's fields, any of them; null clears what may be empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"bio": None, "privacy_settings": {"show_stats": True}}]})

    full_name: Name = Field(default_factory=str, description=NAME, json_schema_extra=NAME_SCHEMA)
    bio: Bio | None = Field(None, description=f"at most {LONGEST_BIO} characters, plain text with lines")
    avatar_url: Avatar | None = Field(
        None, description=f"an https address of at most {LONGEST_ADDRESS} characters, or /v1/media/<id>"
    )


class ProfileRequest(ProfileChange):
    """A profile. A bio or a picture left out is cleared; preferences left out stay, they have their own address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"full_name": "Ada Learner", "bio": "I bake.", "avatar_url": "https://example.com/ada.png"}]
        }
    )

    full_name: Name = Field(description=NAME, json_schema_extra=NAME_SCHEMA)

    def changed(self) -> dict[str, Any]:
        """The fields that were given, and those that are cleared."""
        return {"bio": None, "avatar_url": None, **super().changed()}


class Correction(Strict):
    """What an admin may put right in somebody's profile; any of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"full_name": "Ada Learner", "avatar_url": None}]})

    full_name: Name = Field(default_factory=str, description=NAME, json_schema_extra=NAME_SCHEMA)
    bio: Bio | None = Field(None, description=f"at most {LONGEST_BIO} characters")
    avatar_url: Avatar | None = Field(None, description="an https address, or /v1/media/<id>")
    is_verified: StrictBool = Field(False, description="whether the e-mail is known to be theirs")


class RoleRequest(Strict):
    """The role somebody has from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "teacher", "reason": "teaches biology here"}]})

    role: UserType
    reason: Reason | None = Field(None, description="kept in the audit log")


class SuspendRequest(Strict):
    """Why somebody is suspended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "spam, reported three times"}]})

    reason: Reason = Field(description="kept in the audit log")


class LeaveRequest(Strict):
    """The password of the account that is to be closed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "SecurePassword123!"}]})

    password: SecretStr = Field(max_length=1000, description="the account's password")
