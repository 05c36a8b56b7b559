"""A client of `/v1/ws` that loses nothing: one task and one connection at a time, around what its Replica knows."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import cycle
from math import inf
from random import SystemRandom
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import msgspec
import websockets

from lyo_rt import frames
from lyo_rt.client.replica import Ended, Lost, Replica, Untaken
from lyo_rt.client.tokens import Dismissed, Tokens
from lyo_rt.frames import After, ClientFrame, Codec, Delta, Event, Presence, StreamState, Subscribe, Typist
from lyo_rt.problems import ProblemBody

STABLE_SECONDS = 10.0
"""A session that lasted so long begins the back-off anew."""
GRACE_SECONDS = 10.0
"""For the welcome, and for anything at all behind a ping; then the link is dead (REALTIME §3)."""
_WIRE: dict[Codec, tuple[Callable[[Any], bytes], Callable[[bytes], frames.ServerFrame]]] = {
    Codec.JSON: (msgspec.json.encode, msgspec.json.Decoder(frames.ServerFrame).decode),
    Codec.MSGPACK: (msgspec.msgpack.encode, msgspec.msgpack.Decoder(frames.ServerFrame).decode),
}
_CONNECT: dict[str, Any] = {"compression": None, "ping_interval": None, "close_timeout": 1, "max_size": 2**24}


class Link(msgspec.Struct, frozen=True):
    """Without a `code`: a session has begun, `seconds` after the last was lost; `detail` is the instance. Otherwise it
    was lost by that close code, HTTP status, or 1006; the next try is in `seconds`, never if that is infinite."""

    code: int | None
    detail: str
    seconds: float


class Refused(Exception):
    """A command was answered with this problem; nothing else is hurt."""

    def __init__(self, problem: ProblemBody) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.problem = problem


Told = Callable[[Event | Delta | Ended | Lost | Typist | Link], None]
Command = (
    Subscribe
    | frames.Unsubscribe
    | frames.Ask
    | frames.Stop
    | frames.Regenerate
    | frames.Generate
    | frames.Cancel
    | frames.Presence
)
Connection = websockets.ClientConnection


def pause(code: int, failures: int) -> float:
    """Seconds until the next try: close codes are instructions (REALTIME §2), HTTP statuses likewise; inf is never.

    Full jitter: up to 0.25 s, doubled by each of the `failures`, sessions in a row that did not last, up to 30 s; at
    once after a first 42xx or 43xx, two seconds more after 41xx.
    """
    if code in {1000, 1009} or 4000 <= code < 4100 or (400 <= code < 500 and code not in {408, 429}):
        return inf
    if 4200 <= code < 4400 and not failures:
        return 0.0
    return SystemRandom().uniform(0, min(30.0, 0.25 * 2 ** min(failures, 7))) + 2.0 * (code == 429 or code // 100 == 41)


class Client:
    """`async with Client(...) as client` keeps a session, through any number of reconnects, while the block runs."""

    def __init__(self, addresses: Iterable[str], tokens: Tokens, told: Told, codec: Codec = Codec.JSON) -> None:
        """`addresses`, such as https://api.lyo.app, are tried in turn. `told` is called with all that comes, in order,
        and must neither wait nor raise: `asyncio.Queue().put_nowait` will do."""
        self.counts: Counter[str] = Counter()
        """`tries`, `sessions`, frames `taken` and `repeated`, `gaps`, `bytes_in`, `bytes_out`."""
        self._addresses, self._tokens, self._told, self._codec = addresses, tokens, told, codec
        self._encode, self._decode = _WIRE[codec]
        self._replica = Replica()
        self._commands: dict[str, tuple[Command, asyncio.Future[frames.Reply]]] = {}
        self._outgoing: list[ClientFrame] = []
        self._rooms: set[UUID] = set()
        self._now = asyncio.get_running_loop().time
        self._began_at = self._lost_at = self._leave_at = inf
        self._session: Connection | None = None
        self._refused: str | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._end: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._tokens.settle()

    async def subscribe(self, stream: str, after: After | None = None) -> StreamState:
        """Follow a stream behind `after`, or from now on; one that is followed, from where it is. See `call`."""
        ok = await self.call(Subscribe(str(uuid4()), stream, after or self._replica.place(stream)))
        return msgspec.convert({"stream": stream, **ok}, StreamState)

    async def ask(self, conversation: UUID, text: str, id: UUID | None = None) -> Mapping[str, Any]:
        """Ask the tutor; one `id` is one question however often it is asked. See `call`."""
        return await self.call(frames.Ask(id or uuid4(), conversation, text))

    async def call(self, command: Command) -> Mapping[str, Any]:
        """The reply to a command, which is sent again under its id in each new session until there is one.

        Raises Refused; Dismissed once the server has said not to come back.
        """
        if self._end is not None:
            raise self._end
        waiting: asyncio.Future[frames.Reply] = asyncio.get_running_loop().create_future()
        self._commands[str(command.id)] = command, waiting
        try:
            if self._session is not None:
                await self._send(self._session, command)
            reply = await waiting
        finally:
            self._commands.pop(str(command.id), None)
        if reply.problem is not None:
            raise Refused(reply.problem)
        return reply.ok or {}

    async def _run(self) -> None:
        failures = 0
        for address in cycle(self._addresses):
            self.counts["tries"] += 1
            self._leave_at = self._began_at = inf
            code, reason = await self._visit(address)
            failures = 0 if self._now() - self._began_at >= STABLE_SECONDS else failures
            wait = pause(code, failures)
            if self._leave_at < inf and wait < inf:
                wait = max(0, self._leave_at - self._now())
            self._told(Link(code, reason, wait))
            if wait == inf:
                raise Dismissed(code, reason)
            await asyncio.sleep(wait)
            failures += 1

    async def _visit(self, address: str) -> tuple[int, str]:
        """One connection, from its token to its end: the code and the reason."""
        try:
            self._token = await self._tokens.valid(address, self._refused)
            url, options = f"ws{address.removeprefix('http')}/v1/ws", {"subprotocols": [self._codec.value], **_CONNECT}
            async with websockets.connect(url, **options) as connection:
                await self._converse(connection, address)
            return 1012, "The server asked to move."
        except websockets.ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, str(closed))
            self._refused = self._token if code // 100 == 43 else None
            return code, reason
        except Dismissed as end:
            return end.code, str(end)
        except (websockets.InvalidStatus, httpx.HTTPStatusError) as refusal:
            return refusal.response.status_code, str(refusal)
        except (OSError, websockets.WebSocketException, httpx.HTTPError, msgspec.DecodeError) as fault:
            return 1006, str(fault)
        finally:
            self._lose()

    async def _converse(self, connection: Connection, address: str) -> None:
        """Read, ping and repair until it is time to move. Raises ConnectionClosed, DecodeError."""
        self._heard_at, pinged_at, self._heartbeat = -inf, self._now(), GRACE_SECONDS
        await self._send(connection, frames.Hello(self._token, resume=self._replica.resume()))
        while self._now() < self._leave_at:
            silent, leave_at = self._heard_at < pinged_at, self._leave_at
            due = pinged_at + (GRACE_SECONDS if silent else self._heartbeat)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(due, leave_at)):
                    while not self._outgoing and (silent, leave_at) == (self._heard_at < pinged_at, self._leave_at):
                        self._hear(await connection.recv(decode=False), connection, address)
            if self._now() >= due and self._heard_at < pinged_at:
                connection.transport.abort()
            elif self._now() >= due:
                pinged_at = self._now()
                self._outgoing.append(frames.Ping(self._replica.positions()))
            while self._outgoing:
                await self._send(connection, self._outgoing.pop(0))

    def _hear(self, data: bytes, connection: Connection, address: str) -> None:
        self.counts["bytes_in"] += len(data)
        self._heard_at = self._now()
        try:
            heard = self._decode(data)
        except msgspec.ValidationError:
            return  # Of a later server: what is unknown costs nothing (REALTIME §1).
        match heard:
            case Event() | Delta() | frames.Snapshot() | frames.End() as frame:
                if (new := self._replica.apply(frame)) is Untaken.GAP:
                    self._repair([frame.stream])
                elif new is Untaken.REPEATED:
                    self.counts["repeated"] += 1
                else:
                    self.counts["taken"] += 1
                    self._told(new)
            case frames.Welcome() as welcome:
                self._welcomed(welcome, connection)
            case frames.Reply() as reply:
                self._replied(reply)
            case frames.Pong(positions):
                self._repair(self._replica.behind(positions))
            case frames.AuthExpiring():
                self._renewal = asyncio.create_task(self._renew(connection, address))
            case frames.Reconnect(after_ms):
                self._leave_at = self._heard_at + after_ms / 1000
            case Typist() as typist:
                self._told(typist)

    def _welcomed(self, welcome: frames.Welcome, connection: Connection) -> None:
        self.counts["sessions"] += 1
        self._session, self._began_at, self._heartbeat = connection, self._heard_at, welcome.heartbeat
        self._told(Link(None, welcome.instance, max(0, self._began_at - self._lost_at)))
        for lost in self._replica.welcomed(welcome.streams):
            self._told(lost)
        self._outgoing.extend(Presence(str(uuid4()), course) for course in self._rooms)
        self._outgoing.extend(command for command, _ in self._commands.values())

    def _replied(self, reply: frames.Reply) -> None:
        command, waiting = self._commands.pop(reply.id or "", (None, None))
        lost: list[Lost] = []
        match command:
            case Subscribe(_, stream) if reply.ok is not None:
                lost = self._replica.subscribed(msgspec.convert({"stream": stream, **reply.ok}, StreamState))
            case Subscribe(_, stream) if reply.problem is not None and reply.problem.status == 404:
                lost = self._replica.forget(stream)
            case frames.Unsubscribe(_, stream):
                self._replica.forget(stream)
            case Presence(_, course, here) if reply.ok is not None:
                self._rooms = self._rooms | {course} if here else self._rooms - {course}
        for one in lost:
            self._told(one)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _repair(self, streams: Iterable[str]) -> None:
        for stream in set(streams) - self._commands.keys():
            self.counts["gaps"] += 1
            command = Subscribe(stream, stream, self._replica.place(stream))
            self._commands[stream] = command, asyncio.get_running_loop().create_future()
            self._outgoing.append(command)

    async def _renew(self, connection: Connection, address: str) -> None:
        # Without a new token the session ends with 4301, and one is asked for again then.
        with suppress(Dismissed, httpx.HTTPError, msgspec.DecodeError):
            self._token = await self._tokens.valid(address, self._token)
            await self._send(connection, frames.Auth(self._token))

    def _lose(self) -> None:
        lost, self._session = self._session is not None, None
        self._lost_at = self._now() if lost else self._lost_at
        if self._renewal is not None:
            self._renewal.cancel()
        self._outgoing.clear()
        for id, (command, _) in tuple(self._commands.items()):
            if isinstance(command, Subscribe) and id == command.stream:
                del self._commands[id]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._end = end = (None if task.cancelled() else task.exception()) or Dismissed(1000, "The client was left.")
        for _, waiting in self._commands.values():
            if not waiting.done():
                waiting.set_exception(end)

    async def _send(self, connection: Connection, frame: ClientFrame) -> None:
        data = self._encode(frame)
        self.counts["bytes_out"] += len(data)
        with suppress(websockets.ConnectionClosed):  # who reads hears of it; what has no reply is sent again
            await connection.send(data, text=self._codec is Codec.JSON)
