"""One request and its answer, as the edge sees it: its id, and the one line the access log gets."""

import re
import time
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import structlog

from api.openapi import Answers
from lyo_rt.limits.policies import Standing
from lyo_rt.security.tokens import Identity

SCOPE_KEY = "lyo.exchange"
CLIENT_GONE = 499
"""Logged as the status when the client left before an answer began."""

_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_HOST = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
"""Before the path of an absolute target: it may hold a password."""

Headers = Iterable[tuple[bytes, bytes]]


@dataclass
class Exchange:
    """What is known of one request while it is answered."""

    request_id: str
    method: str
    path: str
    """As the client sent it: percent-encoded, without the host of an absolute target, and without the query."""
    started: float = field(default_factory=time.perf_counter)
    route: str | None = None
    user_id: str | None = None
    status: int | None = None
    identity: Identity | None = None
    """Who sent it, once that has been looked at and found good."""
    promise: Answers | None = None
    """Of the route that answers it."""
    standings: Sequence[Standing] = ()
    """Under which rate limits it was counted, and where that leaves who sent it."""

    def log(self) -> None:
        """Write the access log line. The query is left out: it may carry a token."""
        structlog.get_logger("lyo.access").info(
            "request",
            method=self.method,
            route=self.route,
            path=self.path,
            status=self.status or CLIENT_GONE,
            duration_ms=round((time.perf_counter() - self.started) * 1000, 2),
            request_id=self.request_id,
            **({"user_id": self.user_id} if self.user_id else {}),
        )


def exchange_of(scope: MutableMapping[str, Any]) -> Exchange:
    """The exchange of an ASGI http or websocket scope, begun when there is none yet."""
    if SCOPE_KEY not in scope:
        raw_path = scope.get("raw_path") or scope["path"].encode()
        if (host := _HOST.match(raw_path)) is not None:
            raw_path = raw_path[host.end() :]
        scope[SCOPE_KEY] = Exchange(
            request_id=_request_id(scope["headers"]),
            method=scope.get("method", "GET"),
            path=raw_path.partition(b"?")[0].decode("latin-1"),
        )
    return cast("Exchange", scope[SCOPE_KEY])


def header(headers: Headers, name: bytes) -> str | None:
    """The first value of a header; `name` is lower-case."""
    for found, value in headers:
        if found.lower() == name:
            return value.decode("latin-1")
    return None


def _request_id(headers: Headers) -> str:
    given = header(headers, b"x-request-id")
    return given if given is not None and _REQUEST_ID.fullmatch(given) else str(uuid4())
