"""Entity tags and conditional requests (RFC 9110 §8.8.3, §13), for every route of a single resource at once.

The tag of an answer is a digest of it, unless the route names the resource's version itself (`versioned`). What stands
behind a dot in a tag tells representations of one version apart: the page of it, and whether it is packed.
"""

import hashlib
import re
from typing import Any

import msgspec
from quart import Response, current_app, request
from werkzeug.exceptions import HTTPException

from api.openapi import Answers
from api.responses import PACKED
from lyo_rt.problems import StaleVersion

CHANGES = frozenset({"PUT", "PATCH", "DELETE"})
TAG_BYTES = 12

_TAG = re.compile(r'(?:^|,)\s*(W/)?"([^"]*)"\s*(?=,|$)')


async def versioned(response: Response, *version: Any) -> Response:
    """The answer, with a tag that tells the resource's version, whichever page of it is shown."""
    shown = version_of(await response.get_data(as_text=False))
    response.headers["ETag"] = f'"{version_of(version)}.{shown}"'
    return response


def version_of(facts: Any) -> str:
    """A version by what it is made of: the answer's bytes, or facts that are others when the resource is."""
    encoded = facts if isinstance(facts, bytes) else msgspec.json.encode(facts)
    return hashlib.blake2b(encoded, digest_size=TAG_BYTES).hexdigest()


def unchanged(version: str) -> None:
    """The resource that the current request changes is still as its client knew it; ask it behind the row's lock.

    Raises StaleVersion when If-Match names other versions. Weak tags match nothing (RFC 9110 §13.1.1).
    """
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return
    if version not in {tag.partition(".")[0] for weak, tag in _TAG.findall(given) if not weak}:
        raise StaleVersion


def known(record: Any) -> None:
    """`unchanged`, of a resource whose answer is this record; given to services as what the client knows of it."""
    unchanged(version_of(record))


async def match() -> None:
    """Before a change with If-Match: what GET answers at the same address must still be what the client names.

    This spares the work of a change that is stale already. What makes one of two writers lose is `unchanged` or
    `known`, asked again in the transaction (tests/api/test_lost_updates.py races them). Raises StaleVersion, also
    where there is nothing to be read, and what the GET raises.
    """
    try:
        endpoint, arguments = current_app.create_url_adapter(request).match(method="GET")  # type: ignore[union-attr]
    except HTTPException:
        raise StaleVersion("There is nothing to be read at this address, so no version of it to match.") from None
    view = current_app.view_functions[endpoint]
    current = await current_app.make_response(await current_app.ensure_async(view)(**arguments))  # type: ignore[arg-type]
    unchanged(await _version(current))  # type: ignore[arg-type]


def keep(response: Response, promise: Answers) -> None:
    """Say who may keep an answer whose route does not: a learner's own device, asking each time, or nobody."""
    headers = response.headers
    if promise.signed_in:
        headers.add("Vary", "Authorization")
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "private, no-cache" if promise.signed_in else "no-store"


async def tag(response: Response, promise: Answers | None) -> None:
    """After a GET or HEAD: tag a single resource, and make it a 304 for who has it already (If-None-Match)."""
    headers = response.headers
    if "ETag" not in headers and promise is not None and _is_single(response, promise):
        headers["ETag"] = f'"{version_of(await response.get_data(as_text=False))}"'
    given, own = request.headers.get("If-None-Match"), headers.get("ETag")
    if given is not None and own is not None:
        tags = [own] if given.strip() == "*" else [f'"{tag}"' for _, tag in _TAG.findall(given)]
        if (known := next((tag for tag in tags if _bare(tag) == _bare(own)), None)) is not None:
            _not_modified(response, known)


def _is_single(response: Response, promise: Answers) -> bool:
    """A resource of its own: no list, whose cursors age, no stream, nothing that must not be kept."""
    single = not promise.page and response.timeout is not None and response.mimetype == "application/json"
    return single and "no-store" not in response.headers.get("Cache-Control", "")


async def _version(response: Response) -> str:
    if "ETag" in response.headers:
        return _bare(response.headers["ETag"]).partition(".")[0]
    return version_of(await response.get_data(as_text=False))


def _bare(tag: str) -> str:
    """A tag without its quotes, for a weak comparison; packed or not is the same to who can unpack."""
    return tag.removeprefix("W/").strip('"').removesuffix(PACKED)


def _not_modified(response: Response, known: str) -> None:
    """What a cache has to know anew (RFC 9110 §15.4.5), and no body; `known` is the tag of what it has."""
    response.status_code = 304
    response.headers["ETag"] = known
    response.vary.add("Accept-Encoding")
    response.set_data(b"")
    for name in ("Content-Length", "Content-Type", "Content-Encoding", "Last-Modified", "Accept-Ranges"):
        response.headers.pop(name, None)
