"""Hypercorn's HTTP/1.1 with the strictness of RFC 9112, problems for what cannot be read, deadlines, a slow goodbye.

`install` has Hypercorn use it. What is relied on of Hypercorn 0.18 and h11 0.16 is held by tests/api/test_http11.py.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import h11
import hypercorn.asyncio.run
import hypercorn.protocol
import structlog
from h11._receivebuffer import ReceiveBuffer
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.h11 import H11Protocol, H11WSConnection
from hypercorn.typing import H11SendableEvent

from api.responses import HeadTooLarge, HeadTooSlow, TargetTooLong, UnknownCoding, rendered
from lyo_rt.problems import BadRequest, Problem

MOST_FIELDS = 100
MOST_HEAD_BYTES = 32 * 1024
"""As h11_max_incomplete_size, which does not count what arrives in one piece."""
LONGEST_TARGET = 8192
HEAD_SECONDS = 10.0
"""For the head of a request, from its first byte on."""
LINGER_SECONDS = 30.0
LINGER_BYTES = 32 * 1024 * 1024
"""What is read away after an answer that came before the end of its request (RFC 9112 §9.6): a client that is still
sending would lose the answer to a reset."""

UNREADABLE = "The request does not keep to RFC 9112."
BY_STATUS: dict[int, type[Problem]] = {408: HeadTooSlow, 414: TargetTooLong, 431: HeadTooLarge, 501: UnknownCoding}


_BLANK = (b" ", b"\t")


class StrictBuffer(ReceiveBuffer):
    """What has been received; heads and trailers are taken only as RFC 9112 writes them.

    h11 itself takes folded lines, lines that end with LF alone, and a Content-Length twice: another server on the way
    may have understood each of them otherwise.
    """

    def maybe_extract_lines(self) -> list[bytearray] | None:
        """The lines up to the blank one, when that is there. Raises LocalProtocolError, as h11's readers do."""
        before = len(self)
        lines: list[bytearray] | None = super().maybe_extract_lines()
        if lines is None:
            return None
        if before - len(self) > MOST_HEAD_BYTES:
            raise h11.LocalProtocolError("the head is too large", error_status_hint=431)
        if before - len(self) != sum(len(line) + 2 for line in lines) + 2:
            raise h11.LocalProtocolError("a line does not end with CR LF")
        if lines and len(lines[0]) > LONGEST_TARGET:
            raise h11.LocalProtocolError("the first line is too long", error_status_hint=414)
        if len(lines) > MOST_FIELDS + 1:
            raise h11.LocalProtocolError("too many header fields", error_status_hint=431)
        lengths = 0
        for line in lines:
            if line.startswith(_BLANK) or b"\r" in line:
                raise h11.LocalProtocolError("a folded header field, or a bare CR")
            if line[:15].lower() == b"content-length:":
                lengths += 1 + line.count(b",")
        if lengths > 1:
            raise h11.LocalProtocolError("more than one Content-Length")
        return lines


