"""References are counted exactly: two instances and many learners at once, storages that fail, instances that are
killed; a file is there as long as an upload refers to it, and gone as soon as none does."""

import hashlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import anyio
import pytest

from lyo_rt.accounts import repository as accounts
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.media.records import Content, Media, NewMedia
from lyo_rt.media.service import ABANDONED, Library
from lyo_rt.problems import Unavailable
from lyo_rt.settings import Settings
from lyo_rt.storage import store as storing
from lyo_rt.storage.store import open_storage
from tests.conftest import Announcements
from tests.loopback.object_store import BUCKET, ObjectStore

pytestmark = pytest.mark.anyio

SETTINGS = Settings.model_validate({"storage_url": f"s3://{BUCKET}"})


class LaterClock(SystemClock):
    """The machine's clock, put forward by hand."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    monkeypatch.setattr(storing, "RETRIES", {"max_retries": 0})
    async with ObjectStore.running() as bucket:
        for name, value in bucket.environment().items():
            monkeypatch.setenv(name, value)
        yield bucket


@pytest.fixture
def clock() -> LaterClock:
    return LaterClock()


@pytest.fixture
async def libraries(database_url: str, bucket: ObjectStore, clock: LaterClock) -> AsyncIterator[list[Library]]:
    """The uploads as two instances see them."""
    async with AsyncExitStack() as stack:
        yield [
            Library(
                await stack.enter_async_context(Database.open(database_url, Announcements(), pool_max=5)),
                await open_storage(SETTINGS),
                clock,
            )
            for _ in range(2)
        ]


@pytest.fixture
def library(libraries: list[Library]) -> Library:
    return libraries[0]


async def learner(database: Database) -> UUID:
    name = f"{uuid4().hex}@example.com"
    user = await accounts.insert_user(
        database, email=name, email_key=name, password_hash="-", full_name="Learner", now=datetime.now(UTC)
    )
    assert user is not None
    return user.id


def content(data: bytes = b"the same for all") -> Content:
    return Content(data, "image/png", hashlib.sha256(data).digest(), 1, 1)


async def added(library: Library, database: Database, user: UUID, of: Content) -> Media:
    """An avatar of this content."""
    async with library.written(of) as written, database.transaction() as transaction:
        done = await library.add(transaction, written, of, NewMedia(user, "avatar", None, "me.png"))
    await library.remove(done.released)
    return done.media


async def whole(library: Library, media: Media) -> bytes:
    return b"".join([piece async for piece in await library.read(media, 0, media.size)])


async def rows(database: Database) -> dict[str, int]:
    """How many stored files there are, by their state."""
    found = await database.fetch("SELECT state, count(*) FROM media_objects GROUP BY state")
    return {row["state"]: row["count"] for row in found}


async def test_one_file_however_many_upload_it(
    libraries: list[Library], database: Database, bucket: ObjectStore
) -> None:
    users = [await learner(database) for _ in range(8)]
    uploads: list[tuple[Library, Media]] = []

    async def upload(number: int) -> None:
        library = libraries[number % 2]
        uploads.append((library, await added(library, database, users[number], content())))

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(upload, number)
    assert len({media.object_id for _, media in uploads}) == 1
    assert len(bucket.objects) == 1
    assert await rows(database) == {"kept": 1}
    for library, media in uploads:
        assert bucket.objects
        await library.delete(media)
    assert bucket.objects == {}
    assert await rows(database) == {}


async def test_uploading_and_deleting_the_same_at_once_on_two_instances(
    libraries: list[Library], database: Database, bucket: ObjectStore
) -> None:
    """Each reads its upload back after every step: never is a file gone that somebody still refers to."""
    read = 0

    async def live(library: Library, user: UUID, mine: list[Content]) -> None:
        nonlocal read
        for turn in range(10):
            kept = mine[turn % len(mine)]
            media = await added(library, database, user, kept)
            assert await whole(library, media) == kept.data
            read += 1
            if turn % 3:
                await library.delete(media)

    users = [await learner(database) for _ in range(8)]
    pair = [content(b"one"), content(b"another")]
    async with anyio.create_task_group() as tasks:
        for number, user in enumerate(users):
            # Half of them go from one to another and half the other way: who waits for whom must not close a ring.
            tasks.start_soon(live, libraries[number % 2], user, pair if number % 4 < 2 else pair[::-1])
    assert read == 80
    left = await database.fetchval("SELECT count(DISTINCT object_id) FROM media")
    assert len(bucket.objects) == left
    assert await rows(database) == ({"kept": left} if left else {})
    for user in users:
        await database.execute("DELETE FROM users WHERE id = $1", user)
    await libraries[0].sweep()
    assert bucket.objects == {}
    assert await rows(database) == {}


async def test_a_file_deleted_while_another_uploads_the_same(
    libraries: list[Library], database: Database, bucket: ObjectStore
) -> None:
    here, there = libraries
    first = await added(here, database, await learner(database), content())
    async with there.written(content()) as written:
        await here.delete(first)
        async with database.transaction() as transaction:
            new = NewMedia(await learner(database), "avatar", None, "me.png")
            second = (await there.add(transaction, written, content(), new)).media
    assert await whole(here, second) == content().data
    assert len(bucket.objects) == 1


async def test_what_is_rolled_back_leaves_nothing(library: Library, database: Database, bucket: ObjectStore) -> None:
    user = await learner(database)

    async def fail() -> None:
        async with library.written(content()) as written, database.transaction() as transaction:
            await library.add(transaction, written, content(), NewMedia(user, "avatar", None, "me.png"))
            assert len(bucket.objects) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert bucket.objects == {}
    assert await rows(database) == {}


async def test_a_storage_that_refuses_keeps_nothing(library: Library, database: Database, bucket: ObjectStore) -> None:
    bucket.status = {"PUT": 503}
    with pytest.raises(Unavailable):
        await added(library, database, await learner(database), content())
    assert await rows(database) == {}


async def test_what_cannot_be_deleted_now_is_deleted_later(
    library: Library, database: Database, bucket: ObjectStore
) -> None:
    media = await added(library, database, await learner(database), content())
    bucket.status = {"DELETE": 503}
    await library.delete(media)
    assert await library.find(media.id) is None
    assert (len(bucket.objects), await rows(database)) == (1, {"doomed": 1})
    assert await library.sweep() == 0
    assert (len(bucket.objects), await rows(database)) == (1, {"doomed": 1})
    bucket.status = {}
    assert await library.sweep() == 1
    assert (bucket.objects, await rows(database)) == ({}, {})


async def test_the_same_uploaded_anew_while_the_old_one_waits_to_go(
    library: Library, database: Database, bucket: ObjectStore
) -> None:
    user = await learner(database)
    media = await added(library, database, user, content())
    bucket.status = {"DELETE": 503}
    await library.delete(media)
    bucket.status = {}
    again = await added(library, database, user, content())
    await library.sweep()
    assert await whole(library, again) == content().data
    assert len(bucket.objects) == 1


async def test_an_erased_learners_files_are_swept_up_and_others_stay(
    libraries: list[Library], database: Database, bucket: ObjectStore
) -> None:
    gone, stays = await learner(database), await learner(database)
    await added(libraries[0], database, gone, content(b"only mine"))
    kept = await added(libraries[0], database, stays, content())
    await database.execute("DELETE FROM users WHERE id = $1", gone)
    swept: list[int] = []

    async def sweep(library: Library) -> None:
        swept.append(await library.sweep())

    async with anyio.create_task_group() as tasks:
        for library in libraries:
            tasks.start_soon(sweep, library)
    assert sum(swept) >= 1
    assert list(bucket.objects.values()) == [content().data]
    assert await whole(libraries[1], kept) == content().data


async def test_more_than_one_batch_is_swept_up(
    library: Library, database: Database, bucket: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyo_rt.media.repository._BATCH", 2)
    for number in range(5):
        user = await learner(database)
        await added(library, database, user, content(bytes([number])))
        await database.execute("DELETE FROM users WHERE id = $1", user)
    assert await library.sweep() == 5
    assert bucket.objects == {}


UPLOAD = """
import anyio, hashlib, sys
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.media.records import Content
from lyo_rt.media.service import Library
from lyo_rt.settings import Settings
from lyo_rt.storage.store import open_storage

