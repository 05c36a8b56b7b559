"""Files of a test's own, and their upload."""

import io
from typing import Any

import httpx
from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
MP3 = b"\xff\xfb\x90\x64" + bytes(range(256)) * 8
M4A = b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0" + bytes(200)
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(200)
OGG = b"OggS\0\2" + bytes(20) + b"\x01\x13OpusHead\1" + bytes(90)
WEBM = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04" + bytes(90)
MATROSKA = WEBM.replace(b"\x9f", b"\xa3").replace(b"\x84webm", b"\x88matroska")


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), colour: str = "teal", **options: Any) -> bytes:
    """An image file of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def animation(kind: str, frames: int, size: tuple[int, int] = (20, 10)) -> bytes:
    """An image file of so many different frames, each shown for 50 ms."""
    made = [Image.new("RGB", size, (number * 7 % 256, number % 256, 128)) for number in range(frames)]
    out = io.BytesIO()
    made[0].save(out, kind, save_all=True, append_images=made[1:], duration=50, loop=0)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    """The image, decoded."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


async def upload(
    client: httpx.AsyncClient,
    data: bytes,
    purpose: str = "avatar",
    *,
    name: str = "holiday.png",
    key: str | None = None,
    **fields: str,
) -> httpx.Response:
    """POST /v1/media."""
    return await client.post(
        "/v1/media",
        data={"purpose": purpose, **fields},
        files={"file": (name, data, "application/x-whatever")},
        headers={} if key is None else {"Idempotency-Key": key},
    )


async def uploaded(client: httpx.AsyncClient, data: bytes, purpose: str = "avatar", **fields: str) -> Any:
    """The record of an upload that succeeds."""
    answer = await upload(client, data, purpose, **fields)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["url"]
    return answer.json()


def faults(answer: httpx.Response) -> dict[str, str]:
    """What is wrong with the input, by pointer."""
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "VALIDATION_ERROR"
    return {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}
