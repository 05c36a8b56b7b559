"""The server that conformance is asked of: what the product serves WebSockets with, under an echo."""

from api.asgi import Receive, Scope, Send
from api.realtime import direct
from api.realtime.compression import negotiate_no_compression
from api.realtime.direct import DirectStream, direct_of
from lyo_rt.outgoing import BINARY, TEXT, framed

DIRECT, PLAIN = "/direct", "/plain"
"""The paths: an echo over the direct stream, and one over ASGI's messages."""

LINGER_SECONDS = 2.0


class Echo:
    """Sends every message back as it came, on DIRECT and on PLAIN."""

    def __init__(self) -> None:
        negotiate_no_compression()
        direct.install()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        if scope["path"] == DIRECT:
            stream = direct_of(scope)
            assert stream is not None
            stream.detach(_Mirror(stream))
            return
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})


class _Mirror:
    """The Peer of a direct stream. It ends as a session's does."""

    def __init__(self, stream: DirectStream) -> None:
        self._stream = stream

    async def received(self, data: str | bytes) -> None:
        """See Peer."""
        frame = framed(TEXT, data.encode()) if isinstance(data, str) else framed(BINARY, data)
        while not self._stream.write(frame):
            await self._stream.drained()

    def gone(self) -> None:
        """See Peer."""
        self._stream.finish(1000, "", LINGER_SECONDS)
