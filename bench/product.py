"""Our side: `lyo-rt serve`, one instance."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from bench import reporter
from bench.processes import Program, program
from bench.side import SECRET, Ground, Learner, Watched
from bench.wire import Http, WebSocket, connect
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.limits.policies import NAMES
from lyo_rt.streams import StreamEvent, append, encode_hint, task_stream, topic

DATABASE = "product"


class Product:
    """A Side."""

    name = "lyo-rt"
    prefix = "/v1"
    beat: bytes | None = b'{"type":"ping"}'

    def __init__(self, ground: Ground, server: Program, port: int, user: UUID) -> None:
        self._ground = ground
        self.programs = [server]
        self.address = ("127.0.0.1", port)
        self.user = user

    async def tasks(self, count: int) -> list[UUID]:
        """See Side. Tasks without a lease, which no instance takes up, with one event each."""
        made = [uuid4() for _ in range(count)]
        url = self._ground.database_url(DATABASE)
        async with Database.open(url, InProcessBroadcast(SystemClock())) as database, database.transaction() as all_:
            for task in made:
                await all_.execute(
                    "INSERT INTO tasks (id, user_id, kind, state, message, request) "
                    "VALUES ($1, $2, 'course', 'RUNNING', 'Working', '{}')",
                    task,
                    self.user,
                )
                await append(all_, task_stream(task), "progress", progress("Working"))
        return made

    async def announce(self, tasks: Sequence[UUID], text: str) -> None:
        """See Side."""
        url, redis_url, clock = self._ground.database_url(DATABASE), self._ground.redis_url(0), SystemClock()
        async with RedisBroadcast.open(redis_url, clock=clock) as broadcast, Database.open(url, broadcast) as database:
            for task in tasks:
                await reporter.report(database, task, text)

    def report(self, task: UUID, seq: int, text: str) -> tuple[bytes, bytes]:
        """See Side. The hint of lyo_rt.streams on the channel of lyo_rt.broadcast.redis."""
        stream = task_stream(task)
        event = StreamEvent(stream, 1, seq, "progress", progress(text), datetime.now(UTC))
        return f"lyo:0:topic:{topic(stream)}".encode(), encode_hint(event)

    def reporter(self) -> tuple[list[str], dict[str, str]]:
        """See Side."""
        environment = {
            "DATABASE_URL": self._ground.database_url(DATABASE),
            "REDIS_URL": self._ground.redis_url(0),
        }
        return [sys.executable, "-m", "bench.reporter"], environment

    async def session(self, learner: Learner, heard: Callable[[bytes], None]) -> WebSocket:
        """See Side. `/v1/ws`, greeted: the server holds a session actor."""
        greeted: list[bytes] = []
        socket = await connect(self.address, "/v1/ws", greeted.append, token=learner.token, subprotocol="lyo.v1")
        socket.send(b'{"type":"hello"}')
        await first(socket, greeted)
        socket.heard = heard
        return socket

    async def tutor(
        self, learner: Learner, http: Http, heard: Callable[[bytes], None]
    ) -> tuple[WebSocket, Callable[[str], None]]:
        """See Side."""
        made = await http.post("/v1/tutor/conversations", {}, learner.headers, status=201)
        socket = await self.session(learner, heard)
        replies: list[bytes] = []
        socket.heard = replies.append
        stream = f"conversation:{made['id']}"
        socket.send(msgspec.json.encode({"type": "subscribe", "id": "s", "stream": stream}))
        await first(socket, replies)
        socket.heard = heard

        def ask(text: str) -> None:
            frame = {"type": "ask", "id": str(uuid4()), "conversation": made["id"], "text": text}
            socket.send(msgspec.json.encode(frame))

        return socket, ask

    async def event_ages(self, watched: Sequence[Watched]) -> list[float]:
        """See Side. The log knows when each event's transaction began; a watcher's frames are the last ones of it."""
        connection = await asyncpg.connect(self._ground.database_url(DATABASE))
        try:
            rows = await connection.fetch(
                "SELECT stream, array_agg(extract(epoch FROM created_at)::float8 ORDER BY seq) AS times "
                "FROM stream_events WHERE stream = ANY($1) GROUP BY stream",
                [task_stream(course.task) for course in watched],
            )
        finally:
            await connection.close()
        told = {row["stream"]: row["times"] for row in rows}
        since = time.time() - time.monotonic()
        ages = []
        for course in watched:
            seen = course.frames[1:]
            times = told[task_stream(course.task)][-len(seen) :]
            ages += [at + since - began for (at, _), began in zip(seen, times, strict=True)]
        return ages


def progress(text: str) -> dict[str, Any]:
    """The data of a progress event."""
    return {"state": "RUNNING", "progressPct": 50, "message": text, "resultId": None}


async def first(socket: WebSocket, into: list[bytes]) -> bytes:
    """The first message of a socket that collects into a list."""
    arrived = asyncio.Event()

    def heard(payload: bytes) -> None:
        into.append(payload)
        arrived.set()

    if not into:
        socket.heard = heard
        async with asyncio.timeout(30):
            await arrived.wait()
    return into[0]


@contextmanager
def product(ground: Ground, port: int) -> Iterator[Product]:
    """One instance on PostgreSQL, Valkey and the provider of the run, as production would configure it."""
    environment = {
        "PORT": str(port),
        "ENVIRONMENT": "development",
        "LYO_DATA_DIR": str(ground.folder / "product"),
        "DATABASE_URL": ground.database_url(DATABASE),
        "REDIS_URL": ground.redis_url(0),
        "JWT_SECRET_KEY": SECRET,
        "AI_PROVIDERS": "openai",
        "OPENAI_API_KEY": "bench",
        "OPENAI_BASE_URL": f"{ground.provider}/v1",
        # Every course is bought, by one learner: neither a budget nor an answer given before takes part.
        "AI_USER_DAILY_TOKENS": "none",
        "AI_CACHE_SECONDS": "0",
        # Nor a limit on how often one learner asks.
        **{f"RATE_LIMIT_{name.upper()}": "0" for name in NAMES},
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "WARNING",
    }
    with program([sys.executable, "-m", "api.command_line", "serve"], environment, " on http://") as server:
        yield Product(ground, server, port, asyncio.run(_demo_user(ground.database_url(DATABASE))))


async def _demo_user(url: str) -> UUID:
    connection = await asyncpg.connect(url)
    try:
        found: UUID = await connection.fetchval("SELECT id FROM users ORDER BY created_at LIMIT 1")
        return UUID(str(found))
    finally:
        await connection.close()
