"""`python -m bench.seeds_stack.serve PORT [WS]`: the web process, with what uvicorn does fastest."""

import socket
import sys

import uvicorn

from bench.seeds_stack.application import app


class Server(uvicorn.Server):
    """Says when it listens; uvicorn's own line would need a level that logs every socket as well."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        sys.stdout.write("serving\n")
        sys.stdout.flush()


def main() -> None:
    """Until SIGTERM."""
    configuration = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws=sys.argv[2] if len(sys.argv) > 2 else "websockets-sansio",
        # With it a connection costs 137 KiB instead of 39, and each message a compression.
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        backlog=4096,
        timeout_keep_alive=75,
    )
    Server(configuration).run()


if __name__ == "__main__":
    main()
