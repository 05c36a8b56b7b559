"""Which bytes of a file a request wants (RFC 9110 §13 and §14)."""

import re

from quart import Request

from api.responses import RangeNotSatisfiable
from lyo_rt.problems import StaleVersion

_RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,1000})-([0-9]{0,1000})[ \t]*", re.IGNORECASE)


def current_elsewhere(request: Request, etag: str) -> bool:
    """Whether the client has this version already (304). Raises StaleVersion when it wants another one."""
    if "If-Match" in request.headers and not request.if_match.contains(etag):
        raise StaleVersion
    return "If-None-Match" in request.headers and request.if_none_match.contains_weak(etag)


def wanted_range(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """The part from its first byte up to but without its last, or None: all of it.

    A request for several parts gets all of it, as does one that means another version, or says nothing that can be
    understood (§14.2 allows the first, asks for the others). `etag` is a strong one, without its quotes. Raises
    RangeNotSatisfiable.
    """
    found = _RANGE.fullmatch(request.headers.get("Range", "")) if request.method == "GET" else None
    if found is None or request.headers.get("If-Range", f'"{etag}"') != f'"{etag}"':
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        begins, ends = max(0, size - int(last)), size
    else:
        begins, ends = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < begins:
            return None
    if begins >= size:
        raise RangeNotSatisfiable(f"There are {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return begins, ends
