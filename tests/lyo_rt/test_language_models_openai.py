"""What OpenAI's streams can be beside the usual, and how the connections under them are kept."""

import json
import ssl
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import pytest
from anyio.streams.tls import TLSListener
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lyo_rt.language_models.openai import open_openai
from lyo_rt.language_models.port import ModelFault, Provider, Usage
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import CourseBrief, PlanCourse, Turn, TutorTask

ASKED = TutorTask(turns=(Turn("user", "Why are leaves green?"),))
KEY = "key-of-the-deployment"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
END = b"0\r\n\r\n"


class Server:
    """Answers every request with the same bytes, cut where it is told to; counts connections."""

    def __init__(self, parts: list[bytes], *, then_close: bool = False) -> None:
        self._parts = parts
        self._then_close = then_close
        self.connections = 0
        self.requests = 0
        self.left = anyio.Event()
        self.closed = anyio.Event()
        self.address = ""
        self.head = b""
        """Of the newest request."""

    async def handle(self, stream: anyio.abc.ByteStream) -> None:
        self.connections += 1
        self.closed = anyio.Event()
        try:
            async with stream:
                await self._answer(stream)
                while not self._then_close:
                    await self._answer(stream)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            self.left.set()
        self.closed.set()

    async def _answer(self, stream: anyio.abc.ByteStream) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += await stream.receive()
        head, _, body = received.partition(b"\r\n\r\n")
        self.head = head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += await stream.receive()
        self.requests += 1
        for part in self._parts:
            await stream.send(part)
            await anyio.sleep(0.002)  # so that the parts arrive apart


class Sink:
    """Keeps the text."""

    def __init__(self) -> None:
        self.text_so_far = ""

    async def text(self, piece: str) -> None:
        self.text_so_far += piece

    async def restart(self) -> None:
        raise AssertionError("nobody restarts")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """As in production: aiohttp needs asyncio."""
    return "asyncio", {"use_uvloop": True}


@asynccontextmanager
async def answering(
    parts: list[bytes], *, then_close: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Provider, Server]]:
    server = Server(parts, then_close=then_close)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610
    server.address = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    model = await open_openai(
        api_key=KEY,
        base_url=f"{server.address}/v1",
        model="gpt-s",
        model_complex="gpt-l",
        timeouts=Timeouts(first_token=5, token=5, total=20),
    )
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon((TLSListener(listener, tls) if tls else listener).serve, server.handle)
        yield model, server
        await model.aclose()
        tasks.cancel_scope.cancel()


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def said(text: str, finish: str | None = None) -> bytes:
    return event({"model": "gpt-s", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


PRICE = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
ANSWER = said("Grü") + said("ße", "stop") + PRICE + b"data: [DONE]\n\n"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "cut",
    [
        lambda stream: [chunked(stream)],
        lambda stream: [chunked(stream[n : n + 7]) for n in range(0, len(stream), 7)],
        lambda stream: [chunked(stream[n : n + 1]) for n in range(len(stream))],
        lambda stream: [chunked(b": comment\r\n" + stream.replace(b"\n", b"\r\n"))],
    ],
    ids=["at once", "in sevens", "byte by byte", "with other line ends"],
)
async def test_an_answer_is_the_same_however_it_is_cut(cut: Callable[[bytes], list[bytes]]) -> None:
    async with answering([STREAM, b"".join(cut(ANSWER)), END]) as (model, server):
        for _ in range(2):
            sink = Sink()
            written = await model.stream(ASKED, sink)
            assert sink.text_so_far == "Grüße"
            assert written.usage == Usage(prompt_tokens=3, answer_tokens=2)
    assert (server.requests, server.connections) == (2, 1), "a connection read to its end serves again"


FAULTS = [
    ([chunked(said("a") + event({"error": {"message": "overloaded", "code": 503}}))], "server", "overloaded"),
    ([chunked(said("a") + b"data: {rubbish\n\n")], "malformed", "not OpenAI's format"),
    ([chunked(said("a") + b'data: {"choices": 7}\n\n')], "malformed", "not OpenAI's format"),
    ([chunked(said("a") + b'data: {"model": "\xff"}\n\n')], "malformed", "not OpenAI's format"),
    ([chunked(said("a")), b"no chunk size\r\n"], "cut", ""),
    ([chunked(said("a")), b"ff\r\nonly a part"], "cut", ""),
    ([chunked(said("a")), END], "cut", "without a finish reason"),
    ([chunked(said("a") + b"data: [DONE]\n\n"), END], "cut", "without a finish reason"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("parts", "kind", "detail"), FAULTS)
async def test_what_goes_wrong_in_mid_stream_is_told_by_kind(parts: list[bytes], kind: str, detail: str) -> None:
    async with answering([STREAM, *parts], then_close=True) as (model, server):
        sink = Sink()
        with pytest.raises(ModelFault) as caught:
            await model.stream(ASKED, sink)
    assert (caught.value.kind, sink.text_so_far) == (kind, "a")
    assert detail in str(caught.value)
    assert server.requests == 1


@pytest.mark.anyio
async def test_an_end_that_does_not_come_holds_nobody_up() -> None:
    async with answering([STREAM, chunked(ANSWER)]) as (model, server):
        sink = Sink()
        with anyio.fail_after(10):
            await model.stream(ASKED, sink)
            await server.left.wait()
    assert sink.text_so_far == "Grüße"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>nothing of ours</html>", "malformed"),
        (b'{"choices": []}', "malformed"),
        (b'{"error": {"message": "no capacity"}}', "server"),
        (b'{"choices": [{"message": {"content": "{}"}}]}', "cut"),
    ],
)
async def test_a_whole_answer_that_is_none_is_told_by_kind(body: bytes, kind: str) -> None:
    async with answering([WHOLE + b"content-length: %d\r\n\r\n" % len(body) + body]) as (model, _):
        with pytest.raises(ModelFault) as caught:
            await model.write(PlanCourse(brief=CourseBrief(topic="Optics")))
    assert caught.value.kind == kind


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"rubbish\r\n\r\n",
        WHOLE + b"content-length: 400\r\n\r\n{}",
        WHOLE + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        WHOLE + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
        WHOLE + b"x-long: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["none", "not HTTP", "too short", "of two lengths", "not gzip", "a header without end"],
)
async def test_what_is_no_answer_is_cut_and_tells_nobody_the_key(answer: bytes) -> None:
    async with answering([answer], then_close=True) as (model, _):
        with pytest.raises(ModelFault) as caught:
            await model.write(PlanCourse(brief=CourseBrief(topic="Optics")))
    assert caught.value.kind == "cut"
    told = [*traceback.format_exception(caught.value), repr(caught.value), repr(caught.value.__cause__)]
    assert KEY not in "".join(told)


