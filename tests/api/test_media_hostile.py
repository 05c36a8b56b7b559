"""Uploads made to do harm: too large, bombs, two files in one, names that are paths."""

import io
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest
from PIL import Image

from api import uploads
from api.services import Services
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


class TestTooLarge:
    async def test_ten_mebibytes_are_taken_and_one_byte_more_is_not(
        self, learner: httpx.AsyncClient, course: str
    ) -> None:
        most = uploading.PDF + bytes(UPLOAD_MAX_BYTES - len(uploading.PDF))
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
        self, learner: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            while sent < 10 * UPLOAD_MAX_BYTES:
                sent += 1 << 20
                yield bytes(1 << 20)

        answer = await learner.post(
            "/v1/media", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")
        assert not (tmp_path / "media").exists() or not any((tmp_path / "media").rglob("*/*"))

    async def test_headers_of_a_part_without_end_are_refused(self, learner: httpx.AsyncClient) -> None:
        body = b"--x\r\nContent-Disposition: form-data; x=" + b"y" * (1 << 20)
        answer = await learner.post(
            "/v1/media", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == 413

    async def test_parts_without_end_are_refused(self, learner: httpx.AsyncClient) -> None:
        files = [(f"field-{number}", (None, "x")) for number in range(1000)]
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


class TestBombs:
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(png(50_000, 50_000), id="png"),
            pytest.param(picture("GIF").replace(struct.pack("<HH", 40, 30), b"\xff\xff\xff\xff"), id="gif"),
            pytest.param(picture("JPEG").replace(struct.pack(">HH", 30, 40), b"\xff\xdc\xff\xdc"), id="jpeg"),
        ],
    )
    async def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(
        self, learner: httpx.AsyncClient, data: bytes
    ) -> None:
        (told,) = faults(await upload(learner, data)).values()
        assert "pixels, more than 25,000,000" in told

    async def test_a_real_one_is_refused(self, learner: httpx.AsyncClient) -> None:
        data = picture("PNG", (10_000, 2_501))
        assert len(data) < 200_000
        assert "10000 x 2501 pixels" in faults(await upload(learner, data))["/file"]

    async def test_text_that_unpacks_to_very_much_is_refused(self, learner: httpx.AsyncClient) -> None:
        packed = b"Comment\0\0" + zlib.compress(bytes(80 << 20), 9)
        assert faults(await upload(learner, png(10, 10, (b"zTXt", packed)))) == {"/file": "is a broken image"}

    @pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
    async def test_an_animation_has_an_end(self, learner: httpx.AsyncClient, course: str, kind: str) -> None:
        answer = await upload(learner, animation(kind, MAX_FRAMES + 1), "lesson", course_id=course)
        assert faults(answer) == {"/file": f"has more than {MAX_FRAMES} frames"}

    async def test_all_frames_together_have_an_end(self, learner: httpx.AsyncClient, course: str) -> None:
        data = animation("GIF", 30, (1500, 1500))
        assert "pixels in all of its frames" in faults(await upload(learner, data, "lesson", course_id=course))["/file"]

    async def test_an_avatar_takes_the_first_frame_of_any_number(self, learner: httpx.AsyncClient) -> None:
        record = await uploaded(learner, animation("GIF", MAX_FRAMES + 1))
        assert getattr(opened((await learner.get(record["url"])).content), "n_frames", 1) == 1


class TestTwoFilesInOne:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
    @pytest.mark.parametrize("behind", [SCRIPT, b"PK\x03\x04 an archive PK\x05\x06" + bytes(18), b"%PDF-1.4 %%EOF"])
    async def test_what_follows_an_image_is_left_out(
        self, learner: httpx.AsyncClient, kind: str, behind: bytes
    ) -> None:
        record = await uploaded(learner, picture(kind) + behind)
        kept = (await learner.get(record["url"])).content
        assert behind not in kept
        assert opened(kept).size == (40, 30)

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

    @pytest.mark.parametrize(
        "data",
        [
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
        ],
        ids=lambda data: repr(data[:6]),
    )
    async def test_nothing_else_is_taken(self, learner: httpx.AsyncClient, course: str, data: bytes) -> None:
        assert set(faults(await upload(learner, data, "lesson", course_id=course, name="a.png"))) == {"/file"}


class TestNames:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("../../../etc/passwd", "passwd.png"),
            ("..\\..\\windows\\system32\\cmd.exe", "cmd.png"),
            ("/etc/cron.d/x", "x.png"),
            ("invoice\u202egnp.exe", "invoice gnp.png"),
            (".htaccess", "htaccess.png"),
            ("a" * 300 + ".png", "a" * 100 + ".png"),
            ("..", "file.png"),
            ("résumé.html", "résumé.png"),
            ("a\tb.png", "a b.png"),
        ],
    )
    async def test_a_name_is_never_a_path(
        self, learner: httpx.AsyncClient, tmp_path: Path, given: str, shown: str
    ) -> None:
        record = await uploaded(learner, picture(), name=given)
        assert record["name"] == shown
        (kept,) = [file for file in (tmp_path / "media").rglob("*") if file.is_file()]
        assert set(kept.name) <= set("0123456789abcdef")
        answer = await learner.get(record["url"])
        assert "\n" not in answer.headers["content-disposition"]

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
        kept = opened((await learner.get(record["url"])).content)
        assert kept.size == (30, 60)
        assert not kept.getexif()
        assert {"exif", "icc_profile", "comment"}.isdisjoint(kept.info)
        top = kept.getpixel((15, 5))
        assert isinstance(top, tuple)
        assert top[2] > top[0]
