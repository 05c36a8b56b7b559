"""A WebSocket client that is only bytes: it may break every rule of RFC 6455, and reads what it is answered."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MASK = bytes.fromhex("37fa213d")
"""The key of RFC 6455 §5.7's example."""

SECONDS = 10.0


class Frame(NamedTuple):
    """A frame of the server's."""

    opcode: int
    payload: bytes


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    """A client's frame, masked (RFC 6455 §5.2); `rsv` are the three reserved bits as a number."""
    length = len(payload)
    if length < 126:
        size = bytes([0x80 | length])
    elif length < 65536:
        size = b"\xfe" + length.to_bytes(2, "big")
    else:
        size = b"\xff" + length.to_bytes(8, "big")
    return bytes([fin << 7 | rsv << 4 | opcode]) + size + MASK + masked(payload)


def masked(payload: bytes) -> bytes:
    """RFC 6455 §5.3, from the beginning of a frame's payload."""
    length = len(payload)
    key = (MASK * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")


def farewell(code: int, reason: bytes = b"") -> bytes:
    """A client's close frame."""
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


class Wire:
    """An open connection, the handshake done."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._come = b""

    async def write(self, data: bytes, chop: int | None = None) -> None:
        """Send, in pieces of `chop` bytes if that is given; a server that has hung up already is sent no more."""
        step = chop or len(data) or 1
        try:
            for start in range(0, len(data), step):
                await self._write(data[start : start + step])
                if chop:
                    await anyio.lowlevel.checkpoint()
        except OSError:
            return

    async def read(self) -> Frame | None:
        """The next frame, or None at the end of the connection. Raises AssertionError for one no server may send."""
        head = await self._take(2)
        if head is None:
            return None
        assert head[0] & 0xF0 == 0x80, "whole, and no reserved bit: no extension was negotiated"
        assert head[1] < 0x80, "a server's frame is not masked"
        length = head[1]
        if extended := {126: 2, 127: 8}.get(length):
            length = int.from_bytes(await self._rest(extended), "big")
        return Frame(head[0] & 0x0F, await self._rest(length))

    async def read_all(self) -> list[Frame]:
        """Every frame up to the end of the connection."""
        frames = []
        while (one := await self.read()) is not None:
            frames.append(one)
        return frames

    async def handshake(self, path: str) -> None:
        """Raises AssertionError when the server does not answer 101."""
        await self.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._come:
            assert await self._more(), "the server answers the handshake"
        head, _, self._come = self._come.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        # The value of RFC 6455 §1.3's example.
        assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head.lower()
        assert b"sec-websocket-extensions" not in head.lower()

    async def _rest(self, length: int) -> bytes:
        data = await self._take(length)
        assert data is not None, "the connection ends between frames"
        return data

    async def _take(self, length: int) -> bytes | None:
        while len(self._come) < length:
            if not await self._more():
                assert not self._come, "the connection ends between frames"
                return None
        data, self._come = self._come[:length], self._come[length:]
        return data

    async def _more(self) -> bool:
        await anyio.wait_readable(self._raw)
        try:
            data = self._raw.recv(65536)
        except ConnectionResetError:
            # The server has closed, and what it had not read was on the way.
            return False
        self._come += data
        return bool(data)

    async def _write(self, data: bytes) -> None:
        while data:
            await anyio.wait_writable(self._raw)
            data = data[self._raw.send(data) :]


@asynccontextmanager
async def wired(address: tuple[str, int], path: str) -> AsyncIterator[Wire]:
    """A connection to this path; everything done with it has SECONDS."""
    with anyio.fail_after(SECONDS), socket.create_connection(address) as raw:
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(raw)
        await wire.handshake(path)
        yield wire
