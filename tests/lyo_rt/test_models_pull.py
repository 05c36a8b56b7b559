"""Pulling a model: whatever happens on the way, the file at its path is whole and right, or not there."""

import hashlib
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from lyo_rt.models import http_source
from lyo_rt.models import pull as pulling
from lyo_rt.models.artifact import Artifact
from lyo_rt.models.file_source import FileSource
from lyo_rt.models.pull import pull
from lyo_rt.models.records import ArtifactFault, Condition
from lyo_rt.models.source import Source
from lyo_rt.models.sources import open_source
from lyo_rt.settings import Settings
from tests.api.test_command_line import plain_environment
from tests.loopback.model_store import ACCESS_KEY, REGION, SECRET_KEY, Fault, ModelStore

pytestmark = pytest.mark.anyio

MODEL = random.Random(4).randbytes(3 * 1024 * 1024 + 17)  # noqa: S311
CHECKSUM = hashlib.sha256(MODEL).hexdigest()
PULL = (sys.executable, "-W", "error", "-m", "api.command_line", "model", "pull")
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
    store.content = MODEL[::-1]
    store.faults = [Fault(after=1024 * 1024)]

    def replaced() -> None:
        store.content, store.etag = MODEL, '"another version"'

    store.after_a_fault = replaced
    await pull(artifact, source(kind, store, tmp_path), kind)
    assert artifact.path.read_bytes() == MODEL
    assert store.statuses == ([200, 200] if kind in ("https", "hf") else [200, 412, 200])


