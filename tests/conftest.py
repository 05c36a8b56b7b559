"""What every test may ask for: a real PostgreSQL with a database of its own, a real Valkey, an event loop."""

import asyncio
import gc
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from lyo_rt.clock import SystemClock
from lyo_rt.database.migrate import upgrade
from lyo_rt.database.pool import Database
from lyo_rt.embedded.postgresql import PostgreSQL, postgresql_server
from lyo_rt.embedded.valkey import Valkey
from lyo_rt.embedded.valkey import valkey_server as start_valkey
from lyo_rt.limits.policies import NAMES
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KeyRing
from tests.loopback.certificate import certified

TEMPLATE = "template_lyo"
MEMORY = Path("/dev/shm")  # noqa: S108  (only to make a private folder in it)
ROOM_BYTES = 2 << 30
LONG = ("scenarios", "page", "security")
pytest_plugins = ["tests.attacks", "tests.clean_logs"]
UNLIMITED = {f"RATE_LIMIT_{name.upper()}": "0" for name in NAMES}
"""The environment of servers that are asked more in a minute than anybody asks in a day: no rate limits."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders with long tests first: at the end there are short files only, so the processes that share them end
    together."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG) if name in item.path.parts), len(LONG)))


def pytest_collection_finish() -> None:
    """What has been imported stays, and is looked at for garbage no more: looks were a tenth of a test's time."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A test that passed when it was run again is told with what it failed of: nothing is hidden by another try."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"failed, and was run again: {report.nodeid}")
        terminalreporter.line(str(report.longrepr))


@pytest.fixture(scope="session", autouse=True)
def unlimited() -> Iterator[None]:
    """Settings that a test makes have no rate limits, unless it says so itself."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in UNLIMITED.items():
            environment.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clients trust one authority, and meet none: reading the world's takes 25 ms for each client of a provider."""
    _, trusted = certified(tmp_path_factory.mktemp("authority"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(trusted))
        yield


@pytest.fixture
def anyio_backend() -> Any:
    """The loop that serves: asyncio on uvloop. A test of actors overrides it with Trio."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def short_dir() -> Iterator[Path]:
    """A folder with a path short enough for Unix sockets, gone after the session.

    In memory where there is room: each database of the tests is 500 files, and ext4, which does not soon use again
    what has just been freed, takes longer for every one: up to 150 ms of a core, here 15.
    """
    with tempfile.TemporaryDirectory(prefix="lyo-", dir=MEMORY if roomy(MEMORY) else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(short_dir: Path) -> Iterator[PostgreSQL]:
    """A real PostgreSQL for all tests, forgetful (fsync off) and empty."""
    with postgresql_server(short_dir, fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def template_database(postgres_server: PostgreSQL) -> str:
    """The name of a migrated database, to be copied and never connected to."""
    statement(postgres_server, f"CREATE DATABASE {TEMPLATE}")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, upgrade(postgres_server.url(TEMPLATE))).result()
    return TEMPLATE


@pytest.fixture(scope="session")
def database_numbers() -> Iterator[int]:
    """Numbers for the names of databases."""
    return itertools.count(1)


@pytest.fixture
def database_url(postgres_server: PostgreSQL, template_database: str, database_numbers: Iterator[int]) -> Iterator[str]:
    """The URL of a migrated database of the test's own, dropped afterwards whoever is still connected."""
    name = f"test_{next(database_numbers)}"
    statement(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY file_copy")
    yield postgres_server.url(name)
    statement(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(postgres_server: PostgreSQL, database_numbers: Iterator[int]) -> Iterator[str]:
    """The URL of a database without a single table."""
    name = f"test_{next(database_numbers)}"
    statement(postgres_server, f"CREATE DATABASE {name} STRATEGY file_copy")
    yield postgres_server.url(name)
    statement(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


class Announcements(list[tuple[str, bytes]]):
    """An announcer that keeps what was announced: (topic, payload) in order."""

    async def publish(self, topic: str, payload: bytes) -> None:
        self.append((topic, payload))


@pytest.fixture
def announcements() -> Announcements:
    """What the `database` of this test has announced so far."""
    return Announcements()


@pytest.fixture
def cipher() -> Cipher:
    """What seals the columns of `database`."""
    return Cipher(KeyRing([b"a key of the tests for their data"]), SystemClock())


@pytest.fixture
async def database(database_url: str, announcements: Announcements, cipher: Cipher) -> AsyncIterator[Database]:
    """The product's own pool on a migrated database of the test's own."""
    async with Database.open(database_url, announcements, cipher=cipher) as opened:
        yield opened


@pytest.fixture(scope="session")
def valkey_server(short_dir: Path) -> Iterator[Valkey]:
    """A real Redis-protocol server for all tests, on a Unix socket and on a loopback port."""
    with start_valkey(short_dir, port=free_port()) as server:
        yield server


@pytest.fixture
def redis_url(valkey_server: Valkey) -> str:
    """The URL of an empty database of that server, over TCP."""
    with redis.Redis.from_url(valkey_server.url()) as client:
        client.flushall()
    return valkey_server.tcp_url()


def roomy(folder: Path) -> bool:
    """Whether the servers of the tests fit into it: some hundred MB for each process that shares the tests."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM_BYTES


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def statement(server: PostgreSQL, sql: str) -> None:
    """Run one statement outside any transaction, in a thread of its own: the test may have a loop running."""

    async def run() -> None:
        connection = await asyncpg.connect(server.url("postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()
