"""`python -m tests.autobahn PORT`: the echo server, for the fuzzing client of the Autobahn test-suite."""

import socket
import sys

import anyio
from hypercorn.asyncio import serve

from api.server import hypercorn_config
from tests.autobahn.echo import Echo

LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024
"""Section 9 of the suite sends as much; the product's own limit is 64 KiB."""


async def main(port: int) -> None:
    """Serve on the loopback until interrupted."""
    config = hypercorn_config(socket.create_server(("127.0.0.1", port)))
    config.websocket_max_message_size = LARGEST_MESSAGE_BYTES
    await serve(Echo(), config, mode="asgi")  # type: ignore[arg-type]


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]), backend_options={"use_uvloop": True})
