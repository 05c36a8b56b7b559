"""The front door: one ASGI application before Quart (HTTP) and the realtime application (WebSockets).

What holds for every request, whoever answers it, is here: what is refused unread, how a path is spelled, the request's
id, the security headers, and the access log.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import structlog
from quart import Quart

from actors.courtesy import Courtesy
from api.cors import Cors
from api.entrance import Entrance
from api.exchange import Exchange, Headers, exchange_of, header
from api.hosts import TrustedHosts
from api.http11 import install
from api.responses import Misdirected, UnknownVersion, as_problem, rendered
from api.targets import fault_of, spelled
from lyo_rt.problems import BadRequest, Problem
from lyo_rt.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

VERSIONS = frozenset({"1.0", "1.1"})
HSTS = "max-age=63072000; includeSubDomains"
API_CSP = "default-src 'none'; frame-ancestors 'none'"


def create_asgi(app: Quart, realtime: Application) -> Application:
    """HTTP and the lifespan to `app`, WebSockets to `realtime`, whose scopes have the path spelled `/v1/...`."""
    install()
    return FrontDoor(app, realtime, app.extensions["lyo"].settings)


class FrontDoor:
    """See create_asgi."""

    def __init__(self, app: Quart, realtime: Application, settings: Settings) -> None:
        self._app: Application = app  # type: ignore[assignment]
        self._realtime = realtime
        self._hosts = TrustedHosts(settings)
        self._cors = Cors(settings)
        self._security = security_headers(settings)
        self._courtesy: Courtesy = app.extensions["lyo"].courtesy
        self._entrance: Entrance = app.extensions["lyo"].entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        exchange = exchange_of(scope)
        scope["path"] = spelled(scope["path"])
        with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
            if scope["type"] == "http":
                with self._courtesy.serving():
                    await self._entrance.enter()
                    await self._http(scope, receive, send, exchange)
            else:
                await self._websocket(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        answer = self._outgoing(scope, send, exchange)
        try:
            preflight = self._cors.preflight(scope["method"], scope["headers"])
            if problem := self._refusal(scope):
                await refuse(scope, receive, answer, problem)
            elif preflight is not None:
                await _finish(receive, answer, 204, preflight, b"")
            else:
                await self._app(scope, receive, answer)
        except Exception as error:
            if exchange.status is not None:
                raise
            await refuse(scope, receive, answer, as_problem(error))
        finally:
            exchange.log()

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if problem := self._refusal(scope):
            await refuse(scope, receive, send, problem)
        else:
            await self._realtime(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = scope["headers"]
        if scope["http_version"] not in VERSIONS:
            return UnknownVersion(headers={"Connection": "close"})
        if fault := ambiguous_framing(headers) or fault_of(scope):
            return BadRequest(fault, headers={"Connection": "close"})
        if not self._hosts.trusts(header(headers, b"host"), scope["path"]):
            return Misdirected("The Host header names a host that this server does not answer for.")
        return None

    def _outgoing(self, scope: Scope, send: Send, exchange: Exchange) -> Send:
        """`send`, with the headers that every answer carries; a page may bring its own Content-Security-Policy."""

        async def outgoing(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = list(message["headers"])
                has_policy = header(headers, b"content-security-policy") is not None
                headers += [(name, value) for name, value in self._security if not (has_policy and name == _CSP)]
                headers += self._cors.headers(scope["headers"])
                headers.append((b"x-request-id", exchange.request_id.encode()))
                message["headers"] = headers
            await send(message)

        return outgoing


_CSP = b"content-security-policy"


def security_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """What every answer carries; HSTS only outside development, which is served without TLS."""
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (_CSP, API_CSP.encode()),
    ]
    if settings.environment != "development":
        headers.append((b"strict-transport-security", HSTS.encode()))
    return headers


def ambiguous_framing(headers: Headers) -> str | None:
    """Why the end of a request's body is in doubt (RFC 9112 §6.3: request smuggling), or None.

    Two lengths and unknown codings do not come so far over HTTP/1.1: see api/http11.py.
    """
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    chunked = any(name.lower() == b"transfer-encoding" for name, _ in headers)
    if chunked and lengths:
        return "A request cannot have both Content-Length and Transfer-Encoding."
    if len(lengths) > 1 or any(b"," in length for length in lengths):
        return "A request cannot have more than one Content-Length."
    return None


async def refuse(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    """Answer an HTTP request, or a WebSocket's handshake before it is accepted, with a problem."""
    exchange = exchange_of(scope)
    status, fields, body = rendered(problem, instance=exchange.path, request_id=exchange.request_id)
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()]
    if scope["type"] == "http":
        await _finish(receive, send, status, headers, body)
    elif "websocket.http.response" in scope.get("extensions", {}):
        headers += [(b"content-length", str(len(body)).encode()), (b"x-request-id", exchange.request_id.encode())]
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body, "more_body": False})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": problem.title()})


async def _finish(receive: Receive, send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Answer at once. The body is read away meanwhile: Hypercorn waits in its queue of ten for whoever reads it."""

    async def read_away() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with anyio.create_task_group() as reading:
        reading.start_soon(read_away)
        length = (b"content-length", str(len(body)).encode())
        await send(
            {"type": "http.response.start", "status": status, "headers": [*headers, length] if body else headers}
        )
        await send({"type": "http.response.body", "body": body, "more_body": False})
        reading.cancel_scope.cancel()
