"""The real application, served by Hypercorn on the loopback, on a database of the test's own."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Blueprint

from api.app import create_app
from api.asgi import Application, Receive, Scope, Send, create_asgi, refuse
from api.services import Services
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.service import Accounts
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import Clock, SystemClock
from lyo_rt.cursor import Cursors
from lyo_rt.database.pool import Database
from lyo_rt.language_models.routing import open_model
from lyo_rt.problems import NotFound
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.secrets import open_signing_keys
from lyo_rt.security.tokens import Tokens
from lyo_rt.settings import Settings

BCRYPT_COST = 4
"""The least there is: what a password costs is tested where passwords are."""


@dataclass
class Instance:
    """What a test may turn while the application is served."""

    draining: bool = False
    statistics: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def compose(settings: Settings, database_url: str, clock: Clock, instance: Instance) -> AsyncIterator[Services]:
    """The services of one instance; the one place where the tests of the edge put them together."""
    broadcast = InProcessBroadcast(clock)
    access_lifetime = timedelta(minutes=settings.jwt_access_token_expire_minutes)
    async with (
        Database.open(database_url, broadcast) as database,
        open_model(settings) as model,
        anyio.create_task_group() as running,
    ):
        keys = await open_signing_keys(settings, database)
        revocations = Revocations(database, broadcast, clock, access_lifetime=access_lifetime)
        await running.start(revocations.run)
        accounts = Accounts(
            database,
            Tokens(keys, clock, access_lifetime=access_lifetime),
            Passwords(cost=BCRYPT_COST),
            clock,
            revocations,
            refresh_lifetime=timedelta(days=settings.jwt_refresh_token_expire_days),
        )
        yield Services(
            settings=settings,
            clock=clock,
            database=database,
            broadcast=broadcast,
            model=model,
            accounts=accounts,
            cursors=Cursors(keys.current, clock),
            draining=lambda: instance.draining,
            statistics=lambda: instance.statistics,
        )
        running.cancel_scope.cancel()


async def no_realtime(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands behind the door where a test opens no socket."""
    await refuse(scope, receive, send, NotFound())


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[tuple[str, int]]:
    """Hypercorn with the application on a free port of the loopback: (host, port), stopped at the end."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = None
    config.include_server_header = False
    config.graceful_timeout = 1
    stop = anyio.Event()
    address = socket.socket(fileno=int(config.bind[0][5:]))
    host, port = address.getsockname()
    address.detach()
    async with anyio.create_task_group() as running:

        async def serving() -> None:
            await serve(application, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]

        running.start_soon(serving)
        yield host, port
        stop.set()


@pytest.fixture
def clock() -> Clock:
    """The time of the instance."""
    return SystemClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of the instance: a development one, whatever the environment of the tests says."""
    return Settings.model_construct(lyo_data_dir=tmp_path, ai_providers=("outline",))


@pytest.fixture
def instance() -> Instance:
    """What a test may turn while the application is served."""
    return Instance()


@pytest.fixture
def blueprints() -> Sequence[Blueprint]:
    """Routes of the test's own, served beside the product's."""
    return ()


@pytest.fixture
def realtime() -> Application:
    """What answers WebSockets."""
    return no_realtime


@pytest.fixture
async def services(settings: Settings, database_url: str, clock: Clock, instance: Instance) -> AsyncIterator[Services]:
    """The services the application runs on."""
    async with compose(settings, database_url, clock, instance) as composed:
        yield composed


@pytest.fixture
async def address(
    services: Services, blueprints: Sequence[Blueprint], realtime: Application
) -> AsyncIterator[tuple[str, int]]:
    """Where the application is served: (host, port)."""
    app = create_app(services)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    async with served(create_asgi(app, realtime)) as address:
        yield address


@pytest.fixture
async def client(address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    host, port = address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client:
        yield client


def with_settings(settings: Settings, **changed: Any) -> Settings:
    """A copy of the settings with some of them changed."""
    return settings.model_copy(update=changed)
