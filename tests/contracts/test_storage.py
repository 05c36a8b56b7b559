"""One suite for the places that uploads are kept in: a folder, S3, and Google Cloud Storage."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from lyo_rt.problems import Unavailable
from lyo_rt.settings import InvalidSettings, Settings
from lyo_rt.storage import store as storing
from lyo_rt.storage.store import NoSuchFile, Storage, open_storage
from tests.loopback.object_store import BUCKET, ObjectStore

pytestmark = pytest.mark.anyio

PLACES = {"file": "file:", "s3": f"s3://{BUCKET}/lyo/media", "gs": f"gs://{BUCKET}/lyo/media"}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    """The bucket of both clouds."""
    monkeypatch.setattr(storing, "RETRIES", {"max_retries": 0})
    async with ObjectStore.running() as bucket:
        for name, value in bucket.environment().items():
            monkeypatch.setenv(name, value)
        yield bucket


@pytest.fixture
def settings(place: str, tmp_path: Path) -> Settings:
    return Settings.model_validate({"lyo_data_dir": tmp_path, "storage_url": PLACES[place]})


@pytest.fixture
async def storage(settings: Settings, bucket: ObjectStore) -> Storage:
    return await open_storage(settings)


async def whole(storage: Storage, name: UUID, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in await storage.read(name, start, end)])


def kept(place: str, bucket: ObjectStore, folder: Path) -> list[bytes]:
    """What is really there."""
    if place == "file":
        return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    return list(bucket.objects.values())


async def test_what_is_put_is_read_until_it_is_deleted(
    storage: Storage, place: str, bucket: ObjectStore, tmp_path: Path
) -> None:
    name, content = uuid4(), bytes(range(256)) * 100
    assert kept(place, bucket, tmp_path) == []
    await storage.put(name, content)
    assert kept(place, bucket, tmp_path) == [content]
    assert await whole(storage, name, 0, len(content)) == content
    await storage.delete(name)
    assert kept(place, bucket, tmp_path) == []
    with pytest.raises(NoSuchFile):
        await storage.read(name, 0, 1)


@pytest.mark.parametrize(("start", "end"), [(0, 1), (255, 256), (0, 256), (7, 30), (99, 101)])
async def test_any_part_is_read_in_pieces(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, start: int, end: int
) -> None:
    monkeypatch.setattr(storing, "PIECE_BYTES", 10)
    name, content = uuid4(), bytes(range(256))
    await storage.put(name, content)
    pieces = [piece async for piece in await storage.read(name, start, end)]
    assert b"".join(pieces) == content[start:end]
    assert max(map(len, pieces)) <= 10


async def test_what_is_not_there_can_be_deleted(storage: Storage) -> None:
    await storage.delete(uuid4())


async def test_names_do_not_meet(storage: Storage) -> None:
    first, second = UUID(int=1), UUID(int=2)
    await storage.put(first, b"first")
    await storage.put(second, b"second")
    await storage.delete(first)
    assert await whole(storage, second, 0, 6) == b"second"


@pytest.mark.parametrize("place", ["s3", "gs"], indirect=True)
@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_store_that_refuses_is_unavailable(storage: Storage, bucket: ObjectStore, status: int) -> None:
    name = uuid4()
    await storage.put(name, b"here")
    bucket.status = dict.fromkeys(("PUT", "GET", "DELETE"), status)
    with pytest.raises(Unavailable):
        await storage.put(uuid4(), b"more")
    with pytest.raises(Unavailable):
        await storage.read(name, 0, 4)
    with pytest.raises(Unavailable):
        await storage.delete(name)
    bucket.status = {}
    assert await whole(storage, name, 0, 4) == b"here"


async def test_a_folder_that_is_no_longer_one_is_unavailable(tmp_path: Path) -> None:
    storage = await open_storage(Settings.model_validate({"storage_url": f"file:{tmp_path}/media"}))
    (tmp_path / "media").rename(tmp_path / "moved")
    (tmp_path / "media").write_bytes(b"a file where a folder is needed")
    with pytest.raises(Unavailable):
        await storage.put(uuid4(), b"content")


class TestAtTheStart:
    """The setting is tried before anything is served."""

    @pytest.mark.parametrize("place", ["s3", "gs"], indirect=True)
    @pytest.mark.usefixtures("bucket")
    async def test_a_bucket_that_is_not_there_stops_it(self, place: str) -> None:
        line = await refused(f"{place}://elsewhere")
        assert line.startswith(f"STORAGE_URL: {place}://elsewhere cannot be used: ")

    @pytest.mark.parametrize("place", ["s3", "gs"], indirect=True)
    @pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
    async def test_a_missing_permission_stops_it(self, place: str, bucket: ObjectStore, method: str) -> None:
        bucket.status = {method: 403}
        assert f"{place}://{BUCKET} cannot be used" in await refused(f"{place}://{BUCKET}")

    @pytest.mark.usefixtures("bucket")
    async def test_wrong_credentials_stop_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not/the/secret")
        line = await refused(f"s3://{BUCKET}")
        assert "cannot be used" in line
        assert "not/the/secret" not in line

    @pytest.mark.usefixtures("bucket")
    async def test_a_server_that_others_can_listen_to_stops_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://storage.example.com")
        assert "is not https" in await refused(f"s3://{BUCKET}")

    async def test_a_folder_that_cannot_be_made_stops_it(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_bytes(b"")
        assert "STORAGE_URL: file:" in await refused(f"file:{tmp_path}/taken")

    @pytest.mark.usefixtures("storage")
    async def test_nothing_is_left_of_the_trial(self, place: str, bucket: ObjectStore, tmp_path: Path) -> None:
        assert kept(place, bucket, tmp_path) == []

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://host/folder",
            "http://bucket",
            "s3://",
            "s3:///folder",
            "gs://",
            "s3://name:password@bucket",
            "s3://bucket/../other",
            "s3://bucket?region=x",
            "file:relative/folder",
            "file://elsewhere/folder",
            "/srv/media",
        ],
    )
    def test_what_is_no_place_is_refused_unread(self, url: str) -> None:
        with pytest.raises(ValueError, match="storage_url"):
            Settings.model_validate({"storage_url": url})


async def refused(url: str) -> str:
    """The one line that a start with this setting ends with."""
    with pytest.raises(InvalidSettings) as caught:
        await open_storage(Settings.model_validate({"storage_url": url}))
    (line,) = caught.value.lines
    assert "\n" not in line
    return line