class StrictH11(H11Protocol):
    """One connection."""

    _below: Callable[[Event], Awaitable[None]]
    _late: asyncio.TimerHandle | None = None
    _lingering: asyncio.TimerHandle | None = None
    _read_away = 0
    _joins = False
    _head = b""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._http._receive_buffer = StrictBuffer()

    @property
    def send(self) -> Callable[[Event], Awaitable[None]]:
        """Hypercorn's, but a connection on which more of a request may come is closed slowly."""
        return self._sent

    @send.setter
    def send(self, below: Callable[[Event], Awaitable[None]]) -> None:
        self._below = below

    @property
    def writer(self) -> asyncio.StreamWriter:
        """Of the connection (see api/realtime/direct.py)."""
        writer: asyncio.StreamWriter = self._below.__self__.writer  # type: ignore[attr-defined]
        return writer

    @property
    def _http(self) -> h11.Connection:
        """None of a WebSocket's business."""
        return self.connection  # type: ignore[return-value]

    async def handle(self, event: Event) -> None:
        """What comes from the client. While lingering it is only counted."""
        if self._lingering is not None:
            self._read_away += len(event.data) if isinstance(event, RawData) else 0
            if not isinstance(event, RawData) or not event.data or self._read_away > LINGER_BYTES:
                await self._end()
            return
        await super().handle(event)
        self._watch_head(gone=isinstance(event, Closed))

    async def _check_protocol(self, event: h11.Request) -> None:
        """No way leads from here to HTTP/2, which has none of these limits and deadlines; it is the proxy's.

        `Upgrade: h2c` is ignored, as RFC 9113 would have it: behind a proxy it opens a tunnel past its rules. Its
        preface is a request in a version that is not spoken here.
        """

    # -- the head of a request

    def _watch_head(self, *, gone: bool) -> None:
        """The time of a head runs while part of it is there."""
        begun = not gone and self._awaits_head() and len(self._http._receive_buffer) > 0
        if begun and self._late is None:
            self._late = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._too_late)
        elif not begun and self._late is not None:
            self._late.cancel()
            self._late = None

    def _awaits_head(self) -> bool:
        return not isinstance(self.connection, H11WSConnection) and self._http.their_state is h11.IDLE

    def _too_late(self) -> None:
        if self._awaits_head():
            self.task_group.spawn(self._refuse_late)

    async def _refuse_late(self) -> None:
        await self._send_error_response(408)
        await self._end()

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        self._joins = isinstance(event, h11.Response) and any(name == b"content-length" for name, _ in event.headers)
        await super()._send_h11_event(event)

    async def _send_error_response(self, status_code: int) -> None:
        """What Hypercorn answers with an empty body, as a problem; the application knows nothing of the request."""
        kind = BY_STATUS.get(status_code)
        problem, id = kind() if kind else BadRequest(UNREADABLE), str(uuid4())
        structlog.get_logger("lyo.access").info("unreadable request", status=problem.status, request_id=id)
        _, fields, body = rendered(problem, instance=None, request_id=id)
        own = {"Content-Length": str(len(body)), "Connection": "close", "X-Request-ID": id}
        headers = [(name.lower().encode(), value.encode()) for name, value in {**fields, **own}.items()]
        headers += self.config.response_headers("h11")
        await self._send_h11_event(h11.Response(status_code=problem.status, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())

    # -- the end of a connection

    async def _sent(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._write(event)
        elif not isinstance(event, Closed) or self._lingering is not None:
            await self._below(event)
        elif self.ssl or not self._may_go_on():
            await self._end()
        else:
            self._lingering = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._out_of_time)
            if not self.writer.is_closing():
                self.writer.write_eof()
            await self._close_stream()

    async def _write(self, data: RawData) -> None:
        """A head whose body comes right behind it waits for that: of a short answer, one write and not three."""
        if self._joins:
            self._joins, self._head = False, data.data
        elif self._head or data.data:
            self._head, whole = b"", self._head + data.data
            await self._below(RawData(whole))

    def _may_go_on(self) -> bool:
        """Whether the client may still be sending what nobody will read."""
        plain = not isinstance(self.connection, H11WSConnection)
        return plain and self._http.their_state in {h11.SEND_BODY, h11.ERROR}

    def _out_of_time(self) -> None:
        self.task_group.spawn(self._end)

    async def _end(self) -> None:
        for timer in (self._late, self._lingering):
            if timer is not None:
                timer.cancel()
        await self._below(Closed())


class Connection(TCPServer):
    """Hypercorn's, but let go of at its end: its protocol refers back to it, and each connection's 70 objects waited
    for the garbage collector, which was busy for a second with those of 4,000 sessions."""

    async def run(self) -> None:
        """Until the connection has ended."""
        await super().run()
        if hasattr(self, "protocol"):
            del self.protocol

    async def _read_data(self) -> None:
        """Who has left between two requests is not waited for until another would have been too late."""
        await super()._read_data()
        await self.idle_task.stop()


def install() -> None:
    """Have Hypercorn use StrictH11 for HTTP/1.1, over Connection."""
    hypercorn.protocol.H11Protocol = StrictH11  # type: ignore[attr-defined, assignment]
    hypercorn.asyncio.run.TCPServer = Connection  # type: ignore[attr-defined]
