"""What needs time: an instance frozen for twenty seconds, and beside it a client that reads nothing for a minute.

Both in one minute, over one PostgreSQL and one Valkey: instance A is frozen, B goes on, C has the bad guests.
"""

import asyncio
import json
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.scenarios.conftest import Learner, Server, at_once, log_of, provider
from tests.scenarios.device import Device, until_all
from tests.scenarios.work import Asked, Work, begin, begin_answer, check

FROZEN_SECONDS = 20.0
SILENT_SECONDS = 60.0
GROWTH_BYTES = 30 * 1024 * 1024
FLOOD_FRAMES = 2000
FRAME_BYTES = 60_000


@pytest.mark.timeout(180)
def test_a_frozen_instance_writes_nothing_and_rude_clients_cost_nothing(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str, redis_url: str
) -> None:
    with provider("openai", token_delay=0.02, delay=0.4) as (address, environment):
        # Else its own impatience with the provider would stop a woken instance, and prove nothing of the leases.
        environment |= {"AI_FIRST_TOKEN_TIMEOUT": "60", "AI_TOKEN_TIMEOUT": "60"}
        a, b, c = at_once(two_instances, environment, environment, environment)
        with ThreadPoolExecutor(3) as stories:
            frozen = stories.submit(_frozen, Frozen(a, b, learner(a), learner(b), address, database_url, redis_url))
            silent = stories.submit(_silent, c, learner(c))
            flood = stories.submit(_flood, c, learner(c), address, database_url)
            for story in (frozen, flood, silent):
                print(story.result())


class Frozen:
    """What the story of the frozen instance is played with."""

    def __init__(
        self, a: Server, b: Server, demo: Learner, elsewhere: Learner, provider: str, database_url: str, redis_url: str
    ) -> None:
        self.a, self.b = a, b
        self.demo, self.elsewhere = demo, elsewhere
        self.provider, self.database_url, self.redis_url = provider, database_url, redis_url


def _frozen(stage: Frozen) -> str:
    work = begin(stage.demo, words=300)
    token, a, b = stage.demo.token, stage.a.websocket, stage.b.websocket
    stays, moves, away = (
        Device(token, [a], work.streams),
        Device(token, [a, b], work.streams, patience=3),
        Device(token, [b], work.streams),
    )
    devices = [stays, moves, away]
    until_all(devices, work.in_the_middle)
    early = begin_answer(stage.demo, words=100)
    frozen = stays.moment(lambda: stage.a.send(signal.SIGSTOP))
    until_all((away, moves), work.over, 60)
    _answered(stage.elsewhere, early.conversation, 60)
    before = _rows(work, early, stage.database_url)
    with redis.Redis.from_url(stage.redis_url) as client, client.pubsub() as overheard:
        overheard.psubscribe("*")
        time.sleep(max(0.0, frozen + FROZEN_SECONDS - time.monotonic()))
        stage.a.send(signal.SIGCONT)
        thawed = time.monotonic()
        stage.a.wait_for_log("lease lost", id=work.task, epoch=1)
        for answer in (work.answer, early.answer):
            stage.a.wait_for_log("answer goes on elsewhere", answer=answer, epoch=1)
        stays.until(lambda: work.over(stays))
        caught_up = time.monotonic() - thawed
        _until(lambda: not any(entry["outcome"] == "running" for entry in log_of(stage.provider)))
        assert stage.demo.http.get("/v1/health/ready").status_code == 200
        said = _channels(overheard)
        drafts = [key.decode() for key in client.scan_iter("*draft*")]
    for id in (work.task, work.conversation, work.answer, early.conversation, early.answer):
        assert not [name for name in drafts if id in name]
        # Frozen between a commit and its hint it tells of the event when it wakes: a hint twice, of what is in the log.
        assert not [one for name, one in said if id in name and not _is_known(one, name, stage.database_url)]
    assert _rows(work, early, stage.database_url) == before
    for device in devices:
        device.close()
    check(work, devices, stage.elsewhere, stage.provider, stage.database_url)
    assert moves.texts[work.answer].revision == 2
    taken = away.first_after(frozen, work.told, new=lambda frame: frame["revision"] == 2)
    return (
        f"frozen for {FROZEN_SECONDS:.0f} s: taken over after {taken:.1f} s, by the lease; the zombie wrote no row, no "
        f"draft and no message, and its own device had everything {caught_up * 1000:.0f} ms after it woke"
    )


def _is_known(payload: bytes, channel: str, database_url: str) -> bool:
    """Whether it is the hint of an event that is in the log."""
    hint = json.loads(payload)
    if hint["type"] != "hint":
        return False

    async def read() -> Any:
        connection = await asyncpg.connect(database_url)
        try:
            return await connection.fetchval(
                "SELECT true FROM streams WHERE name = $1 AND epoch = $2 AND top >= $3",
                channel.partition("stream:")[2],
                hint["epoch"],
                hint["seq"],
            )
        finally:
            await connection.close()

    return bool(asyncio.run(read()))


def _channels(overheard: redis.client.PubSub) -> list[tuple[str, bytes]]:
    """What was published since it was asked to listen, and where; whatever comes within a second still counts."""
    found, deadline = list[tuple[str, bytes]](), time.monotonic() + 1.0
    while time.monotonic() < deadline:
        if message := overheard.get_message(ignore_subscribe_messages=True, timeout=0.1):
            found.append((message["channel"].decode(), message["data"]))
    return found


