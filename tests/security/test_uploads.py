"""Uploads that would be somewhere else, or very much more than they look; tests/api/test_media_hostile.py has more."""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from api.services import Services
from lyo_rt.settings import Settings
from tests.api.learners import Client, signed_in
from tests.api.uploading import picture
from tests.attacks import Cases
from tests.security.openings import operations, schema_of

pytestmark = pytest.mark.anyio

CLIMBS = (
    "../",
    "..\\",
    "..%2f",
    "..%5c",
    "%2e%2e/",
    "....//",
    "..;/",
    "..%252f",
    "..%c0%af",
    "/",
    "C:\\",
    "\\\\host\\",
    "~/",
)
TARGETS = ("etc/passwd", "jwt.keys", "media/x.png", "con", "x\0.png", "-rf", "|id", "`id`", "$(id)", "a" * 4000)
PLACES = ('name="file"; filename="{}"', "name=\"file\"; filename*=UTF-8''{}", 'name="purpose"; filename="{}"')
MEBIBYTE = 1 << 20


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address) as client:
        yield client


def files_below(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if file.is_file()}


@pytest.mark.attack("path traversal in uploads")
async def test_no_name_leads_out_of_the_store(cases_tried: Cases, learner: Client, settings: Settings) -> None:
    folder = settings.lyo_data_dir
    outside = {file for file in files_below(folder.parent) if folder / "media" not in file.parents}
    taken = 0
    for climb, target, place in product(CLIMBS, TARGETS, PLACES):
        name = climb * 6 + target
        told = place.format(quote(name) if "*=" in place else name).encode()
        body = (
            b"--x\r\nContent-Disposition: form-data; " + told + b"\r\n\r\n" + picture() + b"\r\n"
            b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\navatar\r\n--x--\r\n'
        )
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = await learner.post("/v1/media", content=body, headers=headers)
        assert answer.status_code in {201, 400, 413, 422}, (name, answer.text)
        cases_tried(1)
        if answer.status_code == 201:
            taken += 1
            shown = answer.json()["name"]
            assert not re.search(r'[/\\\0<>:"|?*]', shown), shown
            assert not shown.startswith(".")
    assert taken >= 100
    kept = files_below(folder / "media")
    assert all(re.fullmatch("[0-9a-f]+", file.name) for file in kept), kept
    now = {file for file in files_below(folder.parent) if folder / "media" not in file.parents}
    assert {file for file in now - outside if "mail" not in file.parts} == set()


@pytest.mark.attack("path traversal in uploads")
async def test_no_id_leads_out_of_the_store(cases_tried: Cases, learner: Client) -> None:
    for climb, target in product(CLIMBS, TARGETS[:4]):
        answer = await learner.get(f"/v1/media/{quote(climb * 4 + target)}")
        assert answer.status_code in {400, 404}, (climb, target)
        cases_tried(1)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that unpack to hundreds of mebibytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("course.json", bytes(200 * MEBIBYTE))
    yield "a ZIP", packed.getvalue()
    yield "a ZIP behind an image", picture() + packed.getvalue()
    yield "a document", b"%PDF-1.7\n1 0 obj <</Filter /FlateDecode>> stream\n" + zlib.compress(bytes(100 * MEBIBYTE))
    yield "gzip", gzip.compress(bytes(200 * MEBIBYTE), 1)
    yield "gzip in gzip", gzip.compress(gzip.compress(bytes(200 * MEBIBYTE), 9), 9)


@pytest.mark.attack("ZIP and image bombs")
async def test_nothing_is_unpacked_that_is_no_image(cases_tried: Cases, learner: Client) -> None:
    for what, data in bombs():
        answer = await learner.post("/v1/media", data={"purpose": "avatar"}, files={"file": ("a.png", data)})
        expected = {201} if what == "a ZIP behind an image" else {413, 422}
        assert answer.status_code in expected, (what, answer.text)
        cases_tried(1)


@pytest.mark.attack("ZIP and image bombs")
async def test_no_body_is_unpacked(cases_tried: Cases, learner: Client) -> None:
    """A request's Content-Encoding is not undone: what is packed is no JSON."""
    data = gzip.compress(b'{"a":"' + b"0" * (100 * MEBIBYTE) + b'"}', 9)
    assert len(data) < MEBIBYTE
    routes = [(method, path) for method, path, operation in operations() if schema_of(operation) and "{" not in path]
    for (method, path), coding in product(routes, ("gzip", "deflate", "gzip, gzip")):
        headers = {"Content-Type": "application/json", "Content-Encoding": coding}
        answer = await learner.request(method, path, content=data, headers=headers)
        assert answer.status_code in {400, 403, 415}, (method, path, answer.text)
        cases_tried(1)
