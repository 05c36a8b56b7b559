"""Line ends in whatever comes back in a header: no answer has a header more than the server meant (CWE-113)."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from itertools import product
from urllib.parse import quote

import anyio
import httpx
import pytest

from api.services import Services
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import Client, signed_in, token_of
from tests.api.mailbox import Mailbox
from tests.api.uploading import picture
from tests.attacks import Cases

pytestmark = [pytest.mark.anyio, pytest.mark.attack("header injection")]

ALLOWED = "https://app.example"
ENDS = (
    b"\r\nX-Injected: 1", b"\nX-Injected: 1", b"\rX-Injected: 1", b"%0d%0aX-Injected: 1", b"%0aX-Injected:1",
    b"\r\n X-Injected: 1",
    b"\xe5\x98\x8d\xe5\x98\x8aX-Injected: 1", b"\0X-Injected: 1", b"\xc2\x85X-Injected: 1", b"\\r\\nX-Injected: 1",
    b"\r\n\r\n<script>alert(1)</script>", b'"; X-Injected="1', b"\x0b\x0cX-Injected: 1", b"\xe2\x80\xa8X-Injected: 1",
)  # fmt: skip
"""CR LF, its halves, its encodings, and what some readers take for a line's end."""
FIELDS = (
    "X-Request-ID", "Origin", "Host", "Idempotency-Key", "If-None-Match", "Prefer", "Range", "Authorization",
    "Accept-Language", "Last-Event-ID", "Sec-WebSocket-Protocol", "Accept-Encoding", "User-Agent",
    "Access-Control-Request-Headers",
)  # fmt: skip
"""Those whose value decides something of an answer's header."""
TARGETS = (
    "/v1/courses/x%s", "/v1/users/me?x=%s", "/%s", "/problems/%s", "/v1/ws?token=%s", "/docs%s", "//evil.example/%s",
)  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_settings(settings, cors_origins=(ALLOWED,))


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address) as client:
        yield client


def injected(raw: bytes) -> bool:
    """Whether an answer's head has what it should not. Sent lines are no part of a head that is made of ours."""
    head = raw.partition(b"\r\n\r\n")[0]
    lines = head.split(b"\r\n")[1:]
    planted = any(line.lower().startswith((b"x-injected", b"set-cookie", b" ", b"\t")) for line in lines)
    return planted or any(set(line) & set(b"\r\n\0") for line in lines)


async def exchanged(address: tuple[str, int], request: bytes) -> bytes:
    """All that the server answers to these bytes."""
    async with await anyio.connect_tcp(*address) as connection:
        await connection.send(request)
        raw = b""
        with anyio.fail_after(20):
            try:
                while b"\r\n\r\n" not in raw:
                    raw += await connection.receive()
            except anyio.EndOfStream:
                pass
        return raw


def heads(address: tuple[str, int], token: str) -> Iterator[bytes]:
    """Each line's end in each field, and in the target."""
    host = f"{address[0]}:{address[1]}".encode()
    good = {
        "Host": host,
        "X-Request-ID": b"one",
        "Origin": ALLOWED.encode(),
        "Authorization": f"Bearer {token}".encode(),
    }
    for name, end in product(FIELDS, ENDS):
        fields = {**good, name: good.get(name, b"a") + end}
        lines = b"".join(b"%s: %s\r\n" % (field.encode(), value) for field, value in fields.items())
        yield b"GET /v1/users/me HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n"
    for target, end in product(TARGETS, ENDS):
        path = target.replace("%s", quote(end, safe="%")).encode()
        lines = b"".join(b"%s: %s\r\n" % (field.encode(), value) for field, value in good.items())
        yield b"GET " + path + b" HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n"


async def test_no_line_of_a_request_becomes_a_line_of_an_answer(
    cases_tried: Cases, address: tuple[str, int], learner: Client
) -> None:
    tried = list(heads(address, token_of(learner)))
    for request in tried:
        raw = await exchanged(address, request)
        assert raw.startswith(b"HTTP/1.1 "), request
        assert not injected(raw), (request, raw)
        assert b"\nlocation: //evil" not in raw.lower()
    cases_tried(len(tried))
    assert len(tried) >= 250


async def test_a_token_s_own_words_are_not_told_in_the_challenge(cases_tried: Cases, client: httpx.AsyncClient) -> None:
    for end in ENDS:
        kid = f"x{end.decode('latin-1')}"
        header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": kid}).encode()).rstrip(b"=").decode()
        answer = await client.get("/v1/users/me", headers={"Authorization": f"Bearer {header}.e30.eA"})
        assert answer.status_code == 401
        assert "njected" not in answer.headers["www-authenticate"]
        assert "x-injected" not in answer.headers
    cases_tried(len(ENDS))


async def test_a_file_s_name_ends_no_line(cases_tried: Cases, learner: Client, address: tuple[str, int]) -> None:
    cases = 0
    for end, spelling in product(ENDS, (b'filename="a%s.png"', b"filename*=UTF-8''a%s.png")):
        name = spelling.replace(b"%s", end if b'="' in spelling else quote(end).encode())
        body = (
            b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\navatar\r\n--x\r\n'
            b'Content-Disposition: form-data; name="file"; ' + name + b"\r\n\r\n" + picture() + b"\r\n--x--\r\n"
        )
        sent = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = await learner.post("/v1/media", content=body, headers=sent)
        assert answer.status_code < 500, (name, answer.text)
        cases += 1
        if answer.status_code == 201:
            request = f"GET {answer.json()['url']} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n"
            request += f"Authorization: Bearer {token_of(learner)}\r\nConnection: close\r\n\r\n"
            raw = await exchanged(address, request.encode())
            assert raw.startswith(b"HTTP/1.1 200")
            assert not injected(raw), raw
    cases_tried(cases)


async def test_a_name_is_no_line_of_a_mail(cases_tried: Cases, client: httpx.AsyncClient, settings: Settings) -> None:
    mailbox, cases = Mailbox(settings.lyo_data_dir), 0
    for number, end in enumerate(ENDS):
        name = f"Ada{end.decode()}" + ("\nBcc: all@example.com" if number % 2 else "")
        email = f"ada-{number}@example.com"
        body = {"email": email, "password": "Correct-horse-9-battery", "full_name": name}
        answer = await client.post("/v1/auth/register", json=body)
        assert answer.status_code in {201, 422}, answer.text
        cases += 1
        if answer.status_code == 201:
            mail = await mailbox.next(email)
            assert mail["To"] == email
            assert not {"x-injected", "bcc", "set-cookie"} & {field.lower() for field in mail}
    cases_tried(cases)
