"""Uploads made to do harm: too large, bombs, two files in one, names that are paths."""

import io
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import anyio
import httpx
import pytest
from PIL import Image

from api import uploads
from api.services import Services
from lyo_rt.media import images
from lyo_rt.media.images import MAX_FRAMES
from lyo_rt.media.records import UPLOAD_MAX_BYTES
from tests.api import published, uploading
from tests.api.learners import signed_in, token_of
from tests.api.uploading import animation, faults, opened, picture, upload, uploaded

pytestmark = pytest.mark.anyio

SCRIPT = b"<script>alert(document.domain)</script>"


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def course(services: Services, learner: httpx.AsyncClient) -> str:
    return await published.course(services, learner, "Tides")


def kept(folder: Path) -> list[Path]:
    """The stored files."""
    return [file for file in (folder / "media").rglob("*") if file.is_file()]


@pytest.mark.attack("oversize uploads")
class TestTooLarge:
    async def test_ten_mebibytes_are_taken_and_one_byte_more_is_not(
        self, learner: httpx.AsyncClient, course: str
    ) -> None:
        most = uploading.padded_film(UPLOAD_MAX_BYTES)
        record = await uploaded(learner, most, "lesson", course_id=course)
        assert record["size"] == UPLOAD_MAX_BYTES
        answer = await upload(learner, most + b"\0", "lesson", course_id=course)
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")

    async def test_a_length_that_is_too_much_is_refused_unread(
        self, learner: httpx.AsyncClient, address: tuple[str, int]
    ) -> None:
        head = (
            "POST /v1/media HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Authorization: Bearer {token_of(learner)}\r\nContent-Length: 99999999999\r\n\r\n"
        )
        async with await anyio.connect_tcp(*address) as connection:
            await connection.send(head.encode())
            assert b" 413 " in (await connection.receive()).partition(b"\r\n")[0]

    async def test_one_without_a_length_is_refused_when_it_is_too_much(
        self, learner: httpx.AsyncClient, address: tuple[str, int], tmp_path: Path
    ) -> None:
        head = (
            "POST /v1/media HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Authorization: Bearer {token_of(learner)}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        piece = b"%x\r\n" % (1 << 20) + bytes(1 << 20) + b"\r\n"
        async with await anyio.connect_tcp(*address) as connection:
            await connection.send(head.encode() + b"%x\r\n" % len(part) + part + b"\r\n")
            for _ in range(11):
                await connection.send(piece)
            assert b" 413 " in (await connection.receive()).partition(b"\r\n")[0]
        assert kept(tmp_path) == []

    async def test_headers_of_a_part_without_end_are_refused(self, learner: httpx.AsyncClient) -> None:
        body = b"--x\r\nContent-Disposition: form-data; x=" + b"y" * (1 << 20)
        answer = await learner.post(
            "/v1/media", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == 413

    async def test_parts_without_end_are_refused(self, learner: httpx.AsyncClient) -> None:
        files = [(f"field-{number}", (None, "x")) for number in range(uploads.PARTS + 1)]
        assert (await learner.post("/v1/media", files=files)).status_code == 413

    async def test_every_other_path_keeps_its_limit(self, learner: httpx.AsyncClient) -> None:
        answer = await learner.post("/v1/ai/translate", content=bytes(2 << 20))
        assert answer.status_code == 413

    async def test_one_that_trickles_is_given_up(
        self, learner: httpx.AsyncClient, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "ARRIVAL_SECONDS", 0.05)
        head = (
            "POST /v1/media HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Authorization: Bearer {token_of(learner)}\r\nContent-Length: 1000\r\n\r\n--x"
        )
        async with await anyio.connect_tcp(*address) as connection:
            await connection.send(head.encode())
            assert b" 408 " in (await connection.receive()).partition(b"\r\n")[0]


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG that says it is of this size, with these chunks and very few pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


@pytest.mark.attack("ZIP and image bombs")
class TestBombs:
    async def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(
        self, learner: httpx.AsyncClient
    ) -> None:
        for data in (
            png(50_000, 50_000),
            picture("GIF").replace(struct.pack("<HH", 40, 30), b"\xff\xff\xff\xff"),
            picture("JPEG").replace(struct.pack(">HH", 30, 40), b"\xff\xdc\xff\xdc"),
        ):
            (told,) = faults(await upload(learner, data)).values()
            assert told == "has more than 25,000,000 pixels"

    async def test_a_real_one_is_refused(self, learner: httpx.AsyncClient) -> None:
        data = picture("PNG", (10_000, 2_501))
        assert len(data) < 200_000
        assert faults(await upload(learner, data)) == {"/file": "has more than 25,000,000 pixels"}

    async def test_text_that_unpacks_to_very_much_is_refused(self, learner: httpx.AsyncClient) -> None:
        packed = b"Comment\0\0" + zlib.compress(bytes(80 << 20), 9)
        assert faults(await upload(learner, png(10, 10, (b"zTXt", packed)))) == {"/file": "is a broken image"}

    async def test_an_animation_has_an_end(self, learner: httpx.AsyncClient, course: str) -> None:
        for kind in ("GIF", "WEBP", "PNG"):
            answer = await upload(learner, animation(kind, MAX_FRAMES + 1), "lesson", course_id=course)
            assert faults(answer) == {"/file": f"has more than {MAX_FRAMES} frames"}, kind

    async def test_all_frames_together_have_an_end(
        self, learner: httpx.AsyncClient, course: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(images, "MAX_PIXELS", 1_000)
        record = await uploaded(learner, animation("GIF", 5), "lesson", course_id=course)
        assert record["media_type"] == "image/gif"
        answer = await upload(learner, animation("GIF", 6), "lesson", course_id=course)
        assert faults(answer) == {"/file": "has more than 25,000,000 pixels"}

    async def test_an_avatar_takes_the_first_frame_of_any_number(self, learner: httpx.AsyncClient) -> None:
        record = await uploaded(learner, animation("GIF", MAX_FRAMES + 1))
        assert getattr(opened((await learner.get(record["url"])).content), "n_frames", 1) == 1


@pytest.mark.attack("two files in one upload")
class TestTwoFilesInOne:
    async def test_what_follows_an_image_is_left_out(self, learner: httpx.AsyncClient) -> None:
        for kind in ("PNG", "JPEG", "GIF", "WEBP"):
            for behind in (SCRIPT, b"PK\x03\x04 an archive PK\x05\x06" + bytes(18), b"%PDF-1.4 %%EOF"):
                record = await uploaded(learner, picture(kind) + behind)
                clean = (await learner.get(record["url"])).content
                assert behind not in clean
                assert opened(clean).size == (40, 30)

    async def test_what_hides_in_an_images_texts_is_left_out(self, learner: httpx.AsyncClient) -> None:
        exif = Image.Exif()
        exif[0x010E] = SCRIPT.decode()
        for data in (
            picture("JPEG", exif=exif, comment=SCRIPT),
            picture("GIF", comment=SCRIPT),
            png(1, 1, (b"tEXt", b"Comment\0" + SCRIPT)),
        ):
            assert SCRIPT in data
            answer = await upload(learner, data)
            if answer.status_code == 201:
                assert SCRIPT not in (await learner.get(answer.json()["url"])).content

    async def test_nothing_else_is_taken(self, learner: httpx.AsyncClient, course: str) -> None:
        for data in (
            SCRIPT,
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"GIF89a/*" + SCRIPT + b"*/=1;",
            b"\xff\xd8\xff" + SCRIPT,
            b"MZ" + bytes(200),
            b"PK\x03\x04" + bytes(200),
            b"\x7fELF" + bytes(200),
            b"II*\0" + bytes(200),
            uploading.MATROSKA,
            b"\0\0\0\x20ftypheic" + bytes(200),
            b"   %PDF-1.4",
            b"just text",
        ):
            answer = await upload(learner, data, "lesson", course_id=course, name="a.png")
            assert set(faults(answer)) == {"/file"}, data


@pytest.mark.attack("path traversal in uploads")
class TestNames:
    async def test_a_name_is_never_a_path(self, learner: httpx.AsyncClient, tmp_path: Path) -> None:
        for given, shown in (
            ("../../../etc/passwd", "passwd.png"),
            ("..\\..\\windows\\system32\\cmd.exe", "cmd.png"),
            ("/etc/cron.d/x", "x.png"),
            ("invoice\u202egnp.exe", "invoice gnp.png"),
            (".htaccess", "htaccess.png"),
            ("a" * 300 + ".png", "a" * 100 + ".png"),
            ("..", "file.png"),
            ("résumé.html", "résumé.png"),
            ("C:\\fake\\<b>.png", "b.png"),
        ):
            record = await uploaded(learner, picture(), name=given)
            assert record["name"] == shown, given
            (file,) = kept(tmp_path)
            assert set(file.name) <= set("0123456789abcdef")
            disposition = (await learner.get(record["url"])).headers["content-disposition"]
            assert disposition == f"inline; filename*=UTF-8''{quote(shown)}"

    async def test_a_nul_in_a_name_is_no_end(self, learner: httpx.AsyncClient) -> None:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.php\0.png"\r\n\r\n'
            + picture()
            + b'\r\n--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\navatar\r\n--x--\r\n'
        )
        answer = await learner.post(
            "/v1/media", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == 201
        assert answer.json()["name"] == "a.php.png"

    async def test_metadata_is_gone_and_the_image_upright(self, learner: httpx.AsyncClient) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned a quarter to the right
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)  # where it was taken
        image = Image.new("RGB", (60, 30), "red")
        image.paste("blue", (0, 0, 30, 30))
        out = io.BytesIO()
        image.save(out, "JPEG", exif=exif, quality=95)
        record = await uploaded(learner, out.getvalue())
        clean = opened((await learner.get(record["url"])).content)
        assert clean.size == (30, 60)
        assert not clean.getexif()
        assert {"exif", "icc_profile", "comment"}.isdisjoint(clean.info)
        top = clean.getpixel((15, 5))
        assert isinstance(top, tuple)
        assert top[2] > top[0]
