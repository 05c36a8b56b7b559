"""Uploads through the door: what is kept, who may read it, and what a client is told."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import anyio
import httpx
import pytest

from api.services import Services
from tests.api import published, uploading
from tests.api.learners import signed_in
from tests.api.uploading import faults, opened, picture, upload, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address, "Lena") as client:
        yield client


@pytest.fixture
async def stranger(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address, "Sven") as client:
        yield client


def stored(tmp_path: Path) -> list[Path]:
    """The files that are kept."""
    return [file for file in (tmp_path / "media").rglob("*") if file.is_file()]


class TestAnAvatar:
    async def test_it_is_what_its_bytes_say_upright_and_small(self, learner: httpx.AsyncClient) -> None:
        record = await uploaded(learner, picture("JPEG", (900, 600)), name="me.gif")
        answer = await learner.get(record["url"])
        assert answer.headers["content-type"] == record["media_type"] == "image/jpeg"
        assert hashlib.sha256(answer.content).hexdigest() == record["sha256"]
        assert int(answer.headers["content-length"]) == record["size"] == len(answer.content)
        assert opened(answer.content).size == (record["width"], record["height"]) == (512, 341)
        assert record["name"] == "me.jpg"

    async def test_everybody_signed_in_may_see_it(
        self, learner: httpx.AsyncClient, stranger: httpx.AsyncClient, client: httpx.AsyncClient
    ) -> None:
        url = (await uploaded(learner, picture()))["url"]
        assert (await stranger.get(url)).status_code == 200
        assert (await client.get(url)).json()["code"] == "NOT_AUTHENTICATED"

    async def test_nobody_else_sees_it_once_the_account_is_closed(
        self, services: Services, learner: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        url = (await uploaded(learner, picture()))["url"]
        await services.database.execute("UPDATE users SET is_active = false WHERE full_name = 'Lena'")
        assert (await stranger.get(url)).status_code == 404

    async def test_the_next_one_takes_its_place(self, learner: httpx.AsyncClient, tmp_path: Path) -> None:
        first = await uploaded(learner, picture(colour="red"))
        second = await uploaded(learner, picture(colour="blue"))
        assert (await learner.get(first["url"])).status_code == 404
        assert (await learner.get(second["url"])).status_code == 200
        assert len(stored(tmp_path)) == 1

    async def test_the_same_one_again_is_kept(self, learner: httpx.AsyncClient, tmp_path: Path) -> None:
        await uploaded(learner, picture())
        again = await uploaded(learner, picture())
        assert (await learner.get(again["url"])).status_code == 200
        assert len(stored(tmp_path)) == 1

    async def test_it_is_an_image(self, learner: httpx.AsyncClient) -> None:
        for data in (uploading.PDF, uploading.MP3, uploading.MP4):
            assert faults(await upload(learner, data)) == {
                "/file": "is not of a kind that is kept here: gif, jpg, png, webp"
            }


class TestLessonMedia:
    async def test_it_is_kept_as_it_is(self, services: Services, learner: httpx.AsyncClient) -> None:
        course = await published.course(services, learner, "Tides")
        for data, media_type in (
            (uploading.PDF, "application/pdf"),
            (uploading.MP3, "audio/mpeg"),
            (uploading.M4A, "audio/mp4"),
            (uploading.MP4, "video/mp4"),
            (uploading.OGG, "audio/ogg"),
            (uploading.WEBM, "video/webm"),
        ):
            record = await uploaded(learner, data, "lesson", course_id=course)
            answer = await learner.get(record["url"])
            assert (answer.content, answer.headers["content-type"]) == (data, media_type)
            assert record["course_id"] == course

    async def test_who_may_read_the_course_may_read_it(
        self, services: Services, learner: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        course = await published.course(services, learner, "Tides", is_published=False)
        url = (await uploaded(learner, uploading.PDF, "lesson", course_id=course))["url"]
        assert (await stranger.get(url)).status_code == 404
        await services.database.execute("UPDATE courses SET is_published = true")
        assert (await stranger.get(url)).content == uploading.PDF

    async def test_only_who_owns_the_course_adds_to_it(
        self, services: Services, learner: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        course = await published.course(services, learner, "Tides")
        for id in (course, str(uuid4())):
            answer = await upload(stranger, uploading.PDF, "lesson", course_id=id)
            assert faults(answer) == {"/course_id": "there is no such course of yours"}

    async def test_it_goes_with_its_course(
        self, services: Services, learner: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        course = await published.course(services, learner, "Tides")
        url = (await uploaded(learner, uploading.PDF, "lesson", course_id=course))["url"]
        await services.database.execute("DELETE FROM courses")
        assert (await learner.get(url)).status_code == 404
        assert len(stored(tmp_path)) == 1
        assert await services.library.sweep() == 1
        assert stored(tmp_path) == []


class TestDeleting:
    async def test_the_file_goes_with_the_last_upload_of_it(
        self, services: Services, learner: httpx.AsyncClient, stranger: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        mine, theirs = await uploaded(learner, picture()), await uploaded(stranger, picture())
        assert (mine["sha256"], len(stored(tmp_path))) == (theirs["sha256"], 1)
        assert (await learner.delete(mine["url"])).status_code == 204
        assert (await learner.get(mine["url"])).status_code == 404
        assert (await stranger.get(theirs["url"])).status_code == 200
        assert (await stranger.delete(theirs["url"])).status_code == 204
        assert stored(tmp_path) == []
        assert await services.database.fetchval("SELECT count(*) FROM media_objects") == 0

    async def test_nobody_deletes_what_is_not_theirs(
        self, learner: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        url = (await uploaded(learner, picture()))["url"]
        assert (await stranger.delete(url)).status_code == 404
        assert (await learner.get(url)).status_code == 200

    async def test_what_is_gone_is_not_deleted_again(self, learner: httpx.AsyncClient) -> None:
        url = (await uploaded(learner, picture()))["url"]
        assert (await learner.delete(url)).status_code == 204
        assert (await learner.delete(url)).status_code == 404

    async def test_it_is_deleted_once(self, learner: httpx.AsyncClient) -> None:
        url = (await uploaded(learner, picture()))["url"]
        statuses: list[int] = []

        async def delete() -> None:
            statuses.append((await learner.delete(url)).status_code)

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(delete)
        assert sorted(statuses) == [204, 404, 404, 404, 404]

    async def test_another_version_is_not_deleted(self, learner: httpx.AsyncClient) -> None:
        record = await uploaded(learner, picture())
        answer = await learner.delete(record["url"], headers={"If-Match": '"another"'})
        assert (answer.status_code, answer.json()["code"]) == (412, "STALE_VERSION")
        same = await learner.delete(record["url"], headers={"If-Match": f'"{record["sha256"]}"'})
        assert same.status_code == 204


class TestTheSameKey:
    async def test_it_gets_the_first_answer(self, learner: httpx.AsyncClient, tmp_path: Path) -> None:
        first = await upload(learner, picture(), key="k-1")
        again = await upload(learner, picture(), key="k-1")
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert len(stored(tmp_path)) == 1

    async def test_ten_at_once_are_one(self, services: Services, learner: httpx.AsyncClient, tmp_path: Path) -> None:
        bodies: set[bytes] = set()
        course = await published.course(services, learner, "Tides")

        async def send() -> None:
            bodies.add((await upload(learner, uploading.PDF, "lesson", course_id=course, key="k-2")).content)

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(send)
        assert len(bodies) == 1
        assert len(stored(tmp_path)) == 1
        assert await services.database.fetchval("SELECT count(*) FROM media") == 1

    async def test_another_file_is_refused(self, learner: httpx.AsyncClient, tmp_path: Path) -> None:
        first = await uploaded(learner, picture(), key="k-3")
        other = await upload(learner, picture(colour="red"), key="k-3")
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert (await learner.get(first["url"])).status_code == 200
        assert len(stored(tmp_path)) == 1

    async def test_another_learner_has_keys_of_their_own(
        self, learner: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        mine = await uploaded(learner, picture(), key="k-4")
        theirs = await uploaded(stranger, picture(), key="k-4")
        assert mine["id"] != theirs["id"]


class TestFaults:
    async def test_all_are_told_at_once(self, learner: httpx.AsyncClient, tmp_path: Path) -> None:
        answer = await upload(learner, b"GIF89a, or not", "selfie", course_id="7", user_id="1", is_admin="true")
        assert faults(answer) == {
            "/user_id": "is not known here",
            "/is_admin": "is not known here",
            "/purpose": "must be one of avatar, lesson",
            "/course_id": "must be a UUID",
            "/file": "is a broken image",
        }
        assert stored(tmp_path) == []

    async def test_a_file_is_needed(self, learner: httpx.AsyncClient) -> None:
        answer = await learner.post("/v1/media", data={}, files={"purpose": (None, "avatar")})
        assert faults(answer) == {"/file": "a file is needed"}

    async def test_an_empty_file_is_none(self, learner: httpx.AsyncClient) -> None:
        assert faults(await upload(learner, b"")) == {"/file": "is empty"}

    async def test_a_lesson_needs_its_course_and_an_avatar_has_none(self, learner: httpx.AsyncClient) -> None:
        assert faults(await upload(learner, uploading.PDF, "lesson")) == {
            "/course_id": "lesson media need the course they belong to"
        }
        assert faults(await upload(learner, picture(), course_id=str(uuid4()))) == {
            "/course_id": "an avatar belongs to no course"
        }

    async def test_parts_that_do_not_belong_are_told(self, learner: httpx.AsyncClient) -> None:
        answer = await learner.post(
            "/v1/media",
            files=[
                ("purpose", (None, "avatar")),
                ("purpose", (None, "lesson")),
                ("file", ("a.png", picture())),
                ("file", ("b.png", picture())),
                ("other", ("c.png", picture())),
                ("long", (None, "x" * 2000)),
                ("nul", (None, "a\0b")),
            ],
        )
        told = faults(answer)
        assert told["/purpose"] == "is there twice"
        assert told["/file"] == "only one file can be sent at a time"
        assert told["/other"] == "is no field for a file"
        assert set(told) == {"/purpose", "/file", "/other", "/long", "/nul"}

    async def test_a_file_that_is_a_field_is_told(self, learner: httpx.AsyncClient) -> None:
        answer = await learner.post("/v1/media", files={"purpose": (None, "avatar"), "file": (None, "text")})
        assert faults(answer) == {"/file": "must be sent as a file, with a file name"}

    async def test_what_is_no_form_is_refused(self, learner: httpx.AsyncClient) -> None:
        form = "multipart/form-data; boundary=x"
        for content_type, body, status in (
            ("application/json", b"{}", 415),
            ("multipart/form-data", b"x", 415),
            ("multipart/mixed; boundary=x", b"--x--", 415),
            (form, b"", 400),
            (form, b"--x\r\n", 400),
            (form, b"--x\r\nNo-Disposition: 1\r\n\r\na\r\n--x--\r\n", 400),
            (form, b"--x\r\n\xff\xfe: 1\r\n\r\na\r\n--x--\r\n", 400),
            (form, b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n", 422),
            (form, b"no boundary " * 100, 400),
        ):
            answer = await learner.post("/v1/media", content=body, headers={"Content-Type": content_type})
            assert answer.status_code == status, (body, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_stranger_to_us_is_refused_first(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/media", content=b"x")
        assert answer.json()["code"] == "NOT_AUTHENTICATED"

    async def test_what_was_never_there_is_not_found(self, learner: httpx.AsyncClient) -> None:
        for method in ("GET", "DELETE"):
            assert (await learner.request(method, f"/v1/media/{uuid4()}")).status_code == 404
            assert (await learner.request(method, "/v1/media/..%2f..%2fetc%2fpasswd")).status_code == 400
