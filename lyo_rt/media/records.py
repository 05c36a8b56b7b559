"""An upload as examined, as stored, and as answered."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Purpose = Literal["avatar", "lesson"]

UPLOAD_MAX_BYTES = 10 * 1024 * 1024


class Refused(Exception):
    """The file is not kept; the text says why, to who sent it."""


class Content(msgspec.Struct, frozen=True):
    """Bytes fit to be stored, with what is known of them; `width` and `height` of images, in pixels."""

    data: bytes
    media_type: str
    digest: bytes
    width: int | None = None
    height: int | None = None


class NewMedia(msgspec.Struct, frozen=True):
    """An upload to be stored. `name` is for showing; `course_id` is there for lesson media alone."""

    user_id: UUID
    purpose: Purpose
    course_id: UUID | None
    name: str


class Media(NewMedia, frozen=True, kw_only=True):
    """An upload, and the stored file that it refers to."""

    id: UUID
    object_id: UUID
    digest: bytes
    media_type: str
    size: int
    width: int | None
    height: int | None
    created_at: datetime


class MediaRecord(msgspec.Struct, frozen=True):
    """An upload as its owner sees it. Size and digest are of the file as it is kept and given out."""

    id: UUID
    purpose: Purpose
    course_id: UUID | None
    name: str
    media_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None
    url: str
    created_at: datetime


def media_record(media: Media) -> MediaRecord:
    """`media` for an answer."""
    return MediaRecord(
        id=media.id,
        purpose=media.purpose,
        course_id=media.course_id,
        name=media.name,
        media_type=media.media_type,
        size=media.size,
        sha256=media.digest.hex(),
        width=media.width,
        height=media.height,
        url=f"/v1/media/{media.id}",
        created_at=media.created_at,
    )
