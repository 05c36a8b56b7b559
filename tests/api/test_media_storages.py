"""The same through the door on each storage: two instances, learners who upload and delete the same bytes at once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import httpx
import pytest

from api.instance import open_instance
from api.services import Services
from lyo_rt.clock import SystemClock
from lyo_rt.settings import Settings
from tests.api.conftest import served, with_settings
from tests.api.learners import signed_in
from tests.api.uploading import opened, picture, uploaded
from tests.loopback.object_store import BUCKET, ObjectStore

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    async with ObjectStore.running() as bucket:
        for name, value in bucket.environment().items():
            monkeypatch.setenv(name, value)
        yield bucket


@pytest.fixture(params=["file:", f"s3://{BUCKET}/lyo", f"gs://{BUCKET}"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    return with_settings(settings, storage_url=request.param)


@pytest.fixture
async def doors(
    settings: Settings, database_url: str, bucket: ObjectStore
) -> AsyncIterator[list[tuple[Services, tuple[str, int]]]]:
    """Two instances, and where they are served."""
    async with AsyncExitStack() as stack:
        yield [
            (instance.services, await stack.enter_async_context(served(instance.asgi)))
            for instance in [
                await stack.enter_async_context(
                    open_instance(settings, SystemClock(), database_url=database_url, redis_url=None)
                )
                for _ in range(2)
            ]
        ]


async def test_every_file_is_there_as_long_as_somebody_has_it(
    doors: list[tuple[Services, tuple[str, int]]], bucket: ObjectStore, tmp_path: Path
) -> None:
    data, read = picture("JPEG", (600, 300)), 0

    async def live(client: httpx.AsyncClient) -> None:
        nonlocal read
        for _ in range(4):
            record = await uploaded(client, data)
            whole = await client.get(record["url"])
            part = await client.get(record["url"], headers={"Range": "bytes=1-9"})
            assert opened(whole.content).size == (512, 256)
            assert part.content == whole.content[1:10]
            assert (await client.delete(record["url"])).status_code == 204
            read += 1

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(await signed_in(services, address))
            for services, address in doors
            for _ in range(3)
        ]
        async with anyio.create_task_group() as tasks:
            for client in clients:
                tasks.start_soon(live, client)
    assert read == 24
    assert bucket.objects == {}
    assert [file for file in (tmp_path / "media").rglob("*") if file.is_file()] == []
    assert await doors[0][0].database.fetchval("SELECT count(*) FROM media_objects") == 0
