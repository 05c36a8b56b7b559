"""HTTP/1.1 on a raw socket: what might be read in two ways is refused as a problem, and the connection closed."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import httpx
import pytest
from anyio.abc import SocketStream

import api.app
import api.http11

pytestmark = [pytest.mark.anyio, pytest.mark.attack("request smuggling")]

HOST = b"Host: localhost\r\n"
POST = b"POST /v1/auth/login HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
GET = b"GET /v1/health/live HTTP/1.1\r\n"
SMUGGLED = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SECONDS = 10.0


def get(target: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"


FRAMING = {
    "length and coding": POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "coding and length": POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}",
    "two equal lengths": POST + b"Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length of words": POST + b"Content-Length: two\r\n\r\n{}",
    "an empty length": POST + b"Content-Length:\r\n\r\n{}",
    "a space before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "a tab before the colon": POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "chunked but not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "a disguised coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a vertical tab in a coding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a folded field": GET + HOST + b"X-A: b\r\n c\r\n\r\n",
    "a field folded by a tab": GET + HOST + b"X-A: b\r\n\tc\r\n\r\n",
    "a first field that is folded": GET + b" X-A: b\r\n" + HOST + b"\r\n",
    "a chunk without a size": POST + CHUNKED + b"\r\nhello\r\n0\r\n\r\n",
    "a chunk of negative size": POST + CHUNKED + b"\r\n-1\r\nhello\r\n0\r\n\r\n",
    "a chunk size with 0x": POST + CHUNKED + b"\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": POST + CHUNKED + b"\r\n1\r\n{}\r\n0\r\n\r\n",
    "a chunk size of thirty digits": POST + CHUNKED + b"\r\n" + b"1" * 30 + b"\r\n{}\r\n0\r\n\r\n",
    "a folded trailer": POST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\nX-A: b\r\n c\r\n\r\n",
}
HEADS = {
    "a bare LF after the request line": b"GET /v1/health/live HTTP/1.1\nHost: localhost\r\n\r\n",
    "bare LFs": b"GET /v1/health/live HTTP/1.1\nHost: localhost\n\n",
    "a bare CR": GET + HOST + b"X-A: b\rX-B: c\r\n\r\n",
    "a NUL in a field": GET + HOST + b"X-A: b\0c\r\n\r\n",
    "a field without a name": GET + HOST + b": b\r\n\r\n",
    "a field without a colon": GET + HOST + b"nothing\r\n\r\n",
    "a name with a space": GET + HOST + b"X A: b\r\n\r\n",
    "no host": GET + b"\r\n",
    "two hosts": GET + HOST + b"Host: evil.example\r\n\r\n",
    "two equal hosts": GET + HOST + HOST + b"\r\n",
    "an unknown version": b"GET /v1/health/live HTTP/9.9\r\n" + HOST + b"\r\n",
    "no version": b"GET /v1/health/live\r\n" + HOST + b"\r\n",
    "two spaces": b"GET  /v1/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "an odd method": b"G(T /v1/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS where there is none": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n",
}
TARGETS = {
    "climbing": get(b"/v1/health/../users/me"),
    "climbing, encoded": get(b"/v1/health/%2e%2e/users/me"),
    "climbing, half encoded": get(b"/v1/health/.%2E/users/me"),
    "climbing at the end": get(b"/v1/users/.."),
    "a dot": get(b"/v1/./health"),
    "a dot, encoded": get(b"/v1/%2e/health"),
    "an encoded slash": get(b"/v1%2fhealth"),
    "an encoded slash in capitals": get(b"/v1/health%2Flive"),
    "a backslash": get(b"/v1\\health"),
    "an encoded backslash": get(b"/v1/health%5c..%5cusers"),
    "NUL": get(b"/v1/health%00"),
    "NUL in the query": get(b"/v1/health?a=%00"),
    "CR LF": get(b"/v1/health%0d%0aX-A:%20b"),
    "DEL": get(b"/v1/health%7f"),
    "two slashes": get(b"//v1/health"),
    "two slashes in the middle": get(b"/v1//health"),
    "two slashes at the end": get(b"/v1/health//"),
    "another host": get(b"http://evil.example/v1/health"),
    "another host in capitals": get(b"HTTP://EVIL.EXAMPLE/v1/health"),
    "a user in the host": get(b"http://localhost@evil.example/v1/health"),
    "a host and another port": get(b"http://localhost:1/v1/health"),
    "another scheme": get(b"ftp://localhost/v1/health"),
    "no slash": get(b"v1/health"),
    "only a query": get(b"?a"),
    "an asterisk": get(b"*"),
    "climbing out of a host": get(b"http://localhost/v1/../health"),
    "a proxy's method": b"CONNECT localhost:5432 HTTP/1.1\r\n" + HOST + b"\r\n",
}
STATUSES = {
    "chunked twice": 501,
    "chunked but not last": 501,
    "another coding": 501,
    "a disguised coding": 501,
    "an unknown version": 505,
}


async def answered(address: tuple[str, int], sent: bytes) -> bytes:
    """All that comes until the connection is closed by the server."""
    async with await anyio.connect_tcp(*address) as stream:
        received = b""
        with anyio.fail_after(SECONDS), suppress(anyio.EndOfStream):
            await stream.send(sent)
            while True:
                received += await stream.receive()
        return received


def refused(received: bytes) -> int:
    """The status of the one answer there is: a problem, on a connection that is closed."""
    head, _, body = received.partition(b"\r\n\r\n")
    assert received.count(b"HTTP/1.1 ") == 1, received
    assert b"\r\ncontent-type: application/problem+json\r\n" in head.lower() + b"\r\n"
    assert b"\r\nconnection: close" in head.lower()
    problem, request_id = json.loads(body), re.search(rb"x-request-id: (\S+)", head.lower())
    assert request_id is not None
    assert problem["request_id"] == request_id[1].decode()
    status = int(head.split()[1])
    assert problem["status"] == status
    return status


def test_the_table_is_whole() -> None:
    assert (len(FRAMING), len(HEADS), len(TARGETS)) == (27, 15, 27)


@pytest.mark.parametrize("cases", [FRAMING, HEADS, TARGETS], ids=["framing", "heads", "targets"])
async def test_what_may_be_read_in_two_ways_is_refused(address: tuple[str, int], cases: dict[str, bytes]) -> None:
    found = {name: refused(await answered(address, case + SMUGGLED)) for name, case in cases.items()}
    assert found == {name: STATUSES.get(name, 400) for name in cases}


@pytest.mark.parametrize(
    "target", [b"/v1/health/live", b"http://localhost/v1/health/live", b"HTTP://LOCALHOST/v1/health/live/"]
)
async def test_what_can_be_read_in_one_way_only_is_answered(address: tuple[str, int], target: bytes) -> None:
    received = await answered(address, get(target)[:-2] + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (GET + HOST + b"X-A: " + b"b" * 40_000 + b"\r\n\r\n", 431, "HEAD_TOO_LARGE"),
        (GET + HOST + b"".join(b"X-%d: b\r\n" % number for number in range(100)) + b"\r\n", 431, "HEAD_TOO_LARGE"),
        (get(b"/v1/health/live?a=" + b"b" * 8192), 414, "TARGET_TOO_LONG"),
        (b"GET /" + b"b" * 40_000, 431, "HEAD_TOO_LARGE"),
    ],
)
async def test_a_head_is_bounded(address: tuple[str, int], head: bytes, status: int, code: str) -> None:
    received = await answered(address, head)
    assert refused(received) == status
    assert json.loads(received.partition(b"\r\n\r\n")[2])["code"] == code


async def test_a_head_within_the_bounds_is_read(address: tuple[str, int]) -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"b" * 200) for number in range(97))
    received = await answered(address, GET + HOST + fields + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")


async def test_an_upgrade_to_http2_opens_no_tunnel(address: tuple[str, int]) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    assert (await answered(address, GET + HOST + upgrade)).startswith(b"HTTP/1.1 200 ")


async def test_who_a_target_is_for_is_told_nowhere(
    address: tuple[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    received = await answered(address, get(b"http://ada:Secret-horse-9@localhost/v1/health?x=1"))
    assert json.loads(received.partition(b"\r\n\r\n")[2])["instance"] == "/v1/health"
    assert "Secret-horse-9" not in capsys.readouterr().out


async def test_http2_begun_without_being_asked_for_is_refused(address: tuple[str, int]) -> None:
    """It would be read without a limit of its fields, its target, or the time that they take."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
    assert refused(await answered(address, preface)) == 505


