"""A place that models are pulled from, on loopback: a plain web server, Hugging Face, S3 and Cloud Storage in one.

Ranges, validators and their errors as RFC 9110 has them; for `/s3/` requests AWS's signature is checked.
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import anyio
import msgspec

from tests.loopback.server import Request, Response, serve

ACCESS_KEY, SECRET_KEY, REGION = "AKIALOOPBACK", "loopback/secret", "eu-central-1"
PIECE = 16 * 1024


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """How one request is answered: with `status` alone, or cut, or silent, `after` so many bytes of its body."""

    status: int | None = None
    retry_after: int | None = None
    after: int | None = None
    silent: bool = False


class Seen(msgspec.Struct, frozen=True):
    """One GET as it came, and the status it was answered with."""

    target: str
    headers: dict[str, str]
    status: int


class ModelStore:
    """Serves `content` under `etag` at each of `paths` (percent-decoded), unless a fault is queued."""

    def __init__(self, content: bytes, paths: tuple[str, ...]) -> None:
        self.content = content
        self.etag: str | None = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        self.paths = paths
        self.redirects: dict[str, str] = {}
        self.ranges = True
        self.sized = True
        self.pause = 0.0
        self.seen: list[Seen] = []
        self.sent = 0
        self.faults: list[Fault] = []
        self.after_a_fault: Callable[[], None] = lambda: None
        self.address = ""

    @classmethod
    @asynccontextmanager
    async def running(cls, content: bytes, *paths: str) -> AsyncIterator[Self]:
        """The store, listening on 127.0.0.1 while the block runs."""
        store = cls(content, paths)
        async with serve(store.answer) as store.address:
            yield store

    async def answer(self, request: Request, response: Response) -> None:
        """One GET."""
        path = unquote(urlsplit(request.target).path)
        if path in self.redirects:
            self._see(request, 302)
            await response.whole(302, b"", {"location": self.redirects[path]})
        elif path.startswith("/s3/") and not signed(request):
            self._see(request, 403)
            await response.whole(403, s3_error("SignatureDoesNotMatch"), {"content-type": "application/xml"})
        elif path not in self.paths:
            self._see(request, 404)
            await response.whole(404, s3_error("NoSuchKey"), {"content-type": "application/xml"})
        else:
            await self._given(request, response, self.faults.pop(0) if self.faults else Fault())

    async def _given(self, request: Request, response: Response, fault: Fault) -> None:
        if fault.status is not None:
            headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
            self._see(request, fault.status)
            await response.whole(fault.status, b"", headers)
            return
        wanted = request.headers.get("if-match")
        if wanted is not None and wanted != self.etag:
            self._see(request, 412)
            await response.whole(412, s3_error("PreconditionFailed"), {"content-type": "application/xml"})
            return
        begins = self._offset(request)
        if begins >= len(self.content):
            self._see(request, 416)
            await response.whole(416, b"", {"content-range": f"bytes */{len(self.content)}"})
            return
        await self._sent(request, response, begins, fault)

    def _offset(self, request: Request) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        if found is None or not self.ranges or request.headers.get("if-range", self.etag) != self.etag:
            return 0
        return int(found[1])

    async def _sent(self, request: Request, response: Response, begins: int, fault: Fault) -> None:
        body = self.content[begins:]
        headers = {
            "content-type": "application/octet-stream",
            "last-modified": "Sat, 21 Nov 2026 02:00:00 GMT",
            "accept-ranges": "bytes",
        }
        if self.etag is not None:
            headers["etag"] = self.etag
        if self.sized:
            headers["content-length"] = str(len(body))
        if begins:
            headers["content-range"] = f"bytes {begins}-{len(self.content) - 1}/{len(self.content)}"
        self._see(request, 206 if begins else 200)
        await response.begin(206 if begins else 200, headers)
        for start in range(0, len(body), PIECE):
            if fault.after is not None and start >= fault.after:
                self.after_a_fault()
                if fault.silent:
                    await anyio.sleep_forever()
                await response.cut()
                return
            await anyio.sleep(self.pause)
            await response.piece(body[start : start + PIECE])
            self.sent += PIECE
        await response.end()

    def _see(self, request: Request, status: int) -> None:
        self.seen.append(Seen(request.target, request.headers, status))

    @property
    def statuses(self) -> list[int]:
        """What was answered, in order."""
        return [seen.status for seen in self.seen]


def signed(request: Request) -> bool:
    """Whether the request carries AWS's signature (version 4) of itself by SECRET_KEY."""
    form = (
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)"
    )
    found = re.fullmatch(form, request.headers.get("authorization", ""))
    if found is None or found[1] != ACCESS_KEY or found[3] != REGION:
        return False
    names = found[4].split(";")
    parts = urlsplit(request.target)
    canonical = "\n".join(
        [
            request.method,
            quote(parts.path, safe="/-_.~%"),
            "&".join(sorted(f"{quote(name)}={quote(value)}" for name, value in parse_qsl(parts.query, True))),
            *(f"{name}:{request.headers[name].strip()}" for name in names),
            "",
            found[4],
            request.headers["x-amz-content-sha256"],
        ]
    )
    scope = f"{found[2]}/{REGION}/s3/aws4_request"
    text = "\n".join(
        ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(key.hex(), found[5])


def s3_error(code: str) -> bytes:
    """The body of an error, as S3 writes it."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'.encode()
