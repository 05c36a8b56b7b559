"""Kick-off to first frame: one learner alone, and a hundred at once."""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec

from bench.side import Learner, Side
from bench.wire import Http, connect, http

BRIEF = {"topic": "Introduction to photosynthesis", "level": "beginner", "locale": "en", "duration": 1}
PATIENCE = 120.0


class Unfinished(Exception):
    """A course did not come to its end; the text says where it stood."""


class Progress(msgspec.Struct):
    """What a watcher is told."""

    state: str
    progressPct: int  # noqa: N815  the seeds' own name


@dataclass
class Watched:
    """One course as its learner saw it; seconds from the kick-off. `events` counts frames."""

    first: float = 0.0
    """Until the first frame of the watcher's socket."""
    running: float = 0.0
    """Until the first frame that tells of work begun."""
    done: float = 0.0
    events: int = 0
    gone_back: bool = field(default=False)


_decode = msgspec.json.Decoder(Progress).decode


async def one(side: Side, learner: Learner, connection: Http) -> Watched:
    """Kick a course off and watch it to its end."""
    seen, finished, percent = Watched(), asyncio.Event(), 0

    def heard(payload: bytes) -> None:
        nonlocal percent
        now = time.monotonic() - began
        told = _decode(payload)
        seen.events += 1
        seen.first = seen.first or now
        seen.gone_back |= told.progressPct < percent
        percent = told.progressPct
        if told.state != "PENDING":
            seen.running = seen.running or now
        if told.state in ("DONE", "ERROR", "CANCELLED"):
            if told.state != "DONE":
                raise RuntimeError(f"{side.name}: a course ended as {told.state}")
            seen.done = now
            finished.set()

    began = time.monotonic()
    headers = {**learner.headers, "Idempotency-Key": str(uuid4())}
    accepted = await connection.post(f"{side.prefix}/courses:generate", BRIEF, headers, status=202)
    path = f"{side.prefix}/ws/tasks/{accepted['task_id']}"
    socket = await connect(side.address, path, heard, token=learner.token)
    try:
        async with asyncio.timeout(PATIENCE):
            await finished.wait()
    except TimeoutError:
        told = f"{seen.events} frames, the last at {percent} %, socket {'closed' if socket.closed else 'open'}"
        raise Unfinished(f"{side.name}: task {accepted['task_id']} not done in {PATIENCE:.0f} s: {told}") from None
    socket.close()
    return seen


async def alone(side: Side, learner: Learner, times: int) -> list[Watched]:
    """One course after the other."""
    connection = await http(side.address)
    try:
        return [await one(side, learner, connection) for _ in range(times)]
    finally:
        connection.close()


async def together(side: Side, learners: list[Learner]) -> list[Watched]:
    """All learners in the same instant, each over a connection of its own that is open already."""
    connections = [await http(side.address) for _ in learners]
    try:
        return await asyncio.gather(*(one(side, *pair) for pair in zip(learners, connections, strict=True)))
    finally:
        for connection in connections:
            connection.close()
