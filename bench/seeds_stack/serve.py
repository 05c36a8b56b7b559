"""`python -m bench.seeds_stack.serve PORT [WS]`: the web process, with what uvicorn does fastest."""

import sys

import uvicorn

from bench.seeds_stack.application import app
from bench.seeds_stack.serving import Server


def main() -> None:
    """Until SIGTERM."""
    configuration = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        # Fan-out to 1,000 sockets: 68,000 to 74,000 deliveries a second of one core; with "websockets" 51,000.
        ws="websockets-sansio",
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
