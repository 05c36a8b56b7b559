"""Request targets (RFC 9112 §3.2): what is refused, and how those that are taken are spelled for the routes.

A target that a proxy on the way may have read otherwise than this server is refused, so that no rule there is passed
by: dots that climb, slashes in disguise, empty segments, control characters, another host than Host says.
"""

import re
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

from api.exchange import header

_PLAIN = re.compile(rb"/|(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+/?")
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#@]+)(/.*)?", re.DOTALL)

CLIMBS = "An address cannot have dots for segments."
DISGUISED = "An address cannot have an encoded slash, a backslash or a control character."
EMPTY = "An address cannot have empty segments."
NUL = "An address cannot contain a NUL character."
ODD = "The request's target must be a path, or an http address."
ELSEWHERE = "The request's target names another host than its Host header."


def fault_of(scope: MutableMapping[str, Any]) -> str | None:
    """What is wrong with the target of a request, or of a WebSocket's handshake; None when nothing is."""
    if b"%00" in scope["query_string"]:
        return NUL
    raw: bytes = scope["raw_path"]
    if _PLAIN.fullmatch(raw):
        return None
    if not raw.startswith(b"/"):
        absolute = _ABSOLUTE.fullmatch(raw)
        if absolute is None:
            return None if raw == b"*" and scope.get("method") == "OPTIONS" else ODD
        if absolute[1].decode("latin-1").lower() != (header(scope["headers"], b"host") or "").lower():
            return ELSEWHERE
        raw = absolute[2] or b"/"
    return _fault_of_path(raw)


def _fault_of_path(raw: bytes) -> str | None:
    segments = [unquote(segment, "latin-1") for segment in raw.decode("latin-1")[1:].split("/")]
    if segments[-1] == "" and len(segments) > 1:
        segments.pop()
    if "" in segments and segments != [""]:
        return EMPTY
    if any(segment in {".", ".."} for segment in segments):
        return CLIMBS
    if any(character in "/\\\x7f" or character < " " for segment in segments for character in segment):
        return DISGUISED
    return None


def spelled(path: str) -> str:
    """The path as routes spell it: `/api/v1/x/` is `/v1/x`, `http://host/v1/x` (absolute form) too."""
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2] if "://" in path else f"/{path}"
    if path == "/api/v1" or path.startswith("/api/v1/"):
        path = path[len("/api") :]
    return path[:-1] if len(path) > 1 and path.endswith("/") else path or "/"
