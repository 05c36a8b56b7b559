"""A file over HTTP: ranges of one version of it, by Range and If-Range (RFC 9110 §13.1.5, §14)."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from lyo_rt.models.address import secure, shown
from lyo_rt.models.source import Body, SourceFault

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""Without a byte, until a connection counts as broken."""
_AGAIN = frozenset({408, 425, 429})
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class HttpSource:
    """GET, with redirections followed; an `Authorization` of `headers` stays with the first host."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._url = url
        # Compressed bytes could neither be counted nor be asked for by range.
        self._headers = {"accept-encoding": "identity", **(headers or {})}

    @asynccontextmanager
    async def open(self, offset: int, etag: str | None) -> AsyncIterator[Body]:
        """As Source.open."""
        rest = {"range": f"bytes={offset}-", "if-range": etag} if offset and etag else {}
        try:
            async with (
                httpx.AsyncClient(
                    follow_redirects=True,
                    timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
                    event_hooks={"request": [_guarded]},
                ) as client,
                client.stream("GET", self._url, headers=self._headers | rest) as response,
            ):
                _check(response)
                yield _body(response, offset)
        except httpx.TooManyRedirects as fault:
            raise SourceFault("refused", "the source sends from one address to the next without end") from fault
        except httpx.TransportError as fault:
            raise SourceFault("unreachable", _words(fault), again=True) from fault


async def _guarded(request: httpx.Request) -> None:
    if not secure(str(request.url)):
        raise SourceFault("refused", f"the source leads to {shown(str(request.url))}, which is not https")


def _check(response: httpx.Response) -> None:
    status, where = response.status_code, shown(str(response.url))
    if status in (200, 206):
        return
    if status in (404, 410):
        raise SourceFault("not_found", f"there is no file at {where} (HTTP {status})")
    if status == 416:
        raise SourceFault("unreachable", f"{where} has become shorter", again=True, anew=True)
    if status in _AGAIN or status >= 500:
        asked = response.headers.get("retry-after", "")
        wait = float(asked) if asked.isdigit() else 0.0
        raise SourceFault("unreachable", f"{where} answers HTTP {status}", again=True, retry_after=wait)
    raise SourceFault("refused", f"{where} answers HTTP {status}")


def _body(response: httpx.Response, offset: int) -> Body:
    etag: str | None = response.headers.get("etag")
    if etag is not None and etag.startswith("W/"):
        etag = None  # If-Range takes strong validators only
    length = response.headers.get("content-length", "")
    begins, total = 0, int(length) if length.isdigit() else None
    if response.status_code == 206:
        found = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != offset:
            raise SourceFault("unreachable", "the source gave another range than was asked", again=True, anew=True)
        begins, total = offset, None if found[3] == "*" else int(found[3])
    return Body(response.aiter_raw(), begins, total, etag)


def _words(fault: httpx.TransportError) -> str:
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(fault).__name__).lower()
    return f"{kind}: {fault}" if str(fault) else kind
