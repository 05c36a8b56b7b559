"""Pulling a model: whatever happens on the way, the file at its path is whole and right, or not there."""

import hashlib
import os
import random
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from lyo_rt.models import pull as pulling
from lyo_rt.models.artifact import Artifact
from lyo_rt.models.pull import pull
from lyo_rt.models.records import ArtifactFault, Condition
from lyo_rt.models.source import Source
from lyo_rt.models.sources import open_source
from lyo_rt.settings import Settings
from tests.loopback.model_store import ACCESS_KEY, REGION, SECRET_KEY, Fault, ModelStore

pytestmark = pytest.mark.anyio

MODEL = random.Random(4).randbytes(3 * 1024 * 1024 + 17)
CHECKSUM = hashlib.sha256(MODEL).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HF = f"hf://google/gemma-3-4b-it-qat-q4_0-gguf@{COMMIT}/gemma-3 4b.gguf"
PATHS = {
    "https": "/models/gemma.gguf",
    "hf": f"/google/gemma-3-4b-it-qat-q4_0-gguf/resolve/{COMMIT}/gemma-3 4b.gguf",
    "s3": "/s3/models/gemma/gemma.gguf",
    "gs": "/models/gemma/gemma.gguf",
}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries, and no wait for this machine's name when credentials are looked for."""
    monkeypatch.setattr(pulling, "FIRST_PAUSE", 0.01)
    for name, value in {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "GOOGLE_SKIP_SIGNATURE": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def store(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ModelStore]:
    async with ModelStore.running(MODEL, *PATHS.values()) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"{store.address}/s3")
        monkeypatch.setenv("GOOGLE_BASE_URL", store.address)
        yield store


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    return Artifact(tmp_path / "models" / "gemma.gguf", CHECKSUM)


def source(kind: str, store: ModelStore, tmp_path: Path) -> Source:
    """The source as the settings name it."""
    (tmp_path / "original.gguf").write_bytes(store.content)
    address = {
        "https": f"{store.address}{PATHS['https']}",
        "hf": HF,
        "s3": "s3://models/gemma/gemma.gguf",
        "gs": "gs://models/gemma/gemma.gguf",
        "file": f"file:{tmp_path}/original.gguf",
    }[kind]
    values = {
        "model_source": address,
        "model_checksum": CHECKSUM,
        "hf_endpoint": store.address,
        "hf_token": "hf_secret",
    }
    return open_source(Settings.model_validate(values))


def left(artifact: Artifact) -> set[str]:
    """What is in the folder beside the lock."""
    return {path.name for path in artifact.path.parent.iterdir()} - {"gemma.gguf.lock"}


SOURCES = pytest.mark.parametrize("kind", ["https", "hf", "s3", "gs", "file"])
OVER_HTTP = pytest.mark.parametrize("kind", ["https", "hf", "s3", "gs"])


@SOURCES
async def test_a_model_comes_whole_from_each_kind_of_source(
    kind: str, store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    assert artifact.pulled() == Condition("absent")
    assert await pull(artifact, source(kind, store, tmp_path), kind)
    assert artifact.path.read_bytes() == MODEL
    assert left(artifact) == {"gemma.gguf"}
    asked = len(store.seen)
    assert not await pull(artifact, source(kind, store, tmp_path), kind), "it was there"
    assert len(store.seen) == asked


@OVER_HTTP
async def test_a_connection_cut_in_the_middle_is_gone_on_with(
    kind: str, store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    store.faults = [Fault(after=2 * 1024 * 1024), Fault(status=503), Fault(after=512 * 1024)]
    assert await pull(artifact, source(kind, store, tmp_path), kind)
    assert artifact.path.read_bytes() == MODEL
    assert store.statuses == [200, 503, 206, 206]
    offsets = [int(seen.headers["range"].removeprefix("bytes=").rstrip("-")) for seen in store.seen[1:]]
    assert 0 < offsets[0] <= 2 * 1024 * 1024
    assert offsets[0] == offsets[1] < offsets[2]
    validator = "if-range" if kind in ("https", "hf") else "if-match"
    assert {seen.headers[validator] for seen in store.seen[1:]} == {store.etag}


@OVER_HTTP
async def test_a_source_that_changes_in_between_is_begun_anew(
    kind: str, store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    store.content, right, new = MODEL[::-1], store.content, '"another version"'
    store.faults = [Fault(after=1024 * 1024)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pull, artifact, source(kind, store, tmp_path), kind)
        while not store.faults == [] or not store.seen:
            await anyio.sleep(0.001)
        store.content, store.etag = right, new
    assert artifact.path.read_bytes() == MODEL
    assert store.statuses == ([200, 200] if kind in ("https", "hf") else [200, 412, 200])
