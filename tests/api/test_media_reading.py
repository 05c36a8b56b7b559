"""Reading an upload as RFC 9110 has it: ranges, conditions, and the headers that keep a file harmless."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.services import Services
from lyo_rt.storage import store as storing
from tests.api import published, uploading
from tests.api.learners import signed_in
from tests.api.uploading import picture, uploaded

pytestmark = pytest.mark.anyio

BODY = uploading.MP3
SIZE = len(BODY)


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def url(services: Services, learner: httpx.AsyncClient) -> str:
    """An upload of BODY."""
    course = await published.course(services, learner, "Tides")
    record = await uploaded(learner, BODY, "lesson", course_id=course)
    return str(record["url"])


class TestRanges:
    async def test_a_range_is_given(self, learner: httpx.AsyncClient, url: str) -> None:
        for wanted, first, last in (
            ("bytes=0-0", 0, 0),
            ("bytes=0-", 0, SIZE - 1),
            ("bytes=5-9", 5, 9),
            (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
            (f"bytes=7-{SIZE}", 7, SIZE - 1),
            ("bytes=7-99999999999999999999", 7, SIZE - 1),
            ("bytes=-1", SIZE - 1, SIZE - 1),
            (f"bytes=-{SIZE}", 0, SIZE - 1),
            (f"bytes=-{SIZE + 1000}", 0, SIZE - 1),
            ("BYTES = 5-9", 5, 9),
        ):
            answer = await learner.get(url, headers={"Range": wanted})
            assert (answer.status_code, answer.content) == (206, BODY[first : last + 1]), wanted
            assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
            assert answer.headers["content-length"] == str(last + 1 - first)

    async def test_what_lies_outside_is_not_satisfiable(self, learner: httpx.AsyncClient, url: str) -> None:
        for wanted in (f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0", "bytes=99999999999999999999-"):
            answer = await learner.get(url, headers={"Range": wanted})
            assert (answer.status_code, answer.json()["code"]) == (416, "RANGE_NOT_SATISFIABLE"), wanted
            assert answer.headers["content-range"] == f"bytes */{SIZE}"

    async def test_what_is_no_range_or_several_gets_all(self, learner: httpx.AsyncClient, url: str) -> None:
        for wanted in ("bytes=9-5", "bytes=-", "bytes=a-b", "bytes=1", "lines=1-2", "bytes=0-1,5-6", "bytes=1--2", "x"):
            answer = await learner.get(url, headers={"Range": wanted})
            assert (answer.status_code, answer.content) == (200, BODY), wanted
            assert "content-range" not in answer.headers

    async def test_the_rest_of_the_same_version_only(self, learner: httpx.AsyncClient, url: str) -> None:
        etag = (await learner.get(url)).headers["etag"]
        part = await learner.get(url, headers={"Range": "bytes=5-9", "If-Range": etag})
        assert (part.status_code, part.content) == (206, BODY[5:10])
        for other in ('"another"', f"W/{etag}", "Sat, 21 Nov 2026 02:00:00 GMT"):
            whole = await learner.get(url, headers={"Range": "bytes=5-9", "If-Range": other})
            assert (whole.status_code, whole.content) == (200, BODY)

    async def test_a_file_of_many_pieces_comes_whole(
        self, learner: httpx.AsyncClient, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(storing, "PIECE_BYTES", 100)
        assert (await learner.get(url)).content == BODY
        assert (await learner.get(url, headers={"Range": "bytes=99-301"})).content == BODY[99:302]


class TestConditions:
    async def test_a_copy_need_not_come_again(self, learner: httpx.AsyncClient, url: str) -> None:
        first = await learner.get(url)
        for given in (first.headers["etag"], f'"other", {first.headers["etag"]}', f"W/{first.headers['etag']}", "*"):
            again = await learner.get(url, headers={"If-None-Match": given, "Range": "bytes=0-1"})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]
            assert again.headers["cache-control"] == first.headers["cache-control"]
        assert (await learner.get(url, headers={"If-None-Match": '"other"'})).status_code == 200

    async def test_another_version_is_not_there(self, learner: httpx.AsyncClient, url: str) -> None:
        etag = (await learner.get(url)).headers["etag"]
        assert (await learner.get(url, headers={"If-Match": etag})).status_code == 200
        assert (await learner.get(url, headers={"If-Match": '"other"'})).status_code == 412

    async def test_head_is_get_without_the_bytes(self, learner: httpx.AsyncClient, url: str) -> None:
        whole, head = await learner.get(url), await learner.head(url, headers={"Range": "bytes=0-1"})
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-length", "content-type", "etag", "accept-ranges", "content-disposition"):
            assert head.headers[name] == whole.headers[name]


class TestHarmless:
    async def test_no_copy_is_anybody_elses_and_none_is_run(self, learner: httpx.AsyncClient, url: str) -> None:
        for headers in ({}, {"Range": "bytes=0-1"}):
            answer = await learner.get(url, headers=headers)
            assert answer.headers["cache-control"] == "private, max-age=86400, immutable"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"].endswith("; sandbox")
            assert answer.headers.get_list("content-security-policy") == [answer.headers["content-security-policy"]]
            assert answer.headers["accept-ranges"] == "bytes"
            assert "content-encoding" not in answer.headers

    async def test_a_document_is_saved_and_an_image_shown(self, services: Services, learner: httpx.AsyncClient) -> None:
        course = await published.course(services, learner, "Tides")
        pdf = await uploaded(learner, uploading.PDF, "lesson", course_id=course, name="Ebbe & Flüt.pdf")
        shown = (await learner.get(pdf["url"])).headers["content-disposition"]
        assert shown == "attachment; filename*=UTF-8''Ebbe%20&%20Fl%C3%BCt.pdf"
        image = await uploaded(learner, picture())
        assert (await learner.get(image["url"])).headers["content-disposition"].startswith("inline; filename*=UTF-8''")

    async def test_a_file_that_has_got_lost_is_told_and_not_made_up(
        self, learner: httpx.AsyncClient, url: str, tmp_path: Path
    ) -> None:
        for file in (tmp_path / "media").rglob("*/*"):
            file.unlink()
        answer = await learner.get(url)
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
