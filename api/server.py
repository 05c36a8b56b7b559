"""The program: owns the signals, the embedded servers, Hypercorn and the instance; ends with the right exit code."""

import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import structlog
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import Framework

from actors.crashes import faults
from api.demo import seed_all
from api.garbage import collect_in_pauses
from api.instance import Instance, open_instance
from api.logs import configure_logs
from api.workers import Shared, parent_watched, run_workers
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.migrate import MigrationFault, upgrade
from lyo_rt.database.pool import Database
from lyo_rt.embedded.guarded import EmbeddedFault
from lyo_rt.embedded.postgresql import PostgreSQL, embedded_postgresql
from lyo_rt.embedded.valkey import Valkey, embedded_valkey
from lyo_rt.problems import Unavailable
from lyo_rt.settings import InvalidSettings, Settings

HYPERCORN = Path(__file__).resolve().parent.parent / "hypercorn.toml"
BACKLOG = 1024
ACCEPTED_AT_ONCE = 8
"""libuv accepts one connection of a listening descriptor in each turn of the loop (since 1.45): of a hundred learners
who came at once, the sockets of the first waited 100 ms behind the connections of the last."""
CLOSING_SECONDS = 4.0
"""For Hypercorn to end after the drain; then what is left is cut. Drain and this together stay under ten seconds."""

OK, FAILED, BAD_SETTINGS = 0, 1, 2
log = structlog.get_logger()


class StartFault(Exception):
    """The program cannot start; the text is one line that says why and what to do."""


@dataclass
class Backing:
    """What the instance stands on, and which of it is embedded."""

    database_url: str
    redis_url: str | None
    embedded: list[str] = field(default_factory=list)


