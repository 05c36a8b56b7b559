"""uvicorn, saying when it listens."""

import socket
import sys

import uvicorn


class Server(uvicorn.Server):
    """Its own line would need a level that logs every socket as well."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        sys.stdout.write("serving\n")
        sys.stdout.flush()
