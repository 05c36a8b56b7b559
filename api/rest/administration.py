"""Accounts, as admins and super admins see and change them."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from quart import Blueprint, Response, request
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.conditional import known, version_of
from api.openapi import answers
from api.profile_requests import Correction, RoleRequest, SuspendRequest
from api.requests import origin, page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.administration import repository
from lyo_rt.accounts.administration.records import Account, AccountSummary
from lyo_rt.cursor import Page
from lyo_rt.problems import Conflict, Fault, NotFound
from lyo_rt.security.tokens import UserType

blueprint = Blueprint("administration", __name__, url_prefix="/v1/users")

NOT_STORED = {"Cache-Control": "private, no-store"}
LONGEST_SEARCH = 100


@blueprint.get("")
@answers(
    Page[AccountSummary],
    page=True,
    query={
        "search": (
            f"part of the e-mail or the name, at most {LONGEST_SEARCH} characters; upper and lower case alike",
            {"type": "string", "maxLength": LONGEST_SEARCH},
        ),
        "role": ("all when not given", {"type": "string", "enum": get_args(UserType)}),
    },
)
@signed_in
async def list_users() -> Response:
    """List accounts, newest first. For admins."""
    search, role = request.args.get("search") or None, request.args.get("role")
    faults = []
    if search is not None and (len(search) > LONGEST_SEARCH or "\0" in search):
        faults.append(Fault("query:search", f"must be at most {LONGEST_SEARCH} characters, none of them NUL"))
    if role is not None and role not in get_args(UserType):
        faults.append(Fault("query:role", f"must be one of {', '.join(get_args(UserType))}"))
    scope = f"users:{who().user_id}:{role}:{search}"
    limit, after = page_request(scope, tuple[datetime, UUID], faults)
    rows = await repository.list_accounts(services().database, search=search, role=role, after=after, limit=limit + 1)
    page = services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.id))
    return json_answer(page, headers=NOT_STORED)


@blueprint.get("/<uuid:user_id>")
@answers(Account, headers=NOT_STORED, problems=(NotFound,))
@signed_in
async def read_user(user_id: UUID) -> Response:
    """Read an account. For admins."""
    account = await repository.find_account(services().database, user_id)
    if account is None:
        raise NotFound("There is no such user.")
    return json_answer(account, headers={**NOT_STORED, "ETag": f'"{version_of(account)}"'})


@blueprint.patch("/<uuid:user_id>")
@answers(Account, problems=(NotFound,))
@signed_in
@validate_request(Correction)
async def correct_user(user_id: UUID, data: Correction) -> Response:
    """Put somebody's profile right. For admins; an admin's profile only super admins change.

    The audit log keeps which fields were changed, not what they said.
    """
    changed = data.model_dump(exclude_unset=True)
    account = await services().administration.correct(who(), origin(), user_id, changed, known=known)
    return json_answer(account, headers=NOT_STORED)


@blueprint.put("/<uuid:user_id>/role")
@answers(Account, problems=(NotFound, Conflict))
@signed_in
@validate_request(RoleRequest)
async def change_role(user_id: UUID, data: RoleRequest) -> Response:
    """Give somebody a role. For super admins.

    It counts at once, on every instance: access tokens that tell another role are refused as expired, and live
    sockets closed with 4301; a refresh gives a token with the new one. The last super admin stays one.
    """
    account = await services().administration.change_role(origin(), user_id, data.role, reason=data.reason)
    return json_answer(account, headers=NOT_STORED)


@blueprint.post("/<uuid:user_id>/suspend")
@answers(Account, problems=(NotFound, Conflict))
@signed_in
@validate_request(SuspendRequest)
async def suspend_user(user_id: UUID, data: SuspendRequest) -> Response:
    """Suspend somebody. For super admins.

    All their sessions are signed out at once, on every instance, live sockets included, and nobody signs in as them
    until it is lifted. The last super admin is not suspended.
    """
    account = await services().administration.suspend(origin(), user_id, reason=data.reason)
    return json_answer(account, headers=NOT_STORED)


@blueprint.delete("/<uuid:user_id>/suspend")
@answers(Account, problems=(NotFound,))
@signed_in
async def restore_user(user_id: UUID) -> Response:
    """Lift a suspension. For super admins.

    They can sign in again. An account that is not suspended stays as it is. Takes no body.
    """
    return json_answer(await services().administration.restore(origin(), user_id), headers=NOT_STORED)
