"""The audit log."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from quart import Blueprint, Response, request

from api.authentication import signed_in, who
from api.openapi import answers
from api.requests import page_request
from api.responses import json_answer
from api.services import services
from lyo_rt.audit import repository
from lyo_rt.audit.records import Act, AuditEntry
from lyo_rt.cursor import Page
from lyo_rt.problems import Fault

blueprint = Blueprint("audit", __name__, url_prefix="/v1/admin/audit")


@blueprint.get("")
@answers(
    Page[AuditEntry],
    page=True,
    query={
        "act": ("all when not given", {"type": "string", "enum": get_args(Act)}),
        "actor": ("id of who did it", {"type": "string", "format": "uuid"}),
        "subject": ("id of whom it was done to", {"type": "string", "format": "uuid"}),
    },
)
@signed_in
async def list_entries() -> Response:
    """List security and admin acts, newest first. For admins.

    Entries are never changed or removed. When a person is erased, their id is taken out of them.
    """
    faults: list[Fault] = []
    act = request.args.get("act")
    if act is not None and act not in get_args(Act):
        faults.append(Fault("query:act", f"must be one of {', '.join(get_args(Act))}"))
    actor, subject = _id("actor", faults), _id("subject", faults)
    scope = f"audit:{who().user_id}:{act}:{actor}:{subject}"
    limit, after = page_request(scope, tuple[datetime, UUID], faults)
    rows = await repository.list_entries(
        services().database, act=act, actor=actor, subject=subject, after=after, limit=limit + 1
    )
    page = services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.id))
    return json_answer(page, headers={"Cache-Control": "private, no-store"})


def _id(name: str, faults: list[Fault]) -> UUID | None:
    given = request.args.get(name)
    try:
        return None if given is None else UUID(given)
    except ValueError:
        faults.append(Fault(f"query:{name}", "must be a UUID"))
        return None
