"""How the program ends when it cannot go on: with a non-zero code and one clear line."""

import asyncio
import os
import signal
from collections.abc import Callable

import asyncpg

from tests.scenarios.conftest import Server, processes_below


def test_without_its_database_server_the_program_ends(server: Callable[..., Server]) -> None:
    running = server()
    postmaster = next(pid for pid, command in processes_below(running.pid) if "postgres\0-D" in command)
    os.kill(postmaster, signal.SIGKILL)
    assert running.ended() == 1
    said = [line for line in running.lines if line.startswith("lyo-rt: ")]
    assert len(said) == 1
    assert "PostgreSQL" in said[0]


def test_a_crashed_root_task_ends_the_program(server: Callable[..., Server], database_url: str) -> None:
    """The adopter is made to crash by a table that is no longer there."""
    running = server(DATABASE_URL=database_url)
    asyncio.run(_execute(database_url, "ALTER TABLE leases RENAME TO gone"))
    assert running.ended() == 1
    assert any("root task crashed" in line for line in running.lines)


def test_a_taken_port_is_one_line(server: Callable[..., Server], database_url: str) -> None:
    running = server(DATABASE_URL=database_url)
    port = running.base.rpartition(":")[2]
    second = server(DATABASE_URL=database_url, PORT=port, ready="lyo-rt: ")
    assert second.first.startswith(f"lyo-rt: PORT: cannot listen on 127.0.0.1:{port}")
    assert second.ended() == 1
    assert running.running


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
