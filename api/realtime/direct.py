"""Hypercorn's WebSocket stream with a direct way in and out: an ASGI extension, in this one file.

A server's frames are unmasked, so the bytes of one event are the same for every socket: encoded and framed once
(lyo_rt/outgoing.py) they are written straight to each connection's transport, without a task, a queue or a frame
of its own per socket. What comes in goes to the session without the queue of ten and the task that would read it.

`install` has Hypercorn use the stream for HTTP/1.1. Where it is not in use (another server, a later Hypercorn)
the scope lacks the extension, and sockets are served through plain ASGI messages. What is relied on of Hypercorn 0.18
is held by tests/contracts/test_direct.py.
"""

import asyncio
from contextlib import suppress
from typing import Any, Protocol, cast

from hypercorn.protocol import h11, ws_stream
from hypercorn.protocol.events import Body, Data, Event, Request, StreamClosed
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError

from api.asgi import Scope

EXTENSION = "lyo.direct"
HIGH_WATER_BYTES = 64 * 1024
"""So much may lie in a transport's buffer; who has more waiting is not written to."""

CONNECTED = ws_stream.ASGIWebsocketState.CONNECTED


class Peer(Protocol):
    """Who is told of what comes in on a direct stream."""

    async def received(self, data: str | bytes) -> None:
        """A message. Nothing more is read from the connection until this returns; it never raises."""
        ...

    def gone(self) -> None:
        """The connection has ended; told once, unless the whole server is stopped first."""
        ...


