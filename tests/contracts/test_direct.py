"""What api/realtime/direct.py promises, and what it relies on in the Hypercorn that is pinned."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import pytest
from hypercorn.protocol import h11, ws_stream
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.asgi import Application, Receive, Scope, Send
from api.realtime.direct import HIGH_WATER_BYTES, DirectStream, direct_of, install
from lyo_rt.frames import Codec, Event
from lyo_rt.outgoing import Outgoing
from tests.api.conftest import served
from tests.api.sockets import handshake, small_socket

pytestmark = pytest.mark.anyio
SECONDS = 10.0


class Recorder:
    """A Peer that keeps what it is told; `gate` holds it up."""

    def __init__(self) -> None:
        self.received_all: list[str | bytes] = []
        self.came = anyio.Event()
        self.gate = anyio.Event()
        self.gate.set()
        self.gones = 0
        self.went = anyio.Event()

    async def received(self, data: str | bytes) -> None:
        """See Peer."""
        self.received_all.append(data)
        self.came.set()
        self.came = anyio.Event()
        await self.gate.wait()

    def gone(self) -> None:
        """See Peer."""
        self.gones += 1
        self.went.set()

    async def until(self, count: int) -> None:
        """So many messages have come."""
        with anyio.fail_after(SECONDS):
            while len(self.received_all) < count:
                await self.came.wait()


class Detaching:
    """An application that detaches every socket and returns."""

    def __init__(self) -> None:
        self.opened: list[tuple[DirectStream, Recorder]] = []
        self.ended: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return
        assert (await receive())["type"] == "websocket.connect"
        if scope["path"] == "/slowly":
            self.ended.append((await receive())["type"])
            return
        if scope["path"] == "/late":
            assert (await receive())["type"] == "websocket.disconnect"
        await send({"type": "websocket.accept", "subprotocol": None})
        stream, peer = direct_of(scope), Recorder()
        assert stream is not None
        stream.detach(peer)
        self.opened.append((stream, peer))


@pytest.fixture
def application() -> Detaching:
    install()
    return Detaching()


@pytest.fixture
async def address(application: Detaching) -> AsyncIterator[tuple[str, int]]:
    async with served(application) as address:
        yield address


@asynccontextmanager
async def opened(address: tuple[str, int], application: Detaching) -> AsyncIterator[tuple[ClientConnection, Any, Any]]:
    """A client, and the server's end of it."""
    count = len(application.opened)
    async with connect(f"ws://{address[0]}:{address[1]}/", compression=None, max_size=None, max_queue=None) as client:
        with anyio.fail_after(SECONDS):
            while len(application.opened) == count:  # noqa: ASYNC110  the application is asked, nothing tells
                await anyio.sleep(0.001)
        yield client, *application.opened[count]


def framed(number: int, text: str = "", codec: Codec = Codec.JSON) -> bytes:
    return Outgoing(Event("task:1", 1, number, "progress", {"text": text})).framed(codec)


@pytest.mark.parametrize("text", ["", "x" * 60, "x" * 200, "ä" * 40_000], ids=["7 bits", "7 bits too", "16", "64"])
@pytest.mark.parametrize("codec", list(Codec))
async def test_bytes_framed_once_are_a_message_on_every_socket(
    address: tuple[str, int], application: Detaching, text: str, codec: Codec
) -> None:
    async with opened(address, application) as (one, first, _), opened(address, application) as (other, second, _):
        frame = Outgoing(Event("task:1", 1, 7, "progress", {"text": text}))
        for stream in (first, second):
            assert stream.write(frame.framed(codec))
        for client in (one, other):
            with anyio.fail_after(SECONDS):
                got = await client.recv()
            assert (got.encode() if isinstance(got, str) else got) == frame.payload(codec)
            assert isinstance(got, str) == (codec is Codec.JSON)


