"""One's own data, as a ZIP."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from quart import Blueprint, Response, request

from api.authentication import signed_in, who
from api.openapi import answers
from api.ranges import current_elsewhere, wanted_range
from api.requests import once
from api.responses import RangeNotSatisfiable, json_answer
from api.services import services
from lyo_rt.database.pool import Transaction
from lyo_rt.privacy.exports import Export
from lyo_rt.problems import NotFound, StaleVersion
from lyo_rt.storage.store import NoSuchFile

blueprint = Blueprint("exports", __name__, url_prefix="/v1")

UNKNOWN = "There is no such export of yours, or its time is over."
SEND_SECONDS = 3600


class ExportBegun(msgspec.Struct, frozen=True):
    """The task that makes the export; once it is DONE its `resultId` is the export's id."""

    task_id: UUID


@blueprint.post("/users/me/export")
@answers(ExportBegun, status=202, idempotency="optional", limit="upload")
@signed_in
async def export() -> Response:
    """Have all of one's data put together.

    The task is followed like any other. When it is `DONE`, `GET /v1/users/me/exports/{resultId}` gives the ZIP: a
    JSON file for each feature, the uploads, and a README. It is kept for seven days, and a link to it is mailed, which
    needs no access token. Takes no body.
    """
    learner = who().user_id

    async def begin(transaction: Transaction) -> Response:
        id = await services().workshop.export(transaction, learner, now=services().clock.now())
        headers = {"Location": f"/v1/tasks/{id}", "Retry-After": "1"}
        return json_answer(ExportBegun(id), 202, headers)

    return await once(begin, user_id=learner)


ZIP = "application/zip"
ASKED = {"Range": "one range of bytes (RFC 9110 §14)", "If-None-Match": "the ETag of a copy"}
TOLD = {
    "ETag": "a strong one: the SHA-256 of the ZIP",
    "Content-Range": "which bytes these are, with 206",
    "Expires": "when the export is removed",
    "Content-Disposition": "the name to save it under",
}
PART: Mapping[int, Any] = {206: bytes, 304: None}
PROBLEMS = (NotFound, StaleVersion, RangeNotSatisfiable)


@blueprint.get("/users/me/exports/<uuid:export_id>")
@answers(bytes, also=PART, media_type=ZIP, request_headers=ASKED, headers=TOLD, problems=PROBLEMS)
@signed_in
async def download(export_id: UUID) -> Response:
    """Read an export.

    For who has asked for it, for seven days.
    """
    return await _file(await services().exports.find(export_id, who().user_id))


@blueprint.get("/exports/file")
@answers(
    bytes,
    signed_in=False,
    limit="general",
    query={"token": "what stands behind the # of the mailed link"},
    also=PART,
    media_type=ZIP,
    request_headers=ASKED,
    headers=TOLD,
    problems=PROBLEMS,
)
async def download_linked() -> Response:
    """Read an export with a mailed link.

    Who has the link has the export, without an access token, until it is removed.
    """
    return await _file(await services().exports.find_linked(request.args.get("token", "")))


async def _file(found: Export | None) -> Response:
    """The export, or the part of it that is wanted. Raises NotFound."""
    if found is None:
        raise NotFound(UNKNOWN)
    etag = found.sha256.hex()
    headers = {
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": 'attachment; filename="lyo-export.zip"',
        "Expires": f"{found.expires_at:%a, %d %b %Y %H:%M:%S GMT}",
    }
    if current_elsewhere(request, etag):
        return Response(None, 304, headers)
    part = wanted_range(request, etag, found.size)
    begins, ends = part or (0, found.size)
    if part is not None:
        headers["Content-Range"] = f"bytes {begins}-{ends - 1}/{found.size}"
    try:
        pieces = b"" if request.method == "HEAD" else await services().exports.read(found, begins, ends)
    except NoSuchFile:
        raise NotFound(UNKNOWN) from None
    response = Response(pieces, 200 if part is None else 206, headers, content_type=ZIP)
    response.content_length = ends - begins
    response.timeout = SEND_SECONDS
    return response
