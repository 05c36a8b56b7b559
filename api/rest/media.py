"""Uploads: avatars and lesson media."""

from typing import get_args
from urllib.parse import quote
from uuid import UUID

from quart import Blueprint, Response, request
from werkzeug.datastructures import Headers

from api.authentication import signed_in, who
from api.media_access import may_add, may_read
from api.openapi import answers
from api.ranges import current_elsewhere, wanted_range
from api.requests import once
from api.responses import BodyTooSlow, RangeNotSatisfiable, json_answer
from api.services import services
from api.uploads import Upload, pointer, received
from lyo_rt.database.pool import Transaction
from lyo_rt.media.names import shown_name
from lyo_rt.media.records import UPLOAD_MAX_BYTES, Content, Media, MediaRecord, NewMedia, Purpose, Refused, media_record
from lyo_rt.media.sniffing import EXTENSIONS
from lyo_rt.problems import BadRequest, Fault, InvalidInput, NotFound, StaleVersion, TooLarge, UnsupportedMediaType

blueprint = Blueprint("media", __name__)

CSP = "default-src 'none'; frame-ancestors 'none'; sandbox"
CACHE = "private, max-age=86400, immutable"
"""What is under an id never changes; a day is how long a copy outlives a withdrawn permission."""
SEND_SECONDS = 600
"""For 10 MiB at 17 KiB/s; a range gets the rest."""
ATTRIBUTE = "!#$&+-.^_`|~"
"""The characters that an extended parameter has as they are, besides letters and digits (RFC 8187)."""
FORM = {
    "type": "object",
    "required": ["file", "purpose"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "At most 10 MiB."},
        "purpose": {
            "type": "string",
            "enum": list(get_args(Purpose)),
            "description": "avatar: JPEG, PNG, WebP or GIF, shown at most 512 pixels wide and high, in place of the "
            "former one. lesson: these, at most 2048 pixels, or MP3, M4A, OGG, MP4, WebM, PDF.",
        },
        "course_id": {"type": "string", "format": "uuid", "description": "For lesson media: a course of yours."},
    },
}


@blueprint.post("/v1/media")
@answers(
    MediaRecord,
    status=201,
    idempotency="optional",
    form=FORM,
    limit="upload",
    example={"file": "(bytes)", "purpose": "avatar"},
    problems=(BadRequest, InvalidInput, TooLarge, UnsupportedMediaType, BodyTooSlow),
)
@signed_in
async def upload() -> Response:
    """Upload an avatar, or media for a lesson.

    What a file is, its bytes say. Images are made anew: upright, without EXIF or other metadata, at most as large as
    their purpose needs. Sound, films and PDFs lose their metadata (names, places, devices, programs) and are refused
    where they cannot be read; sound and pictures in them stay as they are. The answer's size and digest are of what is
    kept.
    """
    user = who().user_id
    async with received(most=UPLOAD_MAX_BYTES) as form:
        purpose, course, content = await _checked(form, user)
        body = {"file": form.digest, "name": form.file_name, **form.fields}
        name = shown_name(form.file_name, EXTENSIONS[content.media_type])
    new = NewMedia(user, purpose, course, name)
    released: list[UUID] = []
    async with services().library.written(content) as written:

        async def create(transaction: Transaction) -> Response:
            added = await services().library.add(transaction, written, content, new)
            released.extend(added.released)
            record = media_record(added.media)
            return json_answer(record, 201, {"Location": record.url})

        response = await once(create, user_id=user, body=body)
    await services().library.remove(released)
    return response


@blueprint.get("/v1/media/<uuid:media_id>")
@answers(
    bytes,
    also={206: bytes, 304: None},
    media_type="*/*",
    request_headers={"Range": "one range of bytes (RFC 9110 §14)", "If-None-Match": "the ETag of a copy"},
    headers={
        "ETag": "a strong one: the SHA-256 of the bytes",
        "Content-Range": "which bytes these are, with 206",
        "Cache-Control": "how long a copy is good",
        "Content-Disposition": "the name to show",
    },
    problems=(NotFound, StaleVersion, RangeNotSatisfiable),
)
@signed_in
async def download(media_id: UUID) -> Response:
    """Read an upload.

    Your own; the avatar of whose profile you may read; lesson media of a course that you may read. The answer's
    Content-Type is what the bytes are. Conditions and ranges are as RFC 9110 has them; a request for several ranges
    gets all.
    """
    media = await _readable(media_id)
    etag = media.digest.hex()
    headers = _headers(media, etag)
    if current_elsewhere(request, etag):
        return Response(None, 304, headers)
    part = wanted_range(request, etag, media.size)
    begins, ends = part or (0, media.size)
    if part is not None:
        headers["Content-Range"] = f"bytes {begins}-{ends - 1}/{media.size}"
    pieces = b"" if request.method == "HEAD" else await services().library.read(media, begins, ends)
    response = Response(pieces, 200 if part is None else 206, headers, content_type=media.media_type)
    response.content_length = ends - begins
    response.timeout = SEND_SECONDS
    return response


@blueprint.delete("/v1/media/<uuid:media_id>")
@answers(None, status=204, problems=(NotFound,))
@signed_in
async def delete(media_id: UUID) -> Response:
    """Delete an upload of yours.

    Its file goes with the last upload of the same bytes.
    """
    media = await _readable(media_id)
    if media.user_id != who().user_id:
        raise NotFound("There is no such upload of yours.")
    await services().library.delete(media)
    return Response(None, 204)


async def _checked(form: Upload, user: UUID) -> tuple[Purpose, UUID | None, Content]:
    """What the form says. Raises InvalidInput with all that is wrong with it."""
    faults = list(form.faults)
    faults += [Fault(pointer(name), "is not known here") for name in form.fields if name not in FORM["properties"]]
    purpose = next((one for one in get_args(Purpose) if one == form.fields.get("purpose")), None)
    if purpose is None:
        faults.append(Fault("/purpose", f"must be one of {', '.join(get_args(Purpose))}"))
    course = await _course(form.fields.get("course_id"), purpose, user, faults)
    content = None
    if form.usable:
        try:
            content = await services().library.examine(form.file, purpose or "lesson")
        except Refused as refusal:
            faults.append(Fault("/file", str(refusal)))
    if faults or purpose is None or content is None:
        raise InvalidInput(errors=faults)
    return purpose, course, content


async def _course(given: str | None, purpose: Purpose | None, user: UUID, faults: list[Fault]) -> UUID | None:
    at = "/course_id"
    if given is None or purpose == "avatar":
        if purpose == "lesson":
            faults.append(Fault(at, "lesson media need the course they belong to"))
        elif given is not None:
            faults.append(Fault(at, "an avatar belongs to no course"))
        return None
    try:
        course = UUID(given)
    except ValueError:
        faults.append(Fault(at, "must be a UUID"))
        return None
    if not await may_add(course, user):
        faults.append(Fault(at, "there is no such course of yours"))
    return course


async def _readable(id: UUID) -> Media:
    media = await services().library.find(id)
    if media is None or not await may_read(media, who()):
        raise NotFound("There is no such upload.")
    return media


def _headers(media: Media, etag: str) -> Headers:
    headers = Headers(
        {"ETag": f'"{etag}"', "Accept-Ranges": "bytes", "Cache-Control": CACHE, "Content-Security-Policy": CSP}
    )
    shown = "attachment" if media.media_type == "application/pdf" else "inline"
    headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(media.name, safe=ATTRIBUTE)}"
    return headers
