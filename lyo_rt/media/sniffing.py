"""What a file is, by its bytes alone: neither its name nor what the client calls it counts."""

import puremagic

IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
ALLOWED = {
    "avatar": IMAGES,
    "lesson": IMAGES | {"audio/mpeg", "audio/mp4", "audio/ogg", "video/mp4", "video/webm", "application/pdf"},
}
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "application/pdf": ".pdf",
}
_TYPES = {extension: kind for kind, extension in EXTENSIONS.items()} | {
    ".jpeg": "image/jpeg",
    ".jfif": "image/jpeg",
    ".f4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".mpga": "audio/mpeg",
}
_HEAD = 4096
_DOCTYPE = 64
"""WebM and Matroska begin alike; the name of the one it is stands within the first element."""


def sniffed(data: bytes) -> str | None:
    """The media type of `data` when it is one of those known here."""
    head = data[:_HEAD]
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"\x42\x82\x84webm" in head[:_DOCTYPE] else None
    if _is_layer_3_frame(head):
        return "audio/mpeg"
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):  # nothing known; nothing at all
        return None
    surest = max(match.confidence for match in found)
    types = {_TYPES.get(match.extension) for match in found if match.confidence == surest}
    known = {kind for kind in types if kind is not None}
    return known.pop() if len(known) == 1 else None


def _is_layer_3_frame(head: bytes) -> bool:
    """A frame of MPEG audio, layer III, that no tag precedes; the library knows but one of its six beginnings."""
    return len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 not in (0x00, 0xF0)
