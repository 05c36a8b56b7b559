"""A client of `/v1/ws` that loses nothing: one task and one connection at a time, around what its Replica knows."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from math import inf
from random import Random, SystemRandom
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from lyo_rt import frames
from lyo_rt.client.replica import Ended, Lost, Replica, Untaken
from lyo_rt.client.tokens import Dismissed, Tokens
from lyo_rt.frames import After, ClientFrame, Codec, Delta, Event, Presence, Regenerate, StreamState, Subscribe, Typist
from lyo_rt.problems import ProblemBody

STABLE_SECONDS = 10.0
"""A session that lasted so long begins the back-off anew."""
GRACE_SECONDS = 10.0
"""For the welcome, and for anything at all behind a ping; then the link is dead (REALTIME §3)."""
FRAME_BYTES, MESSAGE_BYTES = 64 * 1024, 16 * 1024 * 1024
BACKLOG = 1000
"""Notifications that wait to be iterated over; then nothing more is read, replies included."""

Command = (
    Subscribe | frames.Unsubscribe | frames.Ask | frames.Stop | Regenerate | frames.Generate | frames.Cancel | Presence
)


class Link(msgspec.Struct, frozen=True):
    """A session has begun on the instance `detail`, `seconds` after the last was lost; or, with a `code`, it was lost,
    by that close code, 1006 or HTTP status, `detail` is the reason, and the next try is in `seconds`."""

    code: int | None
    detail: str
    seconds: float


Notification = Event | Delta | Ended | Lost | Typist | Link


class Refused(Exception):
    """A command was answered with this problem; nothing else is hurt."""

    def __init__(self, problem: ProblemBody) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.problem = problem


def pause(code: int, failures: int, random: Random) -> float | None:
    """Seconds until the next try: close codes are instructions (REALTIME §2), HTTP statuses likewise. None: never.

    Full jitter: up to 0.25 s, twice as much for each of the `failures`, sessions in a row that did not last, up to
    30 s; at once after a first 42xx or 43xx, two seconds more after 41xx.
    """
    if code in {1000, 1009} or 4000 <= code < 4100 or (400 <= code < 500 and code not in {408, 429}):
        return None
    if 4200 <= code < 4400 and not failures:
        return 0.0
    return random.uniform(0, min(30.0, 0.25 * 2 ** min(failures, 7))) + 2.0 * (code == 429 or code // 100 == 41)


class Client:
    """`async with Client(...) as client` keeps a session, through any number of reconnects, as long as the block runs.

    `async for notification in client` tells what comes. Both that and the commands raise Dismissed once the server has
    said not to come back.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        tokens: Tokens,
        *,
        codec: Codec = Codec.JSON,
        told: Callable[[Notification], None] | None = None,
        random: Random | None = None,
    ) -> None:
        """`addresses`, such as https://api.lyo.app, are tried in turn. `told` takes what would be iterated over."""
        self.counts: Counter[str] = Counter()
        """`tries`, `sessions`, frames `taken` and `repeated`, `gaps`, `bytes_in`, `bytes_out`."""
        self._addresses, self._tokens, self._codec, self._told = addresses, tokens, codec, told
        self._random = random or SystemRandom()
        self._replica = Replica()
        self._commands: dict[str, tuple[Command, asyncio.Future[Mapping[str, Any]]]] = {}
        self._repairs: set[str] = set()
        self._rooms: set[UUID] = set()
        self._outgoing: deque[ClientFrame] = deque()
        self._backlog: deque[Notification] = deque()
        self._changed = asyncio.Event()
        self._session: ClientConnection | None = None
        self._refused: str | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._end: BaseException | None = None
        self._lost_at: float | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._tokens.settle()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notification:
        while not self._backlog:
            if self._end is not None:
                raise StopAsyncIteration if getattr(self._end, "code", 0) == 1000 else self._end
            await self._change()
        self._changed.set()
        return self._backlog.popleft()

    async def subscribe(self, stream: str, after: After | None = None) -> StreamState:
        """Follow a stream behind `after`, or from now on; one that is followed, from where it is. See `call`."""
        ok = await self.call(Subscribe(str(uuid4()), stream, after or self._replica.place(stream)))
        return _state(stream, ok)

    async def ask(self, conversation: UUID, text: str, id: UUID | None = None) -> Mapping[str, Any]:
        """Ask the tutor; one `id` is one question however often it is asked. See `call`."""
        return await self.call(frames.Ask(id or uuid4(), conversation, text))

    async def call(self, command: Command) -> Mapping[str, Any]:
        """The reply to a command, which is sent again under its id in each new session until there is one.

        Raises Refused, Dismissed, ValueError for more than 64 KiB; ConnectionError when the session was lost under a
        Regenerate: sent twice it would answer twice, so look first whether an answer has begun.
        """
        if self._end is not None:
            raise self._end
        if len(msgspec.json.encode(command)) > FRAME_BYTES:
            raise ValueError(f"A frame has at most {FRAME_BYTES} bytes.")
        reply: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._commands[str(command.id)] = command, reply
        try:
            if self._session is not None:
                await self._send(self._session, command)
            return await reply
        finally:
            self._commands.pop(str(command.id), None)

    async def _run(self) -> None:
        failures, now = 0, asyncio.get_running_loop().time
        for address in cycle(self._addresses):
            self.counts["tries"] += 1
            self._leave_at = self._began_at = inf
            code, reason, least = await self._visit(address)
            failures = 0 if now() - self._began_at >= STABLE_SECONDS else failures
            wait = pause(code, failures, self._random)
            if wait is None:
                raise Dismissed(code, reason)
            wait = max(wait if self._leave_at == inf else self._leave_at - now(), least)
            failures += 1
            self._tell(Link(code, reason, wait))
            await asyncio.sleep(wait)

    async def _visit(self, address: str) -> tuple[int, str, float]:
        """One connection, from its token to its end: the code, the reason, the least seconds to wait."""
        try:
            self._token = await self._tokens.valid(address, self._refused)
            connection = await connect(
                f"ws{address.removeprefix('http')}/v1/ws",
                subprotocols=[Subprotocol(self._codec.value)],
                compression=None,
                ping_interval=None,
                open_timeout=GRACE_SECONDS,
                close_timeout=1,
                max_size=MESSAGE_BYTES,
            )
            try:
                return await self._converse(connection, address)
            finally:
                self._lose()
                await connection.close()
        except ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "The link was lost.")
            self._refused = self._token if code // 100 == 43 else None
            return code, reason, 0
        except (InvalidStatus, httpx.HTTPStatusError) as refusal:
            after = refusal.response.headers.get("Retry-After", "")
            return refusal.response.status_code, str(refusal), float(after) if after.isdecimal() else 0
        except (OSError, WebSocketException, httpx.HTTPError, msgspec.DecodeError) as fault:
            return 1006, str(fault), 0

    async def _converse(self, connection: ClientConnection, address: str) -> tuple[int, str, float]:
        """Read, ping and repair until the session is over. Raises ConnectionClosed, msgspec.DecodeError."""
        now = asyncio.get_running_loop().time
        await self._send(connection, frames.Hello(self._token, resume=self._replica.resume()))
        self._heard_at, pinged_at, self._heartbeat = -inf, now(), GRACE_SECONDS
        while True:
            due = pinged_at + (GRACE_SECONDS if self._heard_at < pinged_at else self._heartbeat)
            try:
                async with asyncio.timeout_at(min(due, self._leave_at)):
                    while not self._outgoing and len(self._backlog) < BACKLOG:
                        self._hear(await connection.recv(decode=False), connection, address)
            except TimeoutError:
                if now() >= self._leave_at:
                    return 1012, "The server asked to move.", 0
                if self._heard_at < pinged_at:
                    connection.transport.abort()
                    return 1006, "The link is silent.", 0
                if now() >= pinged_at + self._heartbeat:
                    pinged_at = now()
                    self._outgoing.append(frames.Ping(self._replica.positions()))
            while self._outgoing:
                await self._send(connection, self._outgoing.popleft())
            while len(self._backlog) >= BACKLOG:
                await self._change()
                self._heard_at = now()

    def _hear(self, data: bytes, connection: ClientConnection, address: str) -> None:
        self.counts["bytes_in"] += len(data)
        self._heard_at = asyncio.get_running_loop().time()
        try:
            frame = _CODECS[self._codec].decode(data, type=frames.ServerFrame)
        except msgspec.ValidationError:
            return  # A later server's: unknown types cost nothing (REALTIME §1).
        match frame:
            case frames.Event() | frames.Delta() | frames.Snapshot() | frames.End():
                new = self._replica.apply(frame)
                if isinstance(new, Untaken):
                    self.counts["repeated"] += new is Untaken.REPEATED
                    self._repair([frame.stream] if new is Untaken.GAP else [])
                else:
                    self.counts["taken"] += 1
                    self._tell(new)
            case frames.Welcome():
                self._welcomed(frame, connection)
            case frames.Reply():
                self._replied(frame)
            case frames.Pong(positions):
                self._repair(self._replica.behind(positions))
            case frames.AuthExpiring():
                self._renewal = asyncio.create_task(self._renew(connection, address))
            case frames.Reconnect(after_ms):
                self._leave_at = self._heard_at + after_ms / 1000
            case Typist():
                self._tell(frame)

    def _welcomed(self, welcome: frames.Welcome, connection: ClientConnection) -> None:
        self.counts["sessions"] += 1
        self._began_at, self._heartbeat = self._heard_at, welcome.heartbeat
        self._tell(Link(None, welcome.instance, self._began_at - (self._lost_at or self._began_at)))
        self._lost_at, self._session = None, connection
        self._tell(*self._replica.welcomed(welcome.streams))
        self._outgoing.extend(Presence(str(uuid4()), course) for course in self._rooms)
        self._outgoing.extend(command for command, _ in self._commands.values())

    def _replied(self, reply: frames.Reply) -> None:
        if reply.id in self._repairs:
            self._repairs.discard(reply.id)
            if reply.ok is not None:
                self._tell(*self._replica.subscribed(_state(reply.id, reply.ok)))
            elif reply.problem is not None and reply.problem.status == 404:
                self._tell(*self._replica.forget(reply.id))
            return
        command, waiting = self._commands.pop(reply.id or "", (None, None))
        if waiting is None or waiting.done():
            return
        if reply.problem is not None:
            waiting.set_exception(Refused(reply.problem))
            return
        ok = reply.ok or {}
        match command:
            case Subscribe(_, stream):
                self._tell(*self._replica.subscribed(_state(stream, ok)))
            case frames.Unsubscribe(_, stream):
                self._replica.forget(stream)
            case Presence(_, course, here):
                self._rooms = self._rooms | {course} if here else self._rooms - {course}
        waiting.set_result(ok)

    def _repair(self, streams: Sequence[str]) -> None:
        for stream in streams:
            if stream not in self._repairs:
                self.counts["gaps"] += 1
                self._repairs.add(stream)
                self._outgoing.append(Subscribe(stream, stream, self._replica.place(stream)))

    async def _renew(self, connection: ClientConnection, address: str) -> None:
        # Without a new token the session ends with 4301, and another one is asked for then.
        with suppress(Dismissed, httpx.HTTPError):
            self._token = await self._tokens.valid(address, self._token)
            await self._send(connection, frames.Auth(self._token))

    def _lose(self) -> None:
        if self._session is not None:
            self._lost_at = asyncio.get_running_loop().time()
        self._session = None
        self._repairs.clear()
        self._outgoing.clear()
        if self._renewal is not None:
            self._renewal.cancel()
        for command, waiting in self._commands.values():
            if isinstance(command, Regenerate) and not waiting.done():
                waiting.set_exception(ConnectionError("The session was lost before the reply."))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._end = Dismissed(1000, "This client has been left.") if task.cancelled() else task.exception()
        for _, waiting in self._commands.values():
            if not waiting.done():
                waiting.set_exception(self._end or Dismissed(1000, ""))
        self._changed.set()

    def _tell(self, *notifications: Notification) -> None:
        if self._told is None:
            self._backlog.extend(notifications)
            self._changed.set()
        else:
            for notification in notifications:
                self._told(notification)

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _send(self, connection: ClientConnection, frame: ClientFrame) -> None:
        data = _CODECS[self._codec].encode(frame)
        self.counts["bytes_out"] += len(data)
        # Who reads is told that it is closed, and sends again what has no reply.
        with suppress(ConnectionClosed):
            await connection.send(data, text=self._codec is Codec.JSON)


def _state(stream: str, joined: Mapping[str, Any]) -> StreamState:
    return msgspec.convert({"stream": stream, **joined}, StreamState)