class Nobody:
    async def publish(self, topic, payload): ...

async def main():
    storage = await open_storage(Settings(storage_url=sys.argv[2]))
    async with Database.open(sys.argv[1], Nobody(), pool_max=2) as database:
        data = b"the same for all"
        content = Content(data, "image/png", hashlib.sha256(data).digest(), 1, 1)
        sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
        async with Library(database, storage, SystemClock()).written(content):
            sys.stdout.write("written\\n"); sys.stdout.flush()
            await anyio.sleep_forever()

anyio.run(main)
"""


@pytest.mark.parametrize("moment", ["while it writes", "when it has written"])
async def test_what_a_killed_instance_leaves_is_swept_up_once_it_cannot_come_back(
    library: Library, database: Database, database_url: str, bucket: ObjectStore, clock: LaterClock, moment: str
) -> None:
    command = [sys.executable, "-W", "error", "-c", UPLOAD, database_url, f"s3://{BUCKET}"]
    async with await anyio.open_process(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert (await process.stdout.receive()).startswith(b"ready")
        if moment == "while it writes":
            bucket.held = anyio.Event()
        await process.stdin.send(b"go\n")
        if bucket.held is None:
            assert (await process.stdout.receive()).startswith(b"written")
        else:
            await bucket.arrived.wait()
        process.send_signal(signal.SIGKILL)
    bucket.held = None
    assert (len(bucket.objects), await rows(database)) == (1, {"writing": 1})
    assert await library.sweep() == 0
    user = await learner(database)
    media = await added(library, database, user, content())
    clock.ahead = ABANDONED + timedelta(seconds=1)
    assert await library.sweep() == 1
    assert list(bucket.objects.values()) == [content().data]
    assert await whole(library, media) == content().data


async def test_a_writer_taken_for_dead_keeps_nothing(
    library: Library, database: Database, bucket: ObjectStore, clock: LaterClock
) -> None:
    user = await learner(database)

    async def come_back_late() -> None:
        async with library.written(content()) as written, database.transaction() as transaction:
            clock.ahead = ABANDONED + timedelta(seconds=1)
            await library.sweep()
            await library.add(transaction, written, content(), NewMedia(user, "avatar", None, "me.png"))

    with pytest.raises(Unavailable):
        await come_back_late()
    assert (bucket.objects, await rows(database)) == ({}, {})
