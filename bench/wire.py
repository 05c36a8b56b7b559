"""The load's own HTTP and WebSocket clients: bytes over asyncio transports, as cheap as Python allows.

Both stacks are measured by this code. It understands what their servers send, not all that the protocols allow: no
continuation frames, no extensions, HTTP answers with a content length.
"""

import asyncio
import itertools
import struct
from collections.abc import Callable
from typing import Any, cast

import msgspec

Address = tuple[str, int]
SOURCES = [f"127.0.0.{n}" for n in range(2, 12)]
"""Loopback addresses to connect from: one has ports for 28,000 connections, and those of a former line linger."""

_sources = itertools.cycle(SOURCES)
_PONG = b"\x8a\x80\x00\x00\x00\x00"


class NotDone(Exception):
    """A side did not do its job; the text says what was missing."""


class Refused(NotDone):
    """The server answered with something else than was asked for."""


def masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame, masked with zeros (RFC 6455 §5.3 wants a mask, any mask)."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, size)
    return head + b"\0\0\0\0" + payload


class WebSocket(asyncio.Protocol):
    """One client. `heard` is called with the payload of every text or binary message."""

    __slots__ = ("_buffer", "_handshake", "_transport", "closed", "code", "heard", "opened")

    def __init__(self, handshake: bytes, heard: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        self._handshake: bytes | None = handshake
        self._buffer = b""
        self.heard = heard
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed = False
        self.code: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._handshake or b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(Refused(f"connection lost in the handshake: {exc}"))

    def data_received(self, data: bytes) -> None:
        # The usual case first: one whole short message.
        if (
            not self._buffer
            and data[0] == 0x81
            and len(data) > 1
            and (len(data) == data[1] + 2 or (data[1] == 126 and len(data) == int.from_bytes(data[2:4]) + 4))
        ):
            self.heard(data[4 if data[1] == 126 else 2 :])
            return
        if self._buffer:
            data = self._buffer + data
        if self._handshake is not None:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = data
                return
            if not head.startswith(b"HTTP/1.1 101"):
                if not self.opened.done():
                    self.opened.set_exception(Refused(data[:300].decode(errors="replace")))
                self._transport.close()
                return
            self._handshake = None
            self.opened.set_result(None)
            data = rest
        self._frames(data)

    def _frames(self, data: bytes) -> None:
        at, size = 0, len(data)
        while size - at >= 2:
            length = data[at + 1]
            begin = at + 2
            if length == 126:
                if size - at < 4:
                    break
                length = data[at + 2] << 8 | data[at + 3]
                begin = at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length = int.from_bytes(data[at + 2 : at + 10])
                begin = at + 10
            end = begin + length
            if end > size:
                break
            self._frame(data[at], data[begin:end])
            at = end
        self._buffer = data[at:]

    def _frame(self, first: int, payload: bytes) -> None:
        if first in (0x81, 0x82):
            self.heard(payload)
        elif first == 0x89:
            self._transport.write(_PONG if not payload else masked(0xA, payload))
        elif first == 0x88:
            self.code = int.from_bytes(payload[:2]) if len(payload) >= 2 else 1005
            self._transport.write(masked(0x8, payload[:2]))
            self._transport.close()

    def send(self, text: bytes) -> None:
        """One text message."""
        self._transport.write(masked(0x1, text))

    def close(self) -> None:
        """Leave with 1000; what still comes is not looked at."""
        self.heard = _ignored
        if not self.closed:
            self._transport.write(masked(0x8, struct.pack("!H", 1000)))
            self._transport.close()


def _ignored(_: bytes) -> None:
    return


async def connect(
    address: Address, path: str, heard: Callable[[bytes], None], *, token: str = "", subprotocol: str = ""
) -> WebSocket:
    """A WebSocket whose handshake is done. Raises Refused, OSError."""
    headers = [
        f"GET {path} HTTP/1.1",
        f"Host: {address[0]}:{address[1]}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    if token:
        headers.append(f"Authorization: Bearer {token}")
    if subprotocol:
        headers.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    handshake = "\r\n".join([*headers, "", ""]).encode()
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: WebSocket(handshake, heard), *address, local_addr=(next(_sources), 0)
    )
    await socket.opened
    return socket


class Http(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Refused(f"connection lost: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or self._answer is None:
            return
        size = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        if len(rest) >= size:
            self._buffer = rest[size:]
            answer, self._answer = self._answer, None
            answer.set_result((int(head[9:12]), rest[:size]))

    async def post(self, path: str, body: dict[str, Any], headers: dict[str, str], *, status: int) -> dict[str, Any]:
        """The JSON answer. Raises Refused when its status is another than `status`."""
        content = msgspec.json.encode(body)
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
        lines += ["Content-Type: application/json", *(f"{name}: {value}" for name, value in headers.items())]
        self._answer = asyncio.get_running_loop().create_future()
        answer = self._answer
        self._transport.write("\r\n".join([*lines, "", ""]).encode() + content)
        got, text = await answer
        if got != status:
            raise Refused(f"{path}: {got} {text[:300]!r}")
        decoded: dict[str, Any] = msgspec.json.decode(text)
        return decoded

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()


async def http(address: Address) -> Http:
    """An open connection."""
    _, connection = await asyncio.get_running_loop().create_connection(Http, *address, local_addr=(next(_sources), 0))
    return connection


class Publisher(asyncio.Protocol):
    """PUBLISH to the Redis-protocol server, pipelined; the answers are only counted."""

    def __init__(self) -> None:
        self._open = 0
        self._answered = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if b"-" in data:
            raise Refused(data.decode(errors="replace"))
        self._open -= data.count(b"\r\n")
        if not self._open:
            self._answered.set()

    def publish(self, channel: bytes, payload: bytes) -> None:
        """One message; it goes out in the order of the calls."""
        self._open += 1
        self._transport.write(
            b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(channel), channel, len(payload), payload)
        )

    async def close(self) -> None:
        """Let go of the connection once everything has been taken: closed before, what is under way would be lost."""
        while self._open:
            self._answered.clear()
            async with asyncio.timeout(10):
                await self._answered.wait()
        self._transport.close()


async def publisher(port: int) -> Publisher:
    """A connection to the server on that port of the loopback."""
    _, connection = await asyncio.get_running_loop().create_connection(Publisher, "127.0.0.1", port)
    return connection