async def test_what_comes_is_told_in_order_and_the_application_need_not_stay(
    address: tuple[str, int], application: Detaching
) -> None:
    async with opened(address, application) as (client, stream, peer):
        for message in ("a", b"b", "ä" * 30_000, ""):
            await client.send(message)
        await peer.until(4)
        assert peer.received_all == ["a", b"b", "ä" * 30_000, ""]
        await client.send(["frag", "men", "ted"])
        await peer.until(5)
        assert peer.received_all[4] == "fragmented"
        assert stream.write(framed(1))
        pong = await client.ping(b"between")
        with anyio.fail_after(SECONDS):
            await client.recv()
            await pong
    with anyio.fail_after(SECONDS):
        await peer.went.wait()
    assert peer.gones == 1


async def test_who_does_not_read_is_not_written_to_beyond_the_mark(
    address: tuple[str, int], application: Detaching
) -> None:
    async with opened(address, application) as (client, stream, _):
        client.transport.pause_reading()
        frame, written = framed(1, "x" * 8000), 0
        while stream.write(frame):
            written += 1
            await anyio.lowlevel.checkpoint()
            assert written < 100_000
        assert stream._transport.get_write_buffer_size() <= HIGH_WATER_BYTES + len(frame)
        with anyio.move_on_after(0.2) as waiting:
            await stream.drained()
        assert waiting.cancelled_caught, "there is no room as long as the client does not read"
        client.transport.resume_reading()
        with anyio.fail_after(SECONDS):
            await stream.drained()
            assert stream.write(framed(2))
            for _ in range(written):
                await client.recv()
            assert '"seq":2' in str(await client.recv())


async def test_what_is_not_taken_in_is_not_read(address: tuple[str, int], application: Detaching) -> None:
    async with opened(address, application) as (client, _, peer):
        peer.gate = anyio.Event()
        sent = 0
        with anyio.move_on_after(1):
            while True:
                await client.send("x" * 60_000)
                sent += 1
        assert len(peer.received_all) == 1, "the second is read when the first has been received"
        assert sent * 60_000 < 20_000_000, "the sender is held up by the kernel's buffers"
        peer.gate.set()
        await peer.until(sent)


async def test_a_goodbye_carries_its_code_and_comes_after_what_was_written(
    address: tuple[str, int], application: Detaching
) -> None:
    async with opened(address, application) as (client, stream, peer):
        stream.write(framed(1))
        stream.finish(4208, "too slow", 5)
        assert stream.write(framed(2)), "taken, and dropped: the client has been told to go"
        with anyio.fail_after(SECONDS):
            assert '"seq":1' in str(await client.recv())
            with pytest.raises(ConnectionClosed):
                await client.recv()
            await stream.ended()
        assert (client.close_code, client.close_reason) == (4208, "too slow")
        assert peer.gones == 1


async def test_a_client_that_does_not_go_is_cut_off(address: tuple[str, int], application: Detaching) -> None:
    raw = small_socket(address)
    with raw:
        await _send(raw, _handshake("/"))
        with anyio.fail_after(SECONDS):
            while not application.opened:  # noqa: ASYNC110
                await anyio.sleep(0.001)
        stream, peer = application.opened[0]
        while stream.write(framed(1, "x" * 8000)):
            await anyio.lowlevel.checkpoint()
        stream.finish(4208, "too slow", 0.2)
        with anyio.fail_after(3):
            await peer.went.wait()
            await stream.ended()
        assert peer.gones == 1


async def test_a_client_that_vanishes_is_noticed(address: tuple[str, int], application: Detaching) -> None:
    async with opened(address, application) as (client, _, peer):
        client.transport.abort()
        with anyio.fail_after(SECONDS):
            await peer.went.wait()
    assert peer.gones == 1


