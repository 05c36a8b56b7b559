"""A TCP link on the loopback that can be cut, or go silent without closing as a lost network does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketAttribute, SocketStream

PIECE = 64 * 1024


class FaultyLink:
    """Passes bytes between who connects to `port` and the server behind, while it is whole."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self._server_port = server_port
        self._flows = anyio.Event()
        self._flows.set()
        self._open: set[SocketStream] = set()

    def freeze(self) -> None:
        """Pass nothing on from here; connections stay open, and new ones are accepted and left hanging."""
        self._flows = anyio.Event()

    def thaw(self) -> None:
        """Pass everything on again, what was held back first."""
        self._flows.set()

    async def cut(self) -> None:
        """Close every connection of the moment."""
        for stream in list(self._open):
            await stream.aclose()

    async def serve_one(self, client: SocketStream) -> None:
        async with client, await anyio.connect_tcp("127.0.0.1", self._server_port) as server:
            self._open |= {client, server}
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._pass, client, server)
                tasks.start_soon(self._pass, server, client)
            self._open -= {client, server}

    async def _pass(self, source: SocketStream, sink: SocketStream) -> None:
        try:
            while True:
                piece = await source.receive(PIECE)
                await self._flows.wait()
                await sink.send(piece)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            await sink.aclose()


@asynccontextmanager
async def faulty_link(server_port: int) -> AsyncIterator[FaultyLink]:
    """A link to the server on `server_port` of the loopback, whole at first."""
    link = FaultyLink(server_port)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        link.port = listener.extra(SocketAttribute.local_port)  # noqa: S610  no Django here
        tasks.start_soon(listener.serve, link.serve_one)
        yield link
        tasks.cancel_scope.cancel()
