"""One event to a thousand sockets, and the rate at which a core delivers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from bench.provider import stamp
from bench.side import Ground, Learner, Side, cost_of, server_pids
from bench.wire import WebSocket, connect, publisher

PATIENCE = 60.0
CONNECTING = 50
"""Handshakes under way at once."""


@dataclass
class FanOut:
    """What one server core does with events for many sockets."""

    per_second: float
    """Deliveries a second of wall time, with `WINDOW` events under way."""
    per_core_second: float
    """Deliveries for a second of the server's processor time."""
    whole: list[float]
    """Seconds from publishing an event until the last socket had it, one event at a time."""


class Crowd:
    """Sockets of which every one gets every event."""

    def __init__(self) -> None:
        self.received = 0
        self.sockets: list[WebSocket] = []
        self._wanted = 0
        self._reached = asyncio.Event()

    def heard(self, payload: bytes) -> None:  # noqa: ARG002  counted, not read: the reading is not what is measured
        self.received += 1
        if self.received >= self._wanted:
            self._reached.set()

    async def until(self, count: int) -> None:
        """So many messages have been received since the beginning."""
        self._wanted = count
        if self.received < count:
            self._reached.clear()
            async with asyncio.timeout(PATIENCE):
                await self._reached.wait()

    def close(self) -> None:
        for socket in self.sockets:
            socket.close()


async def gathered(count: int, join: Callable[[int], "asyncio.Future[WebSocket] | object"]) -> list[WebSocket]:
    """`count` sockets by `join(number)`, some at a time."""
    slots = asyncio.Semaphore(CONNECTING)

    async def one(number: int) -> WebSocket:
        async with slots:
            return await join(number)  # type: ignore[misc]

    return await asyncio.gather(*(one(number) for number in range(count)))


async def watchers(side: Side, learners: list[Learner], task: UUID) -> Crowd:
    """All of them on the simple door of one task."""
    crowd = Crowd()
    path = f"{side.prefix}/ws/tasks/{task}"
    crowd.sockets = await gathered(
        len(learners), lambda n: connect(side.address, path, crowd.heard, token=learners[n].token)
    )
    await crowd.until(len(learners))
    crowd.received = 0
    return crowd


async def subscribers(side: Side, learners: list[Learner], task: UUID) -> Crowd:
    """All of them by sessions of `/v1/ws` that follow the task."""
    crowd, ready = Crowd(), Crowd()
    crowd.sockets = await gathered(len(learners), lambda n: side.session(learners[n], ready.heard))
    subscribe = msgspec.json.encode({"type": "subscribe", "id": "s", "stream": f"task:{task}"})
    for socket in crowd.sockets:
        socket.send(subscribe)
    # the reply, and the task's latest event
    await ready.until(2 * len(learners))
    for socket in crowd.sockets:
        socket.heard = crowd.heard
    return crowd


async def fan_out(
    side: Side, ground: Ground, crowd: Crowd, task: UUID, *, events: int, window: int, seq: int
) -> FanOut:
    """`events` one at a time, then as many with `window` under way; `seq` is that of the newest event so far."""
    out, size, whole = await publisher(ground.redis_port), len(crowd.sockets), []
    total = 0

    def publish() -> None:
        nonlocal seq, total
        seq += 1
        total += size
        out.publish(*side.report(task, seq, stamp()))

    for _ in range(events):
        began = time.monotonic()
        publish()
        await crowd.until(total)
        whole.append(time.monotonic() - began)
    began = time.monotonic()
    first = total
    with cost_of(server_pids(side)) as cost:
        for _ in range(events):
            publish()
            await crowd.until(total - (window - 1) * size)
        await crowd.until(total)
        seconds = time.monotonic() - began
    out.close()
    delivered = total - first
    return FanOut(delivered / seconds, delivered / max(cost.seconds, 0.01), whole)