def _rows(work: Work, early: Asked, database_url: str) -> dict[str, Any]:
    """All rows of the work, with the transactions that wrote them: written again, even the same, is seen."""
    streams = [*work.streams, f"course:{work.course}", f"conversation:{early.conversation}"]
    conditions = {
        "tasks": ("id", [work.task]),
        "task_steps": ("task_id", [work.task]),
        "leases": ("id", [work.task, work.answer, early.answer]),
        "messages": ("conversation_id", [work.conversation, early.conversation]),
        "courses": ("id", [work.course]),
        "lessons": ("course_id", [work.course]),
        "streams": ("name", streams),
        "stream_events": ("stream", streams),
    }

    async def read() -> dict[str, Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return {
                table: await connection.fetch(
                    f"SELECT xmin::text, t::text FROM {table} t WHERE {column}::text = ANY($1) ORDER BY 2",  # noqa: S608
                    ids,
                )
                for table, (column, ids) in conditions.items()
            }
        finally:
            await connection.close()

    rows = asyncio.run(read())
    assert all(rows.values())
    return rows


def _silent(c: Server, demo: Learner) -> str:
    """A client asks for thirty megabytes and reads nothing for a minute."""
    conversation = demo.http.post("/v1/tutor/conversations", json={}).json()["id"]
    for _ in range(3):
        _ask_at_length(demo, conversation)
    stream = f"conversation:{conversation}"
    before = c.resident
    with _rude(c, demo, max_queue=1) as guest:
        began = time.monotonic()
        for number in range(110):
            after = {"epoch": 1, "seq": 0}
            guest.send(json.dumps({"type": "subscribe", "id": str(number), "stream": stream, "after": after}))
        _until(lambda: not _holds(c, guest), SILENT_SECONDS)
        let_go = time.monotonic() - began
        time.sleep(max(0.0, began + SILENT_SECONDS - time.monotonic()))
        read = _read_to_the_end(guest)
    grown = c.most_resident - before
    assert grown < GROWTH_BYTES
    # The close frame stands behind what the client does not read, and is not kept for it for ever.
    assert guest.close_code in {4208, 1006}
    assert let_go < 30
    return (
        f"a client that read nothing for {SILENT_SECONDS:.0f} s was let go of after {let_go:.0f} s; it had been sent "
        f"{read / 1e6:.1f} MB; {_mb(grown)}"
    )


def _read_to_the_end(guest: ClientConnection) -> int:
    """How much still came before the end."""
    read = 0
    with suppress(ConnectionClosed):
        while True:
            read += len(guest.recv(timeout=10))
    return read


def _holds(server: Server, guest: ClientConnection) -> bool:
    """Whether the server has its end of the connection open still: the kernel names no inode for what was let go."""
    here, there = guest.socket.getsockname()[1], guest.socket.getpeername()[1]
    rows = [line.split() for line in Path(f"/proc/{server.pid}/net/tcp").read_text().splitlines()[1:]]
    ends = [row for row in rows if row[1].endswith(f":{there:04X}") and row[2].endswith(f":{here:04X}")]
    return any(row[9] != "0" for row in ends)


def _ask_at_length(demo: Learner, conversation: str) -> None:
    """A question and an answer of eight thousand letters, four bytes each."""
    question = {"text": "🌊" * 7990, "id": str(uuid.uuid4())}
    begun = demo.http.post(f"/v1/tutor/conversations/{conversation}/messages", json=question)
    assert begun.status_code == 202, begun.text
    _answered(demo, conversation, 30)


def _answered(demo: Learner, conversation: str, seconds: float) -> None:
    newest = f"/v1/tutor/conversations/{conversation}"
    _until(lambda: demo.http.get(newest).json()["items"][-1]["status"] == "complete", seconds)


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _flood(c: Server, demo: Learner, address: str, database_url: str) -> str:
    """A client sends as fast as it can, while a neighbour on the same instance listens to its tutor."""
    work = begin(demo, words=200)
    neighbour = Device(demo.token, [c.websocket], work.streams)
    neighbour.until(lambda: work.in_the_middle(neighbour))
    before = c.resident
    frame = json.dumps({"type": "ping", "padding": "x" * FRAME_BYTES})
    began, sent = time.monotonic(), 0
    with _rude(c, demo) as guest:
        with suppress(ConnectionClosed):
            while sent < FLOOD_FRAMES:
                guest.send(frame)
                sent += 1
        _read_to_the_end(guest)
    took = time.monotonic() - began
    neighbour.until(lambda: work.over(neighbour))
    neighbour.close()
    check(work, [neighbour], demo, address, database_url)
    assert guest.close_code == 4129
    times = [at for at, frame in neighbour.arrivals if frame["type"] == "delta"]
    pause = max(later - earlier for earlier, later in pairwise(times))
    assert pause < 1.0
    grown = c.most_resident - before
    assert grown < GROWTH_BYTES
    return (
        f"flooded with {sent} frames of {FRAME_BYTES / 1000:.0f} kB: closed with 4129 after {took:.1f} s; "
        f"the neighbour's longest pause {pause * 1000:.0f} ms; {_mb(grown)}"
    )


@contextmanager
def _rude(server: Server, demo: Learner, max_queue: int | None = None) -> Iterator[ClientConnection]:
    """A session of a client with a small window; with `max_queue` it reads no more frames than that by itself."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    line.connect((host, int(port)))
    url = f"{server.websocket}/v1/ws?token={demo.token}"
    with connect(
        url, sock=line, max_queue=max_queue, compression=None, ping_interval=None, close_timeout=1, max_size=None
    ) as guest:
        guest.send('{"type":"hello"}')
        assert json.loads(guest.recv(timeout=10))["type"] == "welcome"
        yield guest


def _mb(grown: int) -> str:
    return f"at most {grown / 1024 / 1024:.0f} MiB more than before"