class TestDeadlines:
    @pytest.fixture(autouse=True)
    def hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api.http11, "HEAD_SECONDS", 0.3)

    @pytest.mark.parametrize("begun", [b"G", GET, GET + HOST + b"X-A: b"])
    async def test_a_head_that_does_not_end_is_answered_and_cut(self, address: tuple[str, int], begun: bytes) -> None:
        assert refused(await answered(address, begun)) == 408

    async def test_drop_by_drop_is_no_faster(self, address: tuple[str, int]) -> None:
        async with await anyio.connect_tcp(*address) as stream:
            with anyio.fail_after(SECONDS):
                with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
                    while True:
                        await stream.send(b"G")
                        with anyio.move_on_after(0.02):
                            assert (await stream.receive()).startswith(b"HTTP/1.1 408 ")
                            break

    async def test_a_second_request_has_as_long(self, address: tuple[str, int]) -> None:
        received = await answered(address, get(b"/v1/health/live") + GET)
        assert re.findall(rb"HTTP/1.1 (\d+) ", received) == [b"200", b"408"]

    async def test_a_connection_that_says_nothing_yet_may_wait(self, address: tuple[str, int]) -> None:
        async with await anyio.connect_tcp(*address) as stream:
            await anyio.sleep(0.6)
            await stream.send(get(b"/v1/health/live"))
            with anyio.fail_after(SECONDS):
                assert (await stream.receive()).startswith(b"HTTP/1.1 200 ")