async def test_a_client_that_leaves_during_the_handshake_is_told_of_all_the_same(
    address: tuple[str, int], application: Detaching
) -> None:
    async with await anyio.connect_tcp(*address) as client:
        await client.send(handshake(address, "none").replace(b"/v1/ws", b"/late"))
    with anyio.fail_after(SECONDS):
        while not application.opened:  # noqa: ASYNC110  the application is asked, nothing tells
            await anyio.sleep(0.001)
    ((_, peer),) = application.opened
    assert peer.gones == 1


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
        (b"\x81\x02hi", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (b"\xc1\x80\0\0\0\0", 1002),
        (b"\x89\xfe\x00\x7e\0\0\0\0" + bytes(126), 1002),
        (b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x01\0\0\0\0" + bytes(65537), 1009),
        (b"\x81\xff\x00\x00\x00\x00\x00\x01\x38\x80\0\0\0\0" + "ä".encode() * 40_000, 1009),
        (b"\x88\x82\0\0\0\0\x00\x01", 1002),
    ],
    ids=[
        *("no UTF-8", "not masked", "unknown opcode", "reserved bit", "a ping of 126 bytes", "64 KiB and a byte"),
        *("40,000 characters of two bytes", "a close code that is none"),
    ],
)
async def test_a_fault_of_the_protocol_is_answered_with_its_code(
    address: tuple[str, int], application: Detaching, frame: bytes, code: int
) -> None:
    with socket.create_connection(address) as raw:
        raw.setblocking(False)
        await _send(raw, _handshake("/"))
        head = await _until(raw, b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        with suppress(OSError):
            await _send(raw, frame)
        goodbye = await _until(raw, None)
    assert goodbye[0] == 0x88
    assert int.from_bytes(goodbye[2:4], "big") == code
    with anyio.fail_after(SECONDS):
        await application.opened[0][1].went.wait()


async def test_data_before_the_handshake_is_answered_ends_the_socket_for_the_application_too(
    address: tuple[str, int], application: Detaching
) -> None:
    with socket.create_connection(address) as raw:
        raw.setblocking(False)
        await _send(raw, _handshake("/slowly") + b"\x81\x80\0\0\0\0")
        assert (await _until(raw, None)).startswith(b"HTTP/1.1 400")
    with anyio.fail_after(SECONDS):
        while not application.ended:  # noqa: ASYNC110
            await anyio.sleep(0.001)
    assert application.ended == ["websocket.disconnect"]


async def test_the_server_ends_with_sockets_open(application: Detaching) -> None:
    with anyio.fail_after(SECONDS):
        async with served(application) as address:
            client = await connect(f"ws://{address[0]}:{address[1]}/", compression=None)
            await client.send("a")
            with anyio.fail_after(SECONDS):
                while not application.opened:  # noqa: ASYNC110
                    await anyio.sleep(0.001)
            await application.opened[0][1].until(1)
        with anyio.fail_after(SECONDS):
            await client.wait_closed()


async def test_without_the_stream_the_scope_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the subprotocol, the messages and the goodbye are plain ASGI."""
    monkeypatch.setattr(h11, "WSStream", ws_stream.WSStream)
    async with (
        served(_echo) as address,
        connect(f"ws://{address[0]}:{address[1]}/", subprotocols=[Subprotocol("lyo.v1")]) as client,
    ):
        assert client.subprotocol == "lyo.v1"
        await client.send("a")
        assert await client.recv() == "a"


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        assert direct_of(scope) is None
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "lyo.v1"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        await receive()


_typed: Application = _echo


def _handshake(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


async def _send(raw: socket.socket, data: bytes) -> None:
    with anyio.fail_after(SECONDS):
        while data:
            await anyio.wait_writable(raw)
            data = data[raw.send(data) :]


async def _until(raw: socket.socket, mark: bytes | None) -> bytes:
    """What is read up to the mark, or to the end of the connection."""
    data = b""
    with anyio.fail_after(SECONDS), suppress(ConnectionResetError):
        while mark is None or mark not in data:
            await anyio.wait_readable(raw)
            more = raw.recv(1 if mark else 4096)
            if not more:
                break
            data += more
    return data
