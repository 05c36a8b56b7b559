"""PostgreSQL, Valkey and the AI provider of a run, once for both sides."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg

from bench.machine import family
from bench.processes import program
from bench.side import Ground
from lyo_rt.embedded.postgresql import postgresql_server
from lyo_rt.embedded.valkey import valkey_server

DATABASES = ("product", "seeds")


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def ground(folder: Path, pace: Sequence[str] = ()) -> Iterator[Ground]:
    """The three servers while the block runs; `pace` are options of bench.provider."""
    with ExitStack() as stack:
        before = set(family(os.getpid()))
        # Durable as in production: fsync stays on.
        postgresql = stack.enter_context(postgresql_server(folder))
        port = free_port()
        stack.enter_context(valkey_server(folder, port=port))
        asyncio.run(_make_databases(postgresql.url("postgres")))
        ai = stack.enter_context(program([sys.executable, "-m", "bench.provider", *pace], {}, "provider on "))
        address = ai.first.removeprefix("provider on ")
        backing = sorted(set(family(os.getpid())) - before)
        yield Ground(folder, postgresql.url, port, address, backing)


async def _make_databases(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for name in DATABASES:
            await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