class TestBodies:
    @pytest.fixture(autouse=True)
    def hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api.app, "BODY_SECONDS", 0.3)

    @pytest.mark.parametrize("framing", [b"Content-Length: 9\r\n\r\n{", CHUNKED + b"\r\n1\r\n{\r\n"])
    async def test_a_body_that_does_not_end_is_answered_and_cut(self, address: tuple[str, int], framing: bytes) -> None:
        received = await answered(address, POST + framing)
        assert received.startswith(b"HTTP/1.1 408 ")
        assert json.loads(received.partition(b"\r\n\r\n")[2])["code"] == "BODY_TOO_SLOW"


LARGE = b'{"email": "' + b"x" * (10 * 1024 * 1024) + b'"}'


class TestAnswersBeforeTheEnd:
    @pytest.fixture
    async def patient(self, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}", timeout=30) as client:
            yield client

    async def test_ten_megabytes_sent_whole_are_answered_with_413(self, patient: httpx.AsyncClient) -> None:
        for _ in range(5):
            answer = await patient.post("/v1/auth/login", content=LARGE, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")
            assert answer.headers["connection"] == "close"

    async def test_so_are_they_in_chunks(self, patient: httpx.AsyncClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(LARGE), 65536):
                yield LARGE[at : at + 65536]

        answer = await patient.post("/v1/auth/login", content=chunks(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 413

    async def test_a_refusal_before_the_body_is_read_reaches_its_client(self, patient: httpx.AsyncClient) -> None:
        assert (await patient.post("/v1/tutor/conversations", content=LARGE)).status_code == 401
        assert (await patient.post("/v1//x", content=LARGE)).status_code == 400

    @pytest.mark.parametrize(("bound", "value"), [("LINGER_BYTES", 1024 * 1024), ("LINGER_SECONDS", 0.2)])
    async def test_what_is_read_away_is_bounded(
        self, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, bound: str, value: float
    ) -> None:
        monkeypatch.setattr(api.http11, bound, value)
        async with await anyio.connect_tcp(*address) as stream:
            await stream.send(POST + b"Content-Length: 1000000000\r\n\r\n")
            with anyio.fail_after(SECONDS):
                assert await sent_until_cut(stream) < 1_000_000_000


async def sent_until_cut(stream: SocketStream) -> int:
    """How many bytes went out before the server had enough."""
    sent = 0
    with suppress(anyio.BrokenResourceError):
        while True:
            await stream.send(b"x" * 65536)
            sent += 65536
            await anyio.sleep(0.001)
    return sent


def test_hypercorn_is_as_it_is_relied_on() -> None:
    """The names that StrictH11 overrides or calls."""
    from hypercorn.protocol.h11 import H11Protocol

    for name in ("handle", "_check_protocol", "_send_error_response", "_send_h11_event", "_close_stream"):
        assert callable(getattr(H11Protocol, name))
    assert issubclass(api.http11.StrictH11, H11Protocol)
