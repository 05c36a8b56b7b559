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
import pytest

from api import local_model
from api.instance import Instance, open_instance
from lyo_rt.clock import SystemClock
from lyo_rt.language_models.port import Asker
from lyo_rt.language_models.tasks import Turn, TutorTask
from lyo_rt.models import pull as pulling
from lyo_rt.problems import ModelUnavailable
from lyo_rt.settings import InvalidSettings, Settings
from tests.api.conftest import with_settings
from tests.api.test_health import admin
from tests.contracts.test_language_model import Sink
from tests.loopback.model_store import PIECE, Fault, ModelStore
from tests.loopback.tiny_gemma import model_processes, write_tiny_gemma

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


def instance_reason(instance: Instance) -> str | None:
    assert instance.services.local_model is not None
    return instance.services.local_model.standing.condition.reason


def percent(instance: Instance) -> int:
    assert instance.services.local_model is not None
    return instance.services.local_model.standing.condition.percent or 0


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


class TestWhileItIsPulled:
    @pytest.fixture
    def settings(self, settings: Settings, store: ModelStore) -> Settings:
        store.faults = [Fault(after=256 * 1024, silent=True)]
        return settings

    async def test_it_says_how_far_that_is_and_who_asks_for_an_answer_is_refused(
        self, client: httpx.AsyncClient, instance: Instance, store: ModelStore, model: bytes
    ) -> None:
        await until(lambda: state(instance) == "pulling")
        await until(lambda: bool(store.sent))
        told = await health(client, headers=await admin(client, instance))
        assert (told["state"], told["total"]) == ("pulling", len(model))
        assert set(await health(client)) <= {"state", "percent"}
        with pytest.raises(ModelUnavailable) as refused:
            await instance.services.model.stream(ASKED, Sink(), TUTOR)
        assert refused.value.retry_after


async def test_what_has_come_when_an_instance_goes_another_goes_on_with(
    settings: Settings, database_url: str, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "WRITTEN_AT_ONCE", PIECE)
    store.faults = [Fault(after=256 * 1024, silent=True)]
    leave, left = anyio.Event(), anyio.Event()

    async def first() -> None:
        async with open_instance(settings, SystemClock(), database_url=database_url, redis_url=None) as instance:
            await until(lambda: percent(instance) >= 50)
            await leave.wait()
            await instance.drain()
        left.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first)
        await until(lambda: bool(store.sent))
        async with open_instance(settings, SystemClock(), database_url=database_url, redis_url=None) as other:
            await until(lambda: percent(other) >= 50)
            assert store.statuses == [200], "the other waits"
            leave.set()
            await left.wait()
            await until(lambda: state(other) == "ready")
    assert store.statuses == [200, 206]
    assert int(store.seen[1].headers["range"].removeprefix("bytes=").rstrip("-")) == 256 * 1024


async def test_two_instances_that_share_a_folder_pull_once(
    settings: Settings, database_url: str, store: ModelStore
) -> None:
    async with AsyncExitStack() as stack:
        instances = [
            await stack.enter_async_context(
                open_instance(settings, SystemClock(), database_url=database_url, redis_url=None)
            )
            for _ in range(2)
        ]
        await until(lambda: [state(instance) for instance in instances] == ["ready", "ready"])
        held = [lease.kind for instance in instances for lease in instance.leaseholder.held()]
    assert store.statuses == [200]
    assert len(held) == 1


class TestAWrongChecksum:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(settings, model_checksum="0" * 64, ai_providers=("gemma", "outline"))

    async def test_it_is_never_loaded_and_nothing_of_it_stays(
        self, client: httpx.AsyncClient, instance: Instance, settings: Settings, store: ModelStore
    ) -> None:
        await until(lambda: state(instance) == "failed")
        assert await health(client) == {"state": "failed", "reason": "checksum"}
        told = await health(client, headers=await admin(client, instance))
        assert told["detail"].startswith("MODEL_CHECKSUM is not the SHA-256 of what came: ")
        assert settings.model_file is not None
        assert {path.suffix for path in settings.model_file.parent.iterdir()} == {".lock", ".pull"}
        assert (await instance.services.model.stream(ASKED, Sink(), TUTOR)).provider == "outline"
        assert not model_processes()
        assert store.statuses == [200], "it is not fetched again and again"


