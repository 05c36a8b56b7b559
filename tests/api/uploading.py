"""Files of a test's own, and their upload."""

import io
import struct
from typing import Any

import httpx
from mutagen.ogg import OggPage
from PIL import Image

PDF = (
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<\n/Type /Catalog\n/Pages 2 0 R\n>>\nendobj\n2 0 obj\n<<\n/Type /Pages\n"
    b"/Count 1\n/Kids [ 3 0 R ]\n>>\nendobj\n3 0 obj\n<<\n/Type /Page\n/Resources <<\n>>\n/MediaBox [ 0.0 0.0 72 72 ]\n"
    b"/Parent 2 0 R\n>>\nendobj\nxref\n0 4\n0000000000 65535 f \n0000000015 00000 n \n0000000064 00000 n \n"
    b"0000000123 00000 n \ntrailer\n<<\n/Size 4\n/Root 1 0 R\n>>\nstartxref\n215\n%%EOF\n"
)
MP3 = (b"\xff\xfb\x90\x64" + bytes(range(250)) + bytes(163)) * 5
MOOV = b"\0\0\0\x74moov\0\0\0\x6cmvhd" + bytes(100)
MDAT = b"\0\0\0\xd0mdat" + bytes(range(200))
M4A = b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + MOOV + MDAT
MP4 = b"\0\0\0\x1cftypisom\0\0\2\0isomavc1mp41" + MOOV + MDAT
INFO = b"\x15\x49\xa9\x66\x8e\x2a\xd7\xb1\x83\x0f\x42\x40\x4d\x80\x81\0\x57\x41\x81\0"
CLUSTER = b"\x1f\x43\xb6\x75\xff\xe7\x81\0\xa3\x88\x81\0\0\x80wave"
WEBM = b"\x1a\x45\xdf\xa3\x8bB\x86\x81\x01B\x82\x84webm" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + INFO + CLUSTER
MATROSKA = WEBM.replace(b"\x8b", b"\x8f", 1).replace(b"\x84webm", b"\x88matroska")


def opus(*comments: str) -> bytes:
    """A sound of Opus in Ogg with these comments (`ARTIST=...`)."""
    packed = b"".join(struct.pack("<I", len(comment.encode())) + comment.encode() for comment in comments)
    packets = [
        b"OpusHead\1\1" + struct.pack("<HIhB", 0, 48000, 0, 0),
        b"OpusTags" + struct.pack("<I4sI", 4, b"test", len(comments)) + packed,
        bytes(range(100)),
    ]
    out = io.BytesIO()
    for number, packet in enumerate(packets):
        page = OggPage()
        page.packets, page.sequence, page.serial, page.position = [packet], number, 7, 960 * number
        page.first, page.last = number == 0, number == 2
        out.write(page.write())
    return out.getvalue()


OGG = opus()


def padded_film(size: int) -> bytes:
    """A film of so many bytes."""
    rest = size - len(MP4)
    return MP4 + struct.pack(">I4s", rest, b"free") + bytes(rest - 8)


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