def run(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit code: 0 after a drain, 1 after a crash or a failed start, 2 for settings.

    What an operator can mend is one line on standard error.
    """
    configure_logs(settings)
    code = OK
    try:
        anyio.run(main, settings, backend_options={"use_uvloop": True})
    except* InvalidSettings as group:
        lines = [line for fault in faults(group) if isinstance(fault, InvalidSettings) for line in fault.lines]
        code = _say(lines, BAD_SETTINGS)
    except* (StartFault, EmbeddedFault, MigrationFault, Unavailable) as group:
        code = _say([str(fault) for fault in faults(group)], FAILED)
    except* Exception as group:
        for fault in faults(group):
            log.critical("the server has crashed", exc_info=fault)
        code = FAILED
    return code


async def main(settings: Settings) -> None:
    """Serve until told to end. Raises what ended it otherwise."""
    began = time.monotonic()
    listener = listening_socket(settings)
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    async with backing(settings) as behind, AsyncExitStack() as stack:
        await prepare(settings, behind)
        if settings.workers > 1:
            announce(settings, listener.getsockname(), behind, time.monotonic() - began)
            await run_workers(settings, Shared(behind.database_url, behind.redis_url, listener))
            return
        instance = await stack.enter_async_context(
            open_instance(settings, SystemClock(), database_url=behind.database_url, redis_url=behind.redis_url)
        )
        await serve_instance(settings, instance, listener, behind, began)


async def prepare(settings: Settings, behind: Backing) -> None:
    """Migrate the database, and load the demo data where that is wanted."""
    await upgrade(behind.database_url)
    if settings.seeds_demo:
        await seed(settings, behind)


async def seed(settings: Settings, behind: Backing | None = None) -> None:
    """Load the demo data; what is there already stays as it is."""
    if settings.environment == "production":
        raise StartFault("the demo data is not for production")
    async with AsyncExitStack() as stack:
        if behind is None:
            behind = await stack.enter_async_context(backing(settings))
            await upgrade(behind.database_url)
        clock = SystemClock()
        database = await stack.enter_async_context(
            Database.open(behind.database_url, InProcessBroadcast(clock), pool_max=2)
        )
        await seed_all(database, clock)


@asynccontextmanager
async def backing(settings: Settings) -> AsyncIterator[Backing]:
    """The database, and Redis if there is one: those of the settings, else embedded ones that end with the block."""
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        behind = Backing(settings.database_url or "", settings.redis_url)
        if settings.database_url is None:
            postgresql = await stack.enter_async_context(embedded_postgresql(settings.lyo_data_dir))
            behind.database_url = postgresql.url()
            behind.embedded.append(f"PostgreSQL 18 (data in {settings.lyo_data_dir}/postgresql)")
            tasks.start_soon(_end_with, postgresql)
        if settings.redis_url is None and settings.workers > 1:
            valkey = await stack.enter_async_context(embedded_valkey(settings.lyo_data_dir))
            behind.redis_url = valkey.url()
            behind.embedded.append("Valkey")
            tasks.start_soon(_end_with, valkey)
        try:
            yield behind
        finally:
            tasks.cancel_scope.cancel()


async def _end_with(server: PostgreSQL | Valkey) -> None:
    raise StartFault(await server.ended())


async def serve_instance(
    settings: Settings, instance: Instance, listener: socket.socket, behind: Backing, began: float
) -> None:
    """Answer requests until a signal, then drain; Hypercorn runs as a task of the instance's supervisor."""
    stopping, stopped = anyio.Event(), anyio.Event()
    address = listener.getsockname()
    config = hypercorn_config(listener)

    async def http() -> None:
        try:
            await serve(_framework(instance), config, shutdown_trigger=stopping.wait, mode="asgi")
        finally:
            stopped.set()

    asked = anyio.Event()
    async with parent_watched(settings, asked), signals_watched(asked):
        scope, tidying = instance.supervisor.root(http), instance.supervisor.root(collect_in_pauses)
        if settings.lyo_listen_fd is None:
            announce(settings, address, behind, time.monotonic() - began)
        await asked.wait()
        await instance.drain()
        stopping.set()
        with anyio.move_on_after(CLOSING_SECONDS):
            await stopped.wait()
        scope.cancel()
        tidying.cancel()
        await stopped.wait()
    log.info("stopped")


@asynccontextmanager
async def signals_watched(asked: anyio.Event) -> AsyncIterator[None]:
    """Set `asked` at the first SIGTERM or Ctrl-C; further ones change nothing."""

    async def watch() -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for number in signals:
                log.info("draining", signal=number.name)
                asked.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        yield
        tasks.cancel_scope.cancel()


def _framework(instance: Instance) -> Framework:
    """Hypercorn names its own TypedDicts; ours is the plain ASGI callable."""
    return instance.asgi  # type: ignore[return-value]


def hypercorn_config(listener: socket.socket) -> Config:
    """hypercorn.toml, on a socket that listens already; Hypercorn closes it in the end."""
    config = Config.from_toml(HYPERCORN)
    descriptors = [*(os.dup(listener.fileno()) for _ in range(ACCEPTED_AT_ONCE - 1)), listener.detach()]
    config.bind = [f"fd://{descriptor}" for descriptor in descriptors]
    return config


def listening_socket(settings: Settings) -> socket.socket:
    """Raises StartFault when the address cannot be listened on."""
    if settings.lyo_listen_fd is not None:
        return socket.socket(fileno=settings.lyo_listen_fd)
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as fault:
        raise StartFault(
            f"PORT: cannot listen on {settings.host}:{settings.port} ({fault.strerror}); is another server running "
            "there? Choose another with PORT=..."
        ) from None


def announce(settings: Settings, address: tuple[str, int], behind: Backing, seconds: float) -> None:
    """Tell whoever started the server where it is."""
    host, port = address[:2]
    shown = "localhost" if host in {"127.0.0.1", "::1", "0.0.0.0", "::"} else host  # noqa: S104  compared, not bound
    lines = [f"lyo-rt {settings.environment} on http://{shown}:{port} (started in {seconds:.1f} s)"]
    if settings.environment == "development":
        lines.append(f"  page    http://{shown}:{port}/   API docs http://{shown}:{port}/docs")
    if settings.seeds_demo:
        lines.append("  demo    demo@example.com / demo   (second learner: alex@example.com / demo)")
    lines.append(f"  models  {', '.join(settings.providers()) or 'none configured'}")
    broadcast = "in-process" if behind.redis_url is None else "over Redis" if settings.redis_url else "over Valkey"
    lines.append(f"  embedded {', '.join(behind.embedded) or 'nothing'}; broadcast {broadcast}")
    if settings.workers > 1:
        lines.append(f"  workers {settings.workers}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _say(lines: list[str], code: int) -> int:
    for line in lines:
        sys.stderr.write(f"lyo-rt: {line}\n")
    return code
