"""Kick-off to first frame: one learner alone, and a hundred at once."""

import asyncio
import time
from uuid import UUID, uuid4

from bench.side import Learner, Side, Watched
from bench.wire import Http, NotDone, connect, http

BRIEF = {"topic": "Introduction to photosynthesis", "level": "beginner", "locale": "en", "duration": 1}
"""Thirteen requests to the provider: an outline, eight lessons, four quizzes; sixteen frames to who watches."""
PATIENCE = 120.0


class Unfinished(NotDone):
    """A course did not come to its end; the text says where it stood."""


async def one(side: Side, learner: Learner, connection: Http) -> Watched:
    """Kick a course off and watch it to its end. Raises Unfinished."""
    seen = Watched(time.monotonic())
    headers = {**learner.headers, "Idempotency-Key": str(uuid4())}
    accepted = await connection.post(f"{side.prefix}/courses:generate", BRIEF, headers, status=202)
    seen.task = UUID(accepted["task_id"])
    path = f"{side.prefix}/ws/tasks/{seen.task}"
    socket = await connect(side.address, path, seen.heard, token=learner.token)
    try:
        async with asyncio.timeout(PATIENCE):
            await seen.ended.wait()
    except TimeoutError:
        raise Unfinished(f"{side.name}: {seen.task} is not done; socket closed: {socket.code}; {seen.frames}") from None
    finally:
        socket.close()
    if seen.frames[-1][1].state != "DONE":
        raise Unfinished(f"{side.name}: {seen.task} ended as {seen.frames[-1][1]}")
    percents = [told.progressPct for _, told in seen.frames]
    if percents != sorted(percents):
        raise Unfinished(f"{side.name}: the progress of {seen.task} went back: {percents}")
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
