"""`python -m bench.bare websockets|uvicorn PORT`: nothing but the server, the ceiling of what Python can do here.

It echoes. The `websockets` one sends a message that begins with "all" to every socket, encoded once.
"""

import asyncio
import signal
import sys
from typing import Any

import uvicorn
import uvloop
import websockets
from websockets.asyncio.server import ServerConnection, serve

from bench.seeds_stack.serving import Server


async def with_websockets(port: int) -> None:
    """The `websockets` library, its own server."""
    sockets: set[ServerConnection] = set()

    async def echo(socket: ServerConnection) -> None:
        sockets.add(socket)
        try:
            async for message in socket:
                if message[:3] == "all":
                    websockets.broadcast(sockets, message)
                else:
                    await socket.send(message)
        finally:
            sockets.discard(socket)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(echo, "127.0.0.1", port, compression=None, backlog=4096):
        sys.stdout.write("serving\n")
        sys.stdout.flush()
        await stop.wait()


async def echoing(scope: Any, receive: Any, send: Any) -> None:
    """A bare ASGI application."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


def main() -> None:
    """Until SIGTERM."""
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "websockets":
        uvloop.run(with_websockets(port))
    else:
        Server(
            uvicorn.Config(
                echoing,
                host="127.0.0.1",
                port=port,
                loop="uvloop",
                lifespan="off",
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                log_level="warning",
                backlog=4096,
            )
        ).run()


if __name__ == "__main__":
    main()
