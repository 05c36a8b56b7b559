"""Clients of the WebSockets: one that keeps the protocol, and one that is only bytes."""

import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

SECONDS = 20.0


class Device:
    """A client of `/v1/ws` that keeps every frame."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[dict[str, Any]] = []

    async def send(self, type: str, **members: Any) -> None:
        """One frame."""
        await self.connection.send(json.dumps({"type": type, **members}))

    async def read(self) -> dict[str, Any]:
        """The next frame."""
        with anyio.fail_after(SECONDS):
            frame: dict[str, Any] = json.loads(await self.connection.recv())
        self.frames.append(frame)
        return frame

    async def until(self, type: str, **members: Any) -> dict[str, Any]:
        """The next frame of this type with these members."""
        while True:
            frame = await self.read()
            if frame["type"] == type and all(frame.get(name) == value for name, value in members.items()):
                return frame

    async def end(self, answer: str) -> dict[str, Any]:
        """The end of an answer, to come or here already: a short one may end before the reply to a second question."""
        for frame in self.frames:
            if frame["type"] == "end" and frame["message"] == answer:
                return frame
        return await self.until("end", message=answer)

    async def ask(self, type: str, **members: Any) -> dict[str, Any]:
        """The reply to a command."""
        id = members.pop("id", str(uuid4()))
        await self.send(type, id=id, **members)
        return await self.until("reply", id=id)

    async def closed(self) -> tuple[int, str]:
        """The code and the reason of the close that comes; what comes before it is kept."""
        with suppress(ConnectionClosed):
            while True:
                await self.read()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""


@asynccontextmanager
async def device(address: tuple[str, int], token: str | None = None, **options: Any) -> AsyncIterator[Device]:
    """A device that is connected, not greeted. `token` goes into the handshake's header."""
    host, port = address
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    options = {"subprotocols": [Subprotocol("lyo.v1")], "additional_headers": headers, **options}
    path = options.pop("path", "/v1/ws")
    async with connect(f"ws://{host}:{port}{path}", **options) as connection:
        yield Device(connection)


@asynccontextmanager
async def greeted(
    address: tuple[str, int], token: str, *, resume: list[dict[str, Any]] | None = None, **options: Any
) -> AsyncIterator[Device]:
    """A device that has been welcomed."""
    async with device(address, token, **options) as one:
        await one.send("hello", resume=resume or [])
        assert (await one.read())["type"] == "welcome"
        yield one


def small_socket(address: tuple[str, int]) -> socket.socket:
    """A connection whose kernel takes little before the server's writes must wait."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    raw.connect(address)
    raw.setblocking(False)
    return raw


def handshake(address: tuple[str, int], token: str) -> bytes:
    """The bytes that open `/v1/ws`."""
    host, port = address
    return (
        f"GET /v1/ws HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()


def text_frame(text: bytes) -> bytes:
    """A client's text frame of less than 64 KiB (RFC 6455 §5.2), masked with zeros."""
    size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack("!H", len(text))
    return b"\x81" + size + bytes(4) + text
