"""An SMTP server on 127.0.0.1 (RFC 5321) with STARTTLS, AUTH, and faults: what mails are sent to in the tests."""

import base64
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Literal

import anyio
import anyio.abc
import msgspec
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSStream

Stage = Literal["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT", "TAKEN"]
LONGEST_LINE = 2000
LONGEST_MAIL = 1_000_000


class Fault(msgspec.Struct, frozen=True):
    """What one connection meets at a stage: a `reply`, silence (`hang`), or else its end.

    CONTENT is the end of a mail that the server has not taken; TAKEN the end of one that it has.
    """

    stage: Stage
    reply: str | None = None
    hang: bool = False


class Received(msgspec.Struct, frozen=True):
    """A mail that the server has taken."""

    sender: str
    recipient: str
    message: EmailMessage
    encrypted: bool
    user: str | None


class SmtpServer:
    """`faults` are met by the next connections, one each; None is a connection that meets none."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, password: str | None = None) -> None:
        self.received: list[Received] = []
        self.faults: deque[Fault | None] = deque()
        self.connections = 0
        self.tls = tls
        self.password = password
        self._changed = anyio.Event()

    async def until(self, holds: Callable[["SmtpServer"], bool]) -> None:
        """Returns when that holds of the server."""
        with anyio.fail_after(30):
            while not holds(self):
                self._changed = anyio.Event()
                await self._changed.wait()

    def took(self, received: Received) -> None:
        self.received.append(received)
        self.changed()

    def changed(self) -> None:
        self._changed.set()


class _Gone(Exception):
    """The connection has ended."""


class _Connection:
    def __init__(self, server: SmtpServer, stream: anyio.abc.ByteStream, *, encrypted: bool) -> None:
        self._server = server
        self._encrypted = encrypted
        self._user: str | None = None
        self._sender = ""
        self._recipient = ""
        self._fault = server.faults.popleft() if server.faults else None
        self._over(stream)

    def _over(self, stream: anyio.abc.ByteStream) -> None:
        self._stream, self._lines = stream, BufferedByteReceiveStream(stream)

    async def run(self) -> None:
        try:
            if await self._passes("CONNECT"):
                await self._say("220 loopback ESMTP")
            while True:
                await self._command((await self._line(LONGEST_LINE)).decode())
        except (_Gone, anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return
        finally:
            await anyio.aclose_forcefully(self._stream)

    async def _command(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                if await self._passes("EHLO"):
                    await self._say(*self._extensions())
            case "STARTTLS" if self._server.tls is not None and not self._encrypted:
                await self._say("220 go on")
                self._over(
                    await TLSStream.wrap(
                        self._stream, server_side=True, ssl_context=self._server.tls, standard_compatible=False
                    )
                )
                self._encrypted = True
            case "AUTH":
                await self._authenticate(rest)
            case "MAIL":
                await self._mail(rest)
            case "RCPT" if self._sender:
                if await self._passes("RCPT"):
                    self._recipient = _path(rest)
                    await self._say("250 ok")
            case "DATA" if self._recipient:
                if await self._passes("DATA"):
                    await self._data()
            case "QUIT":
                await self._say("221 bye")
                raise _Gone
            case "RSET" | "NOOP":
                await self._say("250 ok")
            case _:
                await self._say("503 not now")

    def _extensions(self) -> list[str]:
        offered = ["loopback", "8BITMIME", "SMTPUTF8"]
        if self._server.tls is not None and not self._encrypted:
            offered.append("STARTTLS")
        elif self._server.password is not None:
            offered.append("AUTH PLAIN")
        return [f"250-{one}" for one in offered[:-1]] + [f"250 {offered[-1]}"]

    async def _authenticate(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if password == self._server.password:
            self._user = user
            await self._say("235 welcome")
        else:
            await self._say("535 no")

    async def _mail(self, rest: str) -> None:
        if self._server.password is not None and self._user is None:
            await self._say("530 authenticate first")
        elif await self._passes("MAIL"):
            self._sender, self._recipient = _path(rest), ""
            await self._say("250 ok")

    async def _data(self) -> None:
        await self._say("354 go on")
        content = await self._lines.receive_until(b"\r\n.\r\n", LONGEST_MAIL)
        if not await self._passes("CONTENT"):
            return
        lines = [line[1:] if line.startswith(b".") else line for line in content.split(b"\r\n")]
        message = message_from_bytes(b"\r\n".join(lines), policy=SMTPUTF8)
        assert isinstance(message, EmailMessage)
        self._server.took(Received(self._sender, self._recipient, message, self._encrypted, self._user))
        if await self._passes("TAKEN"):
            await self._say("250 taken")

    async def _passes(self, stage: Stage) -> bool:
        """Whether this stage is as it should be; otherwise its fault has been met."""
        if self._fault is None or self._fault.stage != stage:
            return True
        if self._fault.hang:
            self._server.changed()
            await anyio.sleep_forever()
        if self._fault.reply is None:
            raise _Gone
        await self._say(self._fault.reply)
        return False

    async def _say(self, *lines: str) -> None:
        await self._stream.send("".join(f"{line}\r\n" for line in lines).encode())

    async def _line(self, longest: int) -> bytes:
        return await self._lines.receive_until(b"\r\n", longest)


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


@asynccontextmanager
async def smtp_server(server: SmtpServer, *, encrypted: bool = False) -> AsyncIterator[int]:
    """Serves on 127.0.0.1 and gives the port; `encrypted` from the first byte. The block's end cuts all connections."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port: int = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610

    async def serve(stream: anyio.abc.ByteStream) -> None:
        server.connections += 1
        server.changed()
        if encrypted:
            assert server.tls is not None
            stream = await TLSStream.wrap(stream, server_side=True, ssl_context=server.tls, standard_compatible=False)
        await _Connection(server, stream, encrypted=encrypted).run()

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield port
        tasks.cancel_scope.cancel()