class TestAFileThatIsThere:
    """MODEL_PATH without a source: nothing is pulled, but nothing is loaded unverified."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return write_tiny_gemma(tmp_path / "own.gguf", window=1 << 31)

    @pytest.fixture
    def settings(self, settings: Settings, file: Path) -> Settings:
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()
        return with_settings(settings, model_source=None, model_path=file, model_checksum=checksum)

    async def test_one_that_needs_more_memory_than_there_is_is_not_loaded(
        self, client: httpx.AsyncClient, instance: Instance
    ) -> None:
        await until(lambda: state(instance) == "failed")
        told = await health(client, headers=await admin(client, instance))
        assert told["reason"] == "memory"
        assert told["memory"]["cache"] > told["memory"]["free"]
        assert " are free" in told["detail"]
        assert not model_processes()

    async def test_another_file_in_its_place_is_not_loaded(
        self, instance: Instance, client: httpx.AsyncClient, file: Path
    ) -> None:
        await until(lambda: state(instance) == "failed")
        write_tiny_gemma(file)
        await until(lambda: instance_reason(instance) == "checksum")
        assert await health(client) == {"state": "failed", "reason": "checksum"}
        assert not model_processes()


class TestWhatIsNoModel:
    @pytest.fixture
    def settings(self, settings: Settings, store: ModelStore) -> Settings:
        store.content = b"GGUF" + bytes(100)
        return with_settings(settings, model_checksum=hashlib.sha256(store.content).hexdigest())

    async def test_it_is_not_loaded(self, instance: Instance, client: httpx.AsyncClient) -> None:
        await until(lambda: state(instance) == "failed")
        assert await health(client) == {"state": "failed", "reason": "unloadable"}


async def test_a_model_whose_process_is_killed_is_loaded_again_and_takes_nothing_along(
    client: httpx.AsyncClient, instance: Instance
) -> None:
    await until(lambda: state(instance) == "ready")
    [worker] = model_processes()
    os.kill(worker.pid, signal.SIGKILL)
    await until(lambda: state(instance) == "failed")
    assert instance_reason(instance) == "crashed"
    assert (await client.get("/v1/health/live")).status_code == 200
    await until(lambda: state(instance) == "ready")
    assert (await instance.services.model.stream(ASKED, Sink(), TUTOR)).provider == "gemma"


async def test_its_process_ends_with_the_instance(settings: Settings, database_url: str) -> None:
    async with open_instance(settings, SystemClock(), database_url=database_url, redis_url=None) as instance:
        await until(lambda: state(instance) == "ready")
        assert len(model_processes()) == 1
    assert not model_processes()


async def test_without_the_extra_the_start_says_so(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_model, "can_run", lambda: False)
    with pytest.raises(InvalidSettings, match=r"MODEL_SOURCE: .* needs its extra `gemma`"):
        async with open_instance(settings, SystemClock(), database_url=database_url, redis_url=None):
            pass


async def test_a_folder_that_cannot_be_written_stops_the_start(settings: Settings, database_url: str) -> None:
    blocked = with_settings(settings, model_path=Path("/proc/models/gemma.gguf"))
    with pytest.raises(InvalidSettings, match=r"MODEL_PATH: .* cannot be written"):
        async with open_instance(blocked, SystemClock(), database_url=database_url, redis_url=None):
            pass


class TestOnlyPulled:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(settings, ai_providers=("outline",))

    async def test_a_model_that_nobody_asks_is_verified_and_not_loaded(self, instance: Instance) -> None:
        await until(lambda: state(instance) == "ready")
        assert not model_processes()
