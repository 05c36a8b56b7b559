"""One WebSocket over ASGI: read and written with deadlines, and let go of so that nothing in the server stays stuck."""

import asyncio
import sys
from typing import Any

import anyio
import msgspec

from actors.session import HEARTBEAT_SECONDS
from api.asgi import Receive, Scope, Send
from lyo_rt.problems import BadFrame, Problem, TooSlow

LINGER_SECONDS = 5.0
LINGER_MESSAGES = 1000
"""For a client to go after it was told to; one that sends on is cut off."""


class Patience(msgspec.Struct, frozen=True):
    """How long a client may take, in seconds."""

    hello: float = 10.0
    silence: float = HEARTBEAT_SECONDS + 10.0
    write: float = 10.0
    """To take one frame off our hands."""


class Disconnected(Exception):
    """The client has gone."""


class Socket:
    """The server's end. One task reads, one writes."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, patience: Patience) -> None:
        self.scope = scope
        self.patience = patience
        self._receive = receive
        self._send = send
        self._accepted = self._open = False
        self._gone = False
        self.detached = False
        """Whether the socket goes on by itself, as a direct stream; nothing more is to be done with this object."""
        self._writing = anyio.CancelScope()
        self._reading_away: asyncio.Task[None] | None = None

    async def accept(self, subprotocol: str | None = None) -> None:
        """Complete the handshake. Raises Disconnected."""
        await self._expect("websocket.connect")
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})
        self._accepted = self._open = True

    async def read(self) -> str | bytes:
        """The next message. Raises Disconnected."""
        message = await self._expect("websocket.receive")
        text: str | None = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def write(self, data: bytes, *, binary: bool = False) -> None:
        """Send a message, text unless `binary`.

        Raises TooSlow when the client does not take it in time, Disconnected.
        """
        if not self._open or self._gone:
            raise Disconnected
        with anyio.move_on_after(self.patience.write) as self._writing:
            content = {"bytes": data} if binary else {"text": data.decode()}
            await self._send({"type": "websocket.send", **content})
        if not self._open:
            raise Disconnected
        if self._writing.cancelled_caught:
            raise TooSlow(f"The client has not read for {self.patience.write:.0f} seconds.")

    async def close(self, code: int, reason: str = "") -> None:
        """Say goodbye with a code that tells the client what to do (REALTIME §2). A write that waits is given up."""
        if self._open and not self._gone:
            self._open = False
            # The frame's bytes are in the transport's buffer already: no frame is cut, only the waiting ends.
            self._writing.cancel()
            with anyio.move_on_after(LINGER_SECONDS):
                # A close frame has room for 123 bytes of reason (RFC 6455 §5.5.1).
                reason = reason.encode()[:120].decode(errors="ignore")
                await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def drain(self) -> None:
        """Give the client a moment to go by itself, then let go of it.

        Hypercorn waits in its queue of ten for whoever reads it, even to say that all is over: a client that floods
        while the server closes would keep the connection for ever, and the shutdown waiting.
        """
        try:
            if self._accepted:
                with anyio.move_on_after(LINGER_SECONDS):
                    await self._read_away(LINGER_MESSAGES)
        finally:
            # It ends as soon as this application has returned, for then Hypercorn puts the last message.
            self._reading_away = asyncio.create_task(self._read_away(sys.maxsize))

    async def _read_away(self, messages: int) -> None:
        while messages and not self._gone:
            messages -= 1
            self._gone = (await self._receive())["type"] == "websocket.disconnect"

    async def _expect(self, kind: str) -> Any:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._gone = True
            raise Disconnected
        if message["type"] != kind:
            raise BadFrame(f"{message['type']} came instead of {kind}.")
        return message


def first(fault: Problem | BaseExceptionGroup[Problem]) -> Problem:
    """The problem that ends a session: of a group, the first one in it."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
