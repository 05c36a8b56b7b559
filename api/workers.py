"""WORKERS > 1: one parent that owns the address, the embedded servers and the migrations, and an instance per worker.

The workers are the same program with one worker each: they share the listening socket, one database and one Redis.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.abc
import structlog

from lyo_rt.settings import Settings

RESTART_SECONDS = 1.0
ENDING_SECONDS = 12.0
"""A worker drains within ten seconds."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Shared:
    """What all workers stand on."""

    database_url: str
    redis_url: str | None
    listener: socket.socket


async def run_workers(settings: Settings, shared: Shared) -> None:
    """Keep `settings.workers` instances running until a signal; then end them politely, and wait for them."""
    processes: set[anyio.abc.Process] = set()
    async with anyio.create_task_group() as tasks:
        for _ in range(settings.workers):
            tasks.start_soon(_keep, shared, processes)
        await _signalled()
        tasks.cancel_scope.cancel()
    for process in processes:
        process.terminate()
    with anyio.move_on_after(ENDING_SECONDS):
        for process in processes:
            await process.wait()
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _signalled() -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("ending the workers", signal=number.name)
            return


async def _keep(shared: Shared, processes: set[anyio.abc.Process]) -> None:
    """One worker, started again when it ends by itself."""
    while True:
        process = await _start(shared)
        processes.add(process)
        code = await process.wait()
        processes.discard(process)
        log.error("a worker has ended and is started again", exit_code=code)
        await anyio.sleep(RESTART_SECONDS)


async def _start(shared: Shared) -> anyio.abc.Process:
    environment = {
        **os.environ,
        "WORKERS": "1",
        "DATABASE_URL": shared.database_url,
        "LYO_SEED_DEMO": "false",
        "LYO_LISTEN_FD": str(shared.listener.fileno()),
    }
    if shared.redis_url is not None:
        environment["REDIS_URL"] = shared.redis_url
    return await anyio.open_process(
        [sys.executable, "-m", "api.command_line", "serve"],
        stdin=subprocess.PIPE,
        stdout=None,
        stderr=None,
        env=environment,
        pass_fds=(shared.listener.fileno(),),
        # A Ctrl-C on the terminal goes to the parent alone, which ends its workers in order.
        start_new_session=True,
    )


@asynccontextmanager
async def parent_watched(settings: Settings, end: anyio.Event) -> AsyncIterator[None]:
    """In a worker: set `end` when the parent has gone, however it died; the pipe on standard input shows it."""
    if settings.lyo_listen_fd is None:
        yield
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_until_parent_gone, end)
        yield
        tasks.cancel_scope.cancel()


async def _until_parent_gone(end: anyio.Event) -> None:
    await anyio.wait_readable(sys.stdin)
    end.set()
