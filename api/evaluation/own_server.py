"""An instance of the evaluation's own: the configured providers behind an embedded database that is gone afterwards."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
from hypercorn.asyncio import serve

from api.evaluation.course import prepare
from api.instance import Instance, open_instance
from api.logs import configure_logs
from api.outcome import Unready
from api.server import backing, hypercorn_config, listening_socket
from api.signing_in import Learner
from lyo_rt.client.tokens import Tokens
from lyo_rt.clock import SystemClock
from lyo_rt.database.migrate import upgrade
from lyo_rt.limits.policies import NAMES
from lyo_rt.settings import Settings

POLL_SECONDS = 0.1
EMAIL = "evaluation@example.com"


def evaluating(settings: Settings, folder: Path) -> Settings:
    """The settings with their providers and model, without all that is somebody's: database, Redis, keys, port."""
    own = {
        "environment": "development",
        "host": "127.0.0.1",
        "port": 0,
        "workers": 1,
        "lyo_data_dir": folder,
        "lyo_seed_demo": False,
        "lyo_listen_fd": None,
        "database_url": None,
        "redis_url": None,
        "jwt_secret_key": None,
        "data_encryption_keys": None,
        "trusted_hosts": (),
        "ai_providers": settings.providers(),
        "model_path": settings.model_file,
        "ai_user_daily_tokens": None,
        **{f"rate_limit_{name}": "0" for name in NAMES},
        "log_level": "ERROR",
    }
    return settings.model_copy(update=own)


@asynccontextmanager
async def own_server(settings: Settings) -> AsyncIterator[tuple[str, Learner]]:
    """Its address, and a learner who has the course of problems; it ends with the block.

    Raises Unready when no provider is configured, and what api.server raises when it cannot start.
    """
    if not settings.providers():
        raise Unready("AI_PROVIDERS: no provider is configured")
    with tempfile.TemporaryDirectory(prefix="lyo-evaluation-") as folder:
        own = evaluating(settings, Path(folder))
        configure_logs(own)
        async with backing(own) as behind, AsyncExitStack() as stack:
            await upgrade(behind.database_url)
            instance = await stack.enter_async_context(
                open_instance(own, SystemClock(), database_url=behind.database_url, redis_url=None)
            )
            address = await stack.enter_async_context(_serving(own, instance))
            await _loaded(instance)
            yield address, await _learner(instance)
            await instance.drain()


@asynccontextmanager
async def _serving(settings: Settings, instance: Instance) -> AsyncIterator[str]:
    listener = listening_socket(settings)
    host, port = listener.getsockname()[:2]
    config, stopping = hypercorn_config(listener), anyio.Event()
    config.graceful_timeout = 1

    async def http() -> None:
        await serve(instance.asgi, config, shutdown_trigger=stopping.wait, mode="asgi")  # type: ignore[arg-type]

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(http)
        yield f"http://{host}:{port}"
        stopping.set()


async def _loaded(instance: Instance) -> None:
    """A model of its own, if it has one, is ready: until then others would speak in its place. Raises Unready."""
    local = instance.services.local_model
    if local is None or local.provider is None:
        return
    if local.place is None and not await anyio.Path(local.artifact.path).exists():
        raise Unready(f"MODEL_PATH: there is no {local.artifact.path}")
    while local.standing.condition.state not in {"ready", "failed"}:  # noqa: ASYNC110  nobody is told of a change
        await anyio.sleep(POLL_SECONDS)
    if local.standing.condition.state == "failed":
        raise Unready(f"the model has failed: {local.standing.condition.detail}")


async def _learner(instance: Instance) -> Learner:
    accounts, password = instance.services.accounts, f"Aa1-{secrets.token_urlsafe(24)}"
    made = await accounts.register(email=EMAIL, password=password, full_name="Evaluation of the tutor")
    await prepare(instance.services.database, made.user_id)
    tokens = Tokens(made.access_token, made.refresh_token, expires_in=made.expires_in)
    return Learner(made.user_id, tokens)
