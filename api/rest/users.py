"""Learners: their own profile, and what others may read of it."""

from datetime import datetime
from uuid import UUID

import msgspec
from quart import Blueprint, Response
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.conditional import known
from api.openapi import answers
from api.profile_access import visible_card
from api.profile_requests import LeaveRequest, PreferencesRequest, ProfileChange, ProfileRequest
from api.requests import origin, page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.leaving import Left
from lyo_rt.accounts.profiles import service
from lyo_rt.accounts.profiles.records import Preferences, Profile
from lyo_rt.activity import repository as activity
from lyo_rt.activity.records import ActivityEntry, Counts, Stats
from lyo_rt.activity.service import stats_of
from lyo_rt.cursor import Page
from lyo_rt.known import Known
from lyo_rt.problems import Conflict, InvalidInput, NotFound

blueprint = Blueprint("users", __name__, url_prefix="/v1/users")

PRIVATE = {"Cache-Control": "private, no-cache"}


class PublicProfile(msgspec.Struct, frozen=True):
    """What others may read of somebody. `stats` is null where they may not read those."""

    id: UUID
    full_name: str
    bio: str | None
    avatar_url: str | None
    is_teacher: bool
    member_since: datetime
    stats: Counts | None


@blueprint.get("/me")
@answers(Profile)
@signed_in
async def read_me() -> Response:
    """Read one's own profile."""
    return json_answer(await service.own(services().database, who().user_id), headers=PRIVATE)


@blueprint.put("/me")
@answers(Profile)
@signed_in
@validate_request(ProfileRequest)
async def replace_me(data: ProfileRequest) -> Response:
    """Replace one's own profile.

    A bio or a picture left out is cleared. Preferences left out stay as they are. E-mail, role and whatever else is
    not to be changed here is refused, not ignored.
    """
    return json_answer(await _changed(data), headers=PRIVATE)


@blueprint.patch("/me")
@answers(Profile, problems=(InvalidInput,))
@signed_in
@validate_request(ProfileChange)
async def change_me(data: ProfileChange) -> Response:
    """Change some of one's own profile.

    What is left out stays as it is, also within `notification_preferences` and `privacy_settings`.
    """
    return json_answer(await _changed(data), headers=PRIVATE)


@blueprint.delete("/me")
@answers(Left, limit="auth", problems=(Conflict,))
@signed_in
@validate_request(LeaveRequest)
async def leave(data: LeaveRequest) -> Response:
    """Close one's account, and have all that is in it erased.

    At once all devices are signed out, on every instance, live sockets are closed with 4010, and its profile is not
    shown any more. At `erase_at` everything of it is erased for good; who signs in before has it back. A wrong
    password is answered with 422 and a fault at `/password`. The last super admin gives somebody else that role first.
    """
    left = await services().leaving.leave(who(), origin(), password=data.password.get_secret_value(), known=known)
    return json_answer(left, headers=PRIVATE)


@blueprint.get("/me/preferences")
@answers(Preferences)
@signed_in
async def read_preferences() -> Response:
    """Read one's own preferences."""
    profile = await service.own(services().database, who().user_id)
    return json_answer(profile.preferences, headers=PRIVATE)


@blueprint.put("/me/preferences")
@answers(Preferences)
@signed_in
@validate_request(PreferencesRequest)
async def replace_preferences(data: PreferencesRequest) -> Response:
    """Replace one's own preferences.

    All five must be there. Members left out of the two groups stay as they are.
    """
    changed = await _changed(data, known=lambda profile: known(profile.preferences))
    return json_answer(changed.preferences, headers=PRIVATE)


@blueprint.get("/me/stats")
@answers(Stats)
@signed_in
async def read_stats() -> Response:
    """Read what one has done, in figures.

    Computed from the records when it is asked for. `patterns` are of the last 90 days, in one's own time zone.
    """
    profile = await service.own(services().database, who().user_id)
    now = services().clock.now()
    stats = await stats_of(services().database, profile.id, timezone=profile.timezone, now=now)
    return json_answer(stats, headers=PRIVATE)


@blueprint.get("/me/activity")
@answers(Page[ActivityEntry], page=True)
@signed_in
async def list_activity() -> Response:
    """List what one has begun, newest first: courses, tasks, quizzes, attempts, conversations with the tutor."""
    learner = who()
    scope = f"activity:{learner.user_id}"
    limit, after = page_request(scope, tuple[datetime, UUID])
    rows = await activity.list_entries(services().database, learner.user_id, after=after, limit=limit + 1)
    page = services().cursors.page(scope, rows, limit, lambda row: (row.at, row.id))
    return json_answer(page, headers=PRIVATE)


@blueprint.get("/<uuid:user_id>/profile")
@answers(PublicProfile, problems=(NotFound,))
@signed_in
async def read_profile(user_id: UUID) -> Response:
    """Read what somebody shows of themselves.

    Whom a profile is for its owner decides: `privacy_settings`. To everybody else it does not exist. Teachers read the
    stats of their students, for as long as they teach them.
    """
    visible = await visible_card(user_id, who())
    if visible is None:
        raise NotFound("There is no such profile.")
    card, shows = visible
    counts = await activity.count(services().database, user_id) if shows else None
    shown = PublicProfile(
        card.id, card.full_name, card.bio, card.avatar_url, card.is_teacher, card.member_since, counts
    )
    return json_answer(shown, headers=PRIVATE)


async def _changed(data: ProfileChange | PreferencesRequest, *, known: Known = known) -> Profile:
    now = services().clock.now()
    async with services().database.transaction() as transaction:
        return await service.change(transaction, who().user_id, data.changed(), known=known, now=now)
