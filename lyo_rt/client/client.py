"""A client of `/v1/ws` that loses nothing: one task and one connection at a time, around what its Replica knows."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
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
from lyo_rt.frames import After, Codec, Delta, Event, Presence, Regenerate, StreamState, Subscribe, Typist
from lyo_rt.problems import ProblemBody

STABLE_SECONDS = 10.0
"""A session that lasted so long begins the back-off anew."""
GRACE_SECONDS = 10.0
"""For the welcome, and for anything at all behind a ping; then the link is dead (REALTIME §3)."""
FRAME_BYTES = 64 * 1024
MESSAGE_BYTES = 16 * 1024 * 1024
BACKLOG = 1000
"""Notifications that wait to be iterated over; then nothing more is read, replies included."""

Command = Subscribe | frames.Unsubscribe | frames.Ask | frames.Stop | Regenerate | frames.Generate | frames.Cancel | Presence


class Link(msgspec.Struct, frozen=True):
    """`code` is None: a session has begun, `seconds` after the last was lost. Otherwise it was lost, by that close code,
    1006 or HTTP status, and the next try is in `seconds`. `detail`: the instance, or the reason."""

    code: int | None
    detail: str
    seconds: float


Notification = Event | Delta | Ended | Lost | Typist | Link


class Refused(Exception):
    """A command was answered with a problem; nothing else is hurt."""

    def __init__(self, problem: ProblemBody) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.problem = problem


def pause(code: int, failures: int, random: Random) -> float | None:
    """Seconds until the next try: close codes are instructions (REALTIME §2), HTTP statuses likewise; None is never.

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
        self._commands: dict[str, Command] = {}
        self._replies: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._rooms: set[UUID] = set()
        self._outgoing: deque[frames.ClientFrame] = deque()
        self._backlog: deque[Notification] = deque()
        self._changed = asyncio.Event()
        self._connection: ClientConnection | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._end: BaseException | None = None
        self._lost_at = 0.0

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
                raise self._end
            await self._change()
        self._changed.set()
        return self._backlog.popleft()

    async def subscribe(self, stream: str, after: After | None = None) -> StreamState:
        """Follow a stream, behind `after` or from now on, one that is followed from where it is; see `call`."""
        ok = await self.call(Subscribe(str(uuid4()), stream, after or self._replica.place(stream)))
        return msgspec.convert({"stream": stream, **ok}, StreamState)

    async def ask(self, conversation: UUID, text: str, id: UUID | None = None) -> Mapping[str, Any]:
        """Ask the tutor; one `id` is one question however often it is asked. See `call`."""
        return await self.call(frames.Ask(id or uuid4(), conversation, text))

    async def call(self, command: Command) -> Mapping[str, Any]:
        """The reply to a command, which is sent again under its id in each new session until there is one.

        Raises Refused, Dismissed, ValueError for more than 64 KiB; ConnectionError when the session was lost under a
        Regenerate: repeated it would answer twice, so look first whether an answer has begun.
        """
        if self._end is not None:
            raise self._end
        if len(msgspec.json.encode(command)) > FRAME_BYTES:
            raise ValueError(f"A frame has at most {FRAME_BYTES} bytes.")
        id = str(command.id)
        self._commands[id] = command
        reply = self._replies[id] = asyncio.get_running_loop().create_future()
        try:
            if self._connection is not None:
                await self._send(self._connection, command)
            return await reply
        finally:
            del self._commands[id], self._replies[id]