@pytest.mark.anyio
async def test_a_redirect_to_another_host_is_followed_without_the_key() -> None:
    async with answering([WHOLE + b"content-length: 2\r\n\r\n{}"]) as (_, other):
        there = f"location: {other.address}/elsewhere\r\n".encode()
        redirect = b"HTTP/1.1 307 Temporary Redirect\r\ncontent-length: 0\r\n" + there + b"\r\n"
        async with answering([redirect]) as (model, server):
            with pytest.raises(ModelFault) as caught:
                await model.write(PlanCourse(brief=CourseBrief(topic="Optics")))
    assert caught.value.kind == "malformed", "an answer without choices"
    assert KEY.encode() in server.head
    assert other.head.startswith(b"POST /elsewhere")
    assert KEY.encode() not in other.head


@pytest.mark.anyio
async def test_a_connection_the_provider_closed_meanwhile_is_not_used_again() -> None:
    async with answering([STREAM, chunked(ANSWER) + END], then_close=True) as (model, server):
        for _ in range(3):
            sink = Sink()
            await model.stream(ASKED, sink)
            assert sink.text_so_far == "Grüße"
            with anyio.fail_after(10):
                await server.closed.wait()
            await anyio.wait_all_tasks_blocked()
    assert server.connections == 3


@pytest.mark.anyio
async def test_a_body_without_length_ends_with_its_connection() -> None:
    document = b'{"choices": [{"message": {"content": "{}"}, "finish_reason": "length"}]}'
    async with answering([WHOLE + b"\r\n", document[:20], document[20:]], then_close=True) as (model, server):
        with pytest.raises(ModelFault) as caught:
            await model.write(PlanCourse(brief=CourseBrief(topic="Optics")))
    assert caught.value.kind == "truncated"
    assert server.requests == server.connections == 3


def certificate(folder: Path) -> Path:
    """One for localhost that signs itself, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, datetime(2026, 1, 1), datetime(2126, 1, 1))  # noqa: DTZ001
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "localhost.pem").write_bytes(signed.public_bytes(Encoding.PEM) + secret)
    return folder / "localhost.pem"


@pytest.mark.anyio
@pytest.mark.parametrize("trusted", [True, False])
async def test_only_a_provider_whose_certificate_is_trusted_is_told_anything(
    trusted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)
    async with answering([STREAM, chunked(ANSWER) + END], tls=tls) as (model, server):
        for _ in range(2):
            sink = Sink()
            if trusted:
                await model.stream(ASKED, sink)
                assert sink.text_so_far == "Grüße"
            else:
                with pytest.raises(ModelFault) as caught:
                    await model.stream(ASKED, sink)
                assert caught.value.kind == "refused"
    assert (server.requests, server.connections) == ((2, 1) if trusted else (0, 0))


@pytest.mark.anyio
@pytest.mark.parametrize("exempt", ["", "models.invalid"])
async def test_the_environments_proxy_is_asked_unless_it_exempts_the_provider(
    exempt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering([STREAM, chunked(ANSWER) + END]) as (_, server):
        monkeypatch.setenv("http_proxy", server.address)
        monkeypatch.setenv("no_proxy", exempt)
        model = await open_openai(
            api_key="k",
            base_url="http://models.invalid/v1",
            model="gpt-s",
            model_complex="gpt-l",
            timeouts=Timeouts(first_token=5, token=5, total=20),
        )
        sink = Sink()
        if exempt:
            with pytest.raises(ModelFault) as caught:
                await model.stream(ASKED, sink)
            assert caught.value.kind == "refused", "there is no such host"
        else:
            await model.stream(ASKED, sink)
        await model.aclose()
    assert (sink.text_so_far, server.requests) == (("", 0) if exempt else ("Grüße", 1))
