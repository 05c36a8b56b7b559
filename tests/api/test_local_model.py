"""An instance with a model of its own: pulled at the start, verified, loaded, asked, and what goes wrong with that."""

import hashlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil
import pytest

from api.instance import Instance, open_instance
from lyo_rt.clock import SystemClock
from lyo_rt.language_models.port import Asker
from lyo_rt.language_models.tasks import Turn, TutorTask
from lyo_rt.models import pull as pulling
from lyo_rt.settings import InvalidSettings, Settings
from tests.api.conftest import with_settings
from tests.api.test_health import admin
from tests.contracts.test_language_model import Sink
from tests.loopback.model_store import Fault, ModelStore
from tests.loopback.tiny_gemma import write_tiny_gemma

pytestmark = pytest.mark.anyio

ASKED = TutorTask(turns=(Turn("user", "Why are leaves green?"),))
TUTOR = Asker(purpose="tutor")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_tiny_gemma(tmp_path_factory.mktemp("gemma") / "tiny.gguf").read_bytes()


@pytest.fixture
async def store(model: bytes) -> AsyncIterator[ModelStore]:
    async with ModelStore.running(model, "/gemma-tiny.gguf") as store:
        yield store


@pytest.fixture
def settings(settings: Settings, store: ModelStore, model: bytes) -> Settings:
    """The pull is there from the start; the provider is the only one, so that nobody else answers for it."""
    return with_settings(
        settings,
        ai_providers=("gemma",),
        model_source=f"{store.address}/gemma-tiny.gguf?signature=secret",
        model_checksum=hashlib.sha256(model).hexdigest(),
    )


async def until(condition: Callable[[], bool], within: float = 15) -> None:
    with anyio.fail_after(within):
        while not condition():  # noqa: ASYNC110  what is waited for is another process
            await anyio.sleep(0.02)


def state(instance: Instance) -> str:
    assert instance.services.local_model is not None
    return instance.services.local_model.standing.condition.state


async def health(client: httpx.AsyncClient, **how: Any) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get("/v1/health/model", **how)).json()["gemma"]
    return body


async def test_it_pulls_by_itself_verifies_loads_and_answers(
    client: httpx.AsyncClient, instance: Instance, store: ModelStore, settings: Settings, model: bytes
) -> None:
    await until(lambda: state(instance) == "ready")
    assert await health(client) == {"state": "ready"}
    told = await health(client, headers=await admin(client, instance))
    assert settings.model_file is not None
    assert told["path"] == str(settings.model_file.absolute())
    assert told["source"] == f"{store.address}/gemma-tiny.gguf", "without the signature"
    assert told["memory"]["weights"] == len(model)
    assert told["memory"]["free"] > told["memory"]["computing"] > 0
    sink = Sink()
    written = await instance.services.model.stream(ASKED, sink, TUTOR)
    assert (written.provider, written.model) == ("gemma", "gemma-tiny")
    assert written.usage.answer_tokens > 0
    assert sink.pieces


async def test_while_it_is_pulled_it_says_how_far_it_is(
    client: httpx.AsyncClient, instance: Instance, store: ModelStore
) -> None:
    assert store