@SOURCES
async def test_what_is_not_there_ends_the_pull(
    kind: str, store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    from_there = source(kind, store, tmp_path)
    store.paths = ()
    (tmp_path / "original.gguf").unlink()
    with pytest.raises(ArtifactFault) as caught:
        await pull(artifact, from_there, kind)
    assert caught.value.reason == "not_found"
    assert left(artifact) == {"gemma.gguf.pull"}
    assert artifact.pulled() == Condition("failed", reason="not_found", detail=caught.value.detail)
    assert "hf_secret" not in caught.value.detail


@OVER_HTTP
@pytest.mark.parametrize("status", [401, 403])
async def test_what_is_not_open_to_us_ends_the_pull(
    kind: str, status: int, store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    store.faults = [Fault(status=status)]
    with pytest.raises(ArtifactFault) as caught:
        await pull(artifact, source(kind, store, tmp_path), kind)
    assert caught.value.reason == "refused"
    assert store.statuses == [status]


async def test_a_wrong_signature_is_refused(
    store: ModelStore, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(ArtifactFault) as caught:
        await pull(artifact, source("s3", store, tmp_path), "s3")
    assert (caught.value.reason, store.statuses) == ("refused", [403])


@SOURCES
async def test_a_wrong_checksum_leaves_nothing(
    kind: str, store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    store.content = MODEL[:-1] + b"x"
    with pytest.raises(ArtifactFault) as caught:
        await pull(artifact, source(kind, store, tmp_path), kind)
    assert caught.value.reason == "checksum"
    assert hashlib.sha256(store.content).hexdigest() in caught.value.detail
    assert left(artifact) == {"gemma.gguf.pull"}


async def test_another_file_at_the_path_stays_until_the_right_one_is_whole(
    store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    artifact.path.parent.mkdir()
    artifact.path.write_bytes(b"older")
    store.faults = [Fault(status=404)]
    with pytest.raises(ArtifactFault):
        await pull(artifact, source("https", store, tmp_path), "https")
    assert artifact.path.read_bytes() == b"older"
    assert await pull(artifact, source("https", store, tmp_path), "https"), "a failed pull can be begun again"
    assert artifact.path.read_bytes() == MODEL


async def test_a_part_that_was_spoilt_is_fetched_anew_once(
    store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    await interrupted(store, artifact, tmp_path)
    spoilt = bytearray(artifact.part.read_bytes())
    spoilt[17] ^= 1
    artifact.part.write_bytes(spoilt)
    await pull(artifact, source("https", store, tmp_path), "https")
    assert artifact.path.read_bytes() == MODEL
    assert store.statuses == [200, 206, 200]


async def interrupted(store: ModelStore, artifact: Artifact, tmp_path: Path) -> None:
    """A pull that was cancelled after 2 MiB."""
    store.faults = [Fault(after=2 * 1024 * 1024, silent=True)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pull, artifact, source("https", store, tmp_path), "https")
        with anyio.fail_after(5):
            while artifact.received() < 1024 * 1024:  # noqa: ASYNC110  what is waited for is a file
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()


async def test_a_cancelled_pull_keeps_all_that_has_come(store: ModelStore, artifact: Artifact, tmp_path: Path) -> None:
    await interrupted(store, artifact, tmp_path)
    received = artifact.received()
    assert received >= 1024 * 1024
    assert artifact.pulled() == Condition("pulling", received, len(MODEL))
    assert artifact.pulled().percent == received * 100 // len(MODEL)
    assert not artifact.path.exists()
    await pull(artifact, source("https", store, tmp_path), "https")
    assert store.seen[1].headers["range"] == f"bytes={received}-"


@pytest.mark.parametrize("etag", ['W/"weak"', None])
async def test_without_a_strong_validator_it_begins_anew(
    etag: str | None, store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    store.etag = etag
    store.faults = [Fault(after=1024 * 1024)]
    await pull(artifact, source("https", store, tmp_path), "https")
    assert artifact.path.read_bytes() == MODEL
    assert "range" not in store.seen[1].headers


async def test_a_server_without_ranges_or_lengths_will_do(
    store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    store.ranges = store.sized = False
    store.faults = [Fault(after=1024 * 1024)]
    await pull(artifact, source("https", store, tmp_path), "https")
    assert artifact.path.read_bytes() == MODEL
    assert store.statuses == [200, 200]


async def test_a_source_that_has_become_shorter_is_begun_anew(
    store: ModelStore, artifact: Artifact, tmp_path: Path
) -> None:
    await interrupted(store, artifact, tmp_path)
    store.content = MODEL[:1024]
    short = Artifact(artifact.path, hashlib.sha256(store.content).hexdigest())
    await pull(short, source("https", store, tmp_path), "https")
    assert store.statuses == [200, 416, 200]


async def test_a_silent_connection_is_given_up_and_gone_on_with(
    store: ModelStore, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "SILENCE_SECONDS", 0.2)
    store.faults = [Fault(after=1024 * 1024, silent=True)]
    await pull(artifact, source("https", store, tmp_path), "https")
    assert store.statuses == [200, 206]


async def test_a_source_that_cannot_be_reached_is_given_up_after_the_tries_without_a_byte(
    artifact: Artifact, store: ModelStore, tmp_path: Path
) -> None:
    store.faults = [Fault(status=503), Fault(status=503), Fault(after=64 * 1024), *[Fault(status=500)] * 3]
    with pytest.raises(ArtifactFault) as caught:
        await pull(artifact, source("https", store, tmp_path), "https", tries=3)
    assert caught.value.reason == "unreachable"
    assert caught.value.detail.endswith("HTTP 500")
    assert len(store.seen) == 5


async def test_retry_after_is_obeyed(store: ModelStore, artifact: Artifact, tmp_path: Path) -> None:
    store.faults = [Fault(status=429, retry_after=1)]
    began = time.monotonic()
    await pull(artifact, source("https", store, tmp_path), "https")
    assert time.monotonic() - began >= 1


async def test_the_token_of_hugging_face_stays_with_it(store: ModelStore, artifact: Artifact, tmp_path: Path) -> None:
    async with ModelStore.running(MODEL, "/cdn") as cdn:
        store.redirects[PATHS["hf"]] = f"{cdn.address}/cdn"
        await pull(artifact, source("hf", store, tmp_path), "hf")
    assert store.seen[0].headers["authorization"] == "Bearer hf_secret"
    assert "authorization" not in cdn.seen[0].headers


async def test_a_way_that_is_not_encrypted_is_not_taken(store: ModelStore, artifact: Artifact, tmp_path: Path) -> None:
    store.redirects[PATHS["https"]] = "http://example.com/gemma.gguf"
    with pytest.raises(ArtifactFault, match="not https") as caught:
        await pull(artifact, source("https", store, tmp_path), "https")
    assert caught.value.reason == "refused"


@pytest.mark.parametrize(("kind", "name"), [("s3", "AWS_ENDPOINT_URL"), ("gs", "GOOGLE_BASE_URL")])
async def test_nor_to_an_object_store(
    kind: str, name: str, store: ModelStore, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://store.example.com")
    with pytest.raises(ArtifactFault, match="not https"):
        await pull(artifact, source(kind, store, tmp_path), kind)


async def test_a_file_too_large_for_the_disk_is_refused_before_a_byte_is_written(
    artifact: Artifact, tmp_path: Path
) -> None:
    sparse = tmp_path / "sparse.gguf"
    with sparse.open("wb") as file:
        file.truncate(15 * 1024**4)
    with pytest.raises(ArtifactFault, match=r"15\.0 TiB more are needed") as caught:
        await pull(artifact, FileSource(str(sparse)), "sparse")
    assert caught.value.reason == "disk_full"
    assert left(artifact) == {"gemma.gguf.pull"}


class TestInAProcessOfItsOwn:
    """`lyo-rt model pull`, as an operator runs it."""

    @pytest.fixture
    def environment(self, store: ModelStore, tmp_path: Path) -> dict[str, str]:
        return {
            **plain_environment(),
            "LYO_DATA_DIR": str(tmp_path),
            "MODEL_SOURCE": f"{store.address}{PATHS['https']}",
            "MODEL_CHECKSUM": CHECKSUM,
        }

    @pytest.fixture
    def artifact(self, tmp_path: Path) -> Artifact:
        return Artifact(tmp_path / "models" / f"{CHECKSUM}.gguf", CHECKSUM)

    async def test_a_full_disk_ends_it_with_one_line_and_leaves_nothing(
        self, environment: dict[str, str], artifact: Artifact
    ) -> None:
        def limited() -> None:
            # the kernel ends every write beyond 2 MiB as a full disk would
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024 * 1024, 2 * 1024 * 1024))

        run = partial(subprocess.run, PULL, env=environment, capture_output=True, check=False, preexec_fn=limited)
        ended = await anyio.to_thread.run_sync(run)
        assert ended.returncode == 1
        assert b"has no more room" in ended.stderr.splitlines()[-1]
        assert {path.suffix for path in artifact.path.parent.iterdir()} == {".lock", ".pull"}
        assert artifact.pulled().reason == "disk_full"

    async def test_after_kill_9_the_next_one_goes_on(
        self, environment: dict[str, str], artifact: Artifact, store: ModelStore
    ) -> None:
        store.faults = [Fault(after=2 * 1024 * 1024, silent=True)]
        async with await anyio.open_process([*PULL], env=environment, stdout=subprocess.DEVNULL) as first:
            with anyio.fail_after(15):
                while artifact.received() < 1024 * 1024:  # noqa: ASYNC110  what is waited for is a file
                    await anyio.sleep(0.02)
            first.send_signal(signal.SIGKILL)
        assert not artifact.path.exists()
        ended = await anyio.run_process([*PULL], env=environment)
        assert b"is ready" in ended.stdout
        assert store.statuses == [200, 206]

    async def test_two_at_once_fetch_once(
        self, environment: dict[str, str], artifact: Artifact, store: ModelStore
    ) -> None:
        store.pause = 0.002
        said: list[bytes] = []

        async def one() -> None:
            said.append((await anyio.run_process([*PULL], env=environment)).stdout)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one)
            tasks.start_soon(one)
        assert store.statuses == [200]
        assert sorted(b"was there already" in line for line in said) == [False, True]
        assert artifact.path.read_bytes() == MODEL
