"""One event to a thousand sockets, and the rate at which a core delivers."""

import time
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import msgspec

from bench.crowd import Crowd, gathered, settle
from bench.side import ANNOUNCED, Ground, Learner, Side, cost_of, server_pids
from bench.stamps import stamp
from bench.wire import connect, publisher

WINDOW = 4
"""Events under way at once while the rate is taken, so that the server never waits for the load."""


@dataclass
class FanOut:
    """What one server core does with events for many sockets."""

    per_second: float
    """Deliveries a second of wall time."""
    per_core_second: float
    """Deliveries for a second of the server's processor time."""
    whole: list[float]
    """Seconds from publishing an event until the last socket had it, one event at a time."""


async def watchers(side: Side, learners: list[Learner], task: UUID) -> Crowd:
    """All of them on the simple door of one task."""
    crowd = Crowd()
    path = f"{side.prefix}/ws/tasks/{task}"
    crowd.sockets = await gathered(
        len(learners), lambda n: connect(side.address, path, crowd.heard, token=learners[n].token)
    )
    await settle(crowd, partial(side.announce, [task]))
    return crowd


async def subscribers(side: Side, learners: list[Learner], task: UUID) -> Crowd:
    """All of them by sessions of `/v1/ws` that follow the task."""
    crowd = Crowd()
    crowd.sockets = await gathered(len(learners), lambda n: side.session(learners[n], crowd.heard))
    subscribe = msgspec.json.encode({"type": "subscribe", "id": "s", "stream": f"task:{task}"})
    for socket in crowd.sockets:
        socket.send(subscribe)
    await settle(crowd, partial(side.announce, [task]))
    return crowd


async def fan_out(side: Side, ground: Ground, crowd: Crowd, task: UUID, *, events: int) -> FanOut:
    """`events` one at a time, then as many with WINDOW under way."""
    out, size, whole = await publisher(ground.redis_port), len(crowd.sockets), []
    crowd.received, told = 0, 0
    for _ in range(events):
        told += 1
        began = time.monotonic()
        out.publish(*side.report(task, ANNOUNCED + told, stamp()))
        await crowd.until(told * size)
        whole.append(time.monotonic() - began)
    began = time.monotonic()
    with cost_of(server_pids(side)) as cost:
        for _ in range(events):
            told += 1
            out.publish(*side.report(task, ANNOUNCED + told, stamp()))
            await crowd.until((told - WINDOW + 1) * size)
        await crowd.until(told * size)
        took = time.monotonic() - began
    await out.close()
    delivered = events * size
    return FanOut(delivered / took, delivered / max(cost.seconds, 0.01), whole)
