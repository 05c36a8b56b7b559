"""What operations of the OpenAPI document share: parameters, and the headers of answers."""

from typing import Any

PARAMETERS: dict[str, dict[str, Any]] = {
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "Your own id for this request, at most 128 visible ASCII characters; else one is made.",
        "schema": {"type": "string"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` of what you have read: it is changed only if it still is that, else 412.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of what you have: 304 without a body when it still is that.",
        "schema": {"type": "string"},
    },
    "Limit": {
        "name": "limit",
        "in": "query",
        "description": "How many items at most.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    },
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "`nextCursor` of the page before; opaque, good for 24 hours.",
        "schema": {"type": "string"},
    },
}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {"description": "The request's id, as in the logs.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before asking again.", "schema": {"type": "integer"}},
    "Location": {"description": "Where to find what was made or begun.", "schema": {"type": "string"}},
    "RateLimit-Policy": {
        "description": "The limits this request was counted under: name, `q` quota, `w` seconds of the sliding window.",
        "schema": {"type": "string"},
        "example": '"general";q=100;w=60, "ai";q=10;w=60',
    },
    "RateLimit": {
        "description": "Where you stand under each: `r` requests left, `t` seconds until there are more.",
        "schema": {"type": "string"},
        "example": '"general";r=97;t=42, "ai";r=9;t=60',
    },
    "ETag": {
        "description": "The version of the resource, for If-None-Match and If-Match.",
        "schema": {"type": "string"},
    },
    "Allow": {"description": "The methods this path answers.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
}
HEADERS_BY_STATUS = {
    201: ("Location",),
    202: ("Location", "Retry-After"),
    304: ("ETag",),
    401: ("WWW-Authenticate",),
} | dict.fromkeys((429, 503), ("Retry-After",))
