"""One's own data, as a ZIP."""

from uuid import UUID

import msgspec
from quart import Blueprint, Response

from api.authentication import signed_in, who
from api.openapi import answers
from api.requests import once
from api.responses import json_answer
from api.services import services
from lyo_rt.database.pool import Transaction
from lyo_rt.problems import NotFound
from lyo_rt.storage.store import NoSuchFile

blueprint = Blueprint("exports", __name__, url_prefix="/v1/users/me")

UNKNOWN = "There is no such export of yours, or its time is over."
SEND_SECONDS = 3600


class ExportBegun(msgspec.Struct, frozen=True):
    """The task that makes the export; once it is DONE its `resultId` is the export's id."""

    task_id: UUID


@blueprint.post("/export")
@answers(ExportBegun, status=202, idempotency="optional", limit="upload")
@signed_in
async def export() -> Response:
    """Have all of one's data put together.

    The task is followed like any other. When it is `DONE`, `GET /v1/users/me/exports/{resultId}` gives the ZIP: a
    JSON file for each feature, the uploads, and a README. It is kept for seven days. Takes no body.
    """
    learner = who().user_id

    async def begin(transaction: Transaction) -> Response:
        id = await services().workshop.export(transaction, learner, now=services().clock.now())
        headers = {"Location": f"/v1/tasks/{id}", "Retry-After": "1"}
        return json_answer(ExportBegun(id), 202, headers)

    return await once(begin, user_id=learner)


@blueprint.get("/exports/<uuid:export_id>")
@answers(
    bytes,
    media_type="application/zip",
    headers={"Expires": "when the export is removed", "Content-Disposition": "the name to save it under"},
    problems=(NotFound,),
)
@signed_in
async def download(export_id: UUID) -> Response:
    """Read an export.

    For who has asked for it, for seven days.
    """
    found = await services().exports.find(export_id, who().user_id)
    if found is None:
        raise NotFound(UNKNOWN)
    try:
        pieces = await services().exports.read(found)
    except NoSuchFile:
        raise NotFound(UNKNOWN) from None
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": 'attachment; filename="lyo-export.zip"',
        "Expires": f"{found.expires_at:%a, %d %b %Y %H:%M:%S GMT}",
    }
    response = Response(pieces, 200, headers, content_type="application/zip")
    response.content_length = found.size
    response.timeout = SEND_SECONDS
    return response
