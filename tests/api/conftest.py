"""The real instance, served by Hypercorn on the loopback, on a database of the test's own."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypercorn.asyncio import serve
from quart import Blueprint

from api.app import create_app
from api.asgi import Application, create_asgi
from api.instance import Instance, open_instance
from api.server import hypercorn_config
from api.services import Services
from lyo_rt.clock import Clock, SystemClock
from lyo_rt.security.passwords import Passwords
from lyo_rt.settings import Settings
from tests.api.learners import no_certificates
from tests.conftest import UNLIMITED


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[tuple[str, int]]:
    """Hypercorn, as the product configures it, with the application on a free port, stopped at the end."""
    stop = anyio.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    config = hypercorn_config(listener)
    config.graceful_timeout = 1

    async def serving() -> None:
        await serve(application, config, shutdown_trigger=stop.wait, mode="asgi")  # type: ignore[arg-type]

    async with anyio.create_task_group() as running:
        running.start_soon(serving)
        yield address
        stop.set()


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learners are made by the hundred here, and nobody attacks their passwords: 1 ms each, not 250."""
    for place in ("api.accounts", "api.demo"):
        monkeypatch.setattr(f"{place}.Passwords", partial(Passwords, cost=4))


@pytest.fixture
def clock() -> Clock:
    """The time of the instance."""
    return SystemClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of the instance: a development one, whatever the environment of the tests says."""
    unlimited: dict[str, Any] = {name.lower(): value for name, value in UNLIMITED.items()}
    return Settings.model_construct(lyo_data_dir=tmp_path, ai_providers=("outline",), database_pool_max=6, **unlimited)


@pytest.fixture
def blueprints() -> Sequence[Blueprint]:
    """Routes of the test's own, served beside the product's."""
    return ()


@pytest.fixture
async def instance(settings: Settings, database_url: str, clock: Clock) -> AsyncIterator[Instance]:
    """The instance, with all its actors."""
    async with open_instance(settings, clock, database_url=database_url, redis_url=None) as instance:
        yield instance


@pytest.fixture
def services(instance: Instance) -> Services:
    """What its requests can reach."""
    return instance.services


@pytest.fixture
def realtime(instance: Instance) -> Application:
    """What answers WebSockets."""
    return instance.realtime


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
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10, verify=no_certificates()) as client:
        yield client


def with_settings(settings: Settings, **changed: Any) -> Settings:
    """A copy of the settings with some of them changed."""
    return settings.model_copy(update=changed)
