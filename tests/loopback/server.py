"""A small HTTP/1.1 server on 127.0.0.1 that sees its clients leave: what both loopback providers stand on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.abc
import h11
import msgspec


class Request(msgspec.Struct, frozen=True):
    """What came in; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Disconnected(Exception):
    """The client has gone."""


class Response:
    """Writes one answer, whole or piece by piece."""

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection

    async def whole(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Sends an answer of known length."""
        sized = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
        await self.begin(status, sized)
        await self.piece(body)
        await self.end()

    async def begin(self, status: int, headers: dict[str, str]) -> None:
        """Sends the head; without a content length the body is chunked."""
        await self._connection.send(h11.Response(status_code=status, headers=list(headers.items())))

    async def piece(self, data: bytes) -> None:
        """Sends a piece of the body."""
        await self._connection.send(h11.Data(data=data))

    async def end(self) -> None:
        """Ends the body."""
        await self._connection.send(h11.EndOfMessage())

    async def cut(self) -> None:
        """Closes the connection in the middle, as a crash does."""
        await self._connection.close()


Answer = Callable[[Request, Response], Awaitable[None]]


class _Connection:
    def __init__(self, stream: anyio.abc.SocketStream, answer: Answer) -> None:
        self._stream = stream
        self._answer = answer
        self._protocol = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        async with self._stream:
            try:
                while (request := await self._request()) is not None:
                    await self._answered(request)
                    if self._protocol.our_state is not h11.DONE or self._protocol.their_state is not h11.DONE:
                        return
                    self._protocol.start_next_cycle()
            except (Disconnected, anyio.BrokenResourceError, anyio.ClosedResourceError, h11.ProtocolError):
                return

    async def send(self, event: h11.Event) -> None:
        data = self._protocol.send(event)
        if data:
            try:
                await self._stream.send(data)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                raise Disconnected from None

    async def close(self) -> None:
        await self._stream.aclose()

    async def _request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            match event := self._protocol.next_event():
                case h11.NEED_DATA:
                    self._protocol.receive_data(await self._received())
                case h11.Request():
                    head = event
                case h11.Data():
                    body += event.data
                case h11.EndOfMessage() if head is not None:
                    headers = {name.decode(): value.decode() for name, value in head.headers}
                    return Request(head.method.decode(), head.target.decode(), headers, bytes(body))
                case _:
                    return None

    async def _answered(self, request: Request) -> None:
        """Answers while listening for the client's leaving, which ends the answer at once."""
        left = False

        async def watch() -> None:
            nonlocal left
            while data := await self._received():
                self._protocol.receive_data(data)
            left = True
            answering.cancel_scope.cancel()

        async with anyio.create_task_group() as answering:
            answering.start_soon(watch)
            try:
                await self._answer(request, Response(self))
            except Disconnected:
                left = True
            answering.cancel_scope.cancel()
        if left:
            raise Disconnected

    async def _received(self) -> bytes:
        try:
            return await self._stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return b""


@asynccontextmanager
async def serve(answer: Answer, *, port: int = 0) -> AsyncIterator[str]:
    """Serves on 127.0.0.1 and gives the address, `http://127.0.0.1:<port>`; the block's end closes every connection.

    A client that leaves cancels its `answer`.
    """
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    bound = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610

    async def handle(stream: anyio.abc.SocketStream) -> None:
        await _Connection(stream, answer).run()

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        yield f"http://127.0.0.1:{bound}"
        tasks.cancel_scope.cancel()