class DirectStream(ws_stream.WSStream):
    """One WebSocket. Until `detach` it is Hypercorn's own."""

    _peer: Peer | None = None
    _writer: asyncio.StreamWriter
    _transport: asyncio.WriteTransport
    _cut: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.buffer = _Bytes(self.config.websocket_max_message_size)

    # -- for the application

    def detach(self, peer: Peer) -> None:
        """From here on `peer` is told of what comes, and the application may return without ending the connection.

        The handshake has been accepted.
        """
        self._writer = _writer_below(self)
        self._transport = self._writer.transport
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self._peer = peer
        self.app_put = self._deliver
        self.scope = cast("Any", {})  # the handshake's headers, 2 KB a connection, nobody asks for any more
        if self.closed:
            self._part(peer)  # the client left during the handshake: what was told of it then, nobody reads any more

    def write(self, frame: bytes) -> bool:
        """Send the bytes of whole frames; False, and nothing is sent, while too much lies in the transport's buffer."""
        transport = self._transport
        if transport.get_write_buffer_size() > HIGH_WATER_BYTES:
            return False
        if self.state is CONNECTED and not transport.is_closing():
            transport.write(frame)
        return True

    async def drained(self) -> None:
        """Until the transport's buffer has room again, or the connection has ended."""
        try:
            await self._writer.drain()
        except OSError:
            self._cut_off()

    async def ended(self) -> None:
        """Until the connection has ended."""
        with suppress(OSError):
            # The future is Hypercorn's as well: whoever gives up waiting must not cancel it.
            await asyncio.shield(self._writer.wait_closed())

    def finish(self, code: int, reason: str, linger: float) -> None:
        """Say goodbye; a client that has not gone `linger` seconds later is cut off, whatever lies unread."""
        if self.state is CONNECTED:
            self.state = ws_stream.ASGIWebsocketState.CLOSED
            self._goodbye(code, reason)
        if self._cut is None and not self.closed:
            self._cut = asyncio.get_running_loop().call_later(linger, self._cut_off)

    # -- for Hypercorn

    async def handle(self, event: Event) -> None:
        """Offers the extension before the application's task has run for the first time."""
        early = isinstance(event, Body | Data) and not self.handshake.accepted and not self.closed
        await super().handle(event)
        if isinstance(event, Request) and self.app_put is not None:
            extensions = cast("dict[str, Any]", self.scope["extensions"])
            extensions[EXTENSION] = self
        elif early and self.app_put is not None:
            # Data before the handshake was answered: refused with 400 just now, and Hypercorn leaves it at that.
            await self.app_put({"type": "websocket.disconnect", "code": CloseReason.ABNORMAL_CLOSURE.value})
            await self.send(StreamClosed(stream_id=self.stream_id))

    async def app_send(self, message: Any) -> None:
        """The application's return (None) ends a stream that is not detached."""
        if message is not None or self._peer is None:
            await super().app_send(message)

    async def _accept(self, message: Any) -> None:
        """The answer to the handshake as bytes: through h11 it takes a tenth of all that a new session costs."""
        status, headers, self.connection = self.handshake.accept(message.get("subprotocol"), message.get("headers", []))
        self.state = CONNECTED
        lines = [b"HTTP/1.1 %d Switching Protocols" % status, *(b"%s: %s" % header for header in headers)]
        await self.send(Data(stream_id=self.stream_id, data=b"\r\n".join(lines) + b"\r\n\r\n"))

    async def _handle_events(self) -> None:
        """As Hypercorn's, but a protocol fault is answered with its close code (RFC 6455 §7.1.7) before the end."""
        for event in self.connection.events():
            match event:
                case Message():
                    try:
                        self.buffer.extend(event)
                    except ws_stream.FrameTooLargeError:
                        await self._fail(CloseReason.MESSAGE_TOO_BIG, "messages have at most 64 KiB")
                        return
                    if event.message_finished and self.app_put is not None:
                        message = self.buffer.to_message()
                        self.buffer.clear()
                        await self.app_put(message)
                case Ping():
                    await self._send_wsproto_event(event.response())
                case CloseConnection():
                    if self.connection.state is ConnectionState.REMOTE_CLOSING:
                        await self._send_wsproto_event(event.response())
                    elif self.connection.state is ConnectionState.OPEN:
                        await self._fail(event.code, event.reason or "")
                        return
                    await self.send(StreamClosed(stream_id=self.stream_id))

    async def _fail(self, code: int, reason: str) -> None:
        self._goodbye(code, reason)
        self.state = ws_stream.ASGIWebsocketState.CLOSED
        await self.send(StreamClosed(stream_id=self.stream_id))

    def _goodbye(self, code: int, reason: str) -> None:
        try:
            data = self.connection.send(CloseConnection(code=code, reason=reason))
        except LocalProtocolError:
            return
        if not (writer := _writer_below(self)).transport.is_closing():
            writer.write(data)

    async def _deliver(self, message: Any) -> None:
        """What Hypercorn would put into the application's queue."""
        peer = self._peer
        if message["type"] == "websocket.receive" and peer is not None:
            text = message["text"]
            await peer.received(text if text is not None else message["bytes"])
        elif message["type"] == "websocket.disconnect":
            if self._cut is not None:
                self._cut.cancel()
            if peer is not None:
                self._part(peer)

    def _part(self, peer: Peer) -> None:
        peer.gone()
        self.app_put = self._peer = None  # both refer back to the stream

    def _cut_off(self) -> None:
        self._transport.abort()


class _Bytes(ws_stream.WebsocketBuffer):
    """Counts bytes; Hypercorn counts the characters of a text."""

    def extend(self, event: Message[Any]) -> None:
        """Raises FrameTooLargeError."""
        if isinstance(event, TextMessage) and not event.data.isascii():
            self.length += len(event.data.encode()) - len(event.data)
        super().extend(event)


def direct_of(scope: Scope) -> DirectStream | None:
    """The direct stream of a WebSocket's scope, or None where it has to be served by messages."""
    stream: DirectStream | None = scope.get("extensions", {}).get(EXTENSION)
    return stream


def install() -> None:
    """Have Hypercorn use DirectStream for WebSockets over HTTP/1.1."""
    h11.WSStream = DirectStream  # type: ignore[attr-defined, assignment]


def _writer_below(stream: DirectStream) -> asyncio.StreamWriter:
    """The connection under a stream: its `send` is the HTTP/1.1 protocol's, whose `send` is the TCP server's."""
    protocol = stream.send.__self__  # type: ignore[attr-defined]
    writer: asyncio.StreamWriter = protocol.send.__self__.writer
    return writer
