"""Events of many tasks, each with a watcher of its own: how many a core delivers, and how late they are."""

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import msgspec

from bench.crowd import PATIENCE, Crowd, gathered, settle
from bench.machine import pin
from bench.processes import program
from bench.side import ANNOUNCED, Ground, Learner, Side, cost_of, server_pids
from bench.stamps import SIZE, age, stamp
from bench.wire import connect, publisher


@dataclass
class Delivered:
    """What came of many events; latencies in seconds."""

    per_second: float
    """Deliveries a second of wall time."""
    per_core_second: float
    """Deliveries for a second of the server's processor time."""
    latencies: list[float] = field(default_factory=list)


class Watching(Crowd):
    """Watchers of whom each has a task; keeps how old every message was that ends with a stamp."""

    def __init__(self) -> None:
        super().__init__()
        self.latencies: list[float] = []

    def heard(self, payload: bytes) -> None:
        end = payload.find(b'"', payload.find(b'"message":"') + 11)
        if (written := payload[end - SIZE : end]).isdigit():
            self.latencies.append(age(written, time.monotonic()))
        super().heard(payload)


async def watch(side: Side, learners: list[Learner], tasks: list[UUID]) -> Watching:
    """One watcher on the simple door of each task, hearing what comes."""
    crowd = Watching()
    crowd.sockets = await gathered(
        len(tasks),
        lambda n: connect(side.address, f"{side.prefix}/ws/tasks/{tasks[n]}", crowd.heard, token=learners[n].token),
    )
    await settle(crowd, partial(side.announce, tasks))
    return crowd


async def flood(side: Side, ground: Ground, crowd: Watching, tasks: list[UUID], *, seconds: float) -> Delivered:
    """Published by the load itself, nothing stored: as many as the server delivers, one for each watcher at a time.

    A round publishes one event of every task in the same instant; the next begins when all have been delivered.
    """
    out, rounds = await publisher(ground.redis_port), 0
    crowd.received, crowd.latencies = 0, []
    began = time.monotonic()
    with cost_of(server_pids(side)) as cost:
        while time.monotonic() - began < seconds:
            rounds += 1
            for task in tasks:
                out.publish(*side.report(task, ANNOUNCED + rounds, stamp()))
            await crowd.until(rounds * len(tasks))
        took = time.monotonic() - began
    await out.close()
    delivered = rounds * len(tasks)
    return Delivered(delivered / took, delivered / max(cost.seconds, 0.01), crowd.latencies)


async def paced(
    side: Side, crowd: Watching, tasks: list[UUID], *, rate: float, seconds: float, core: int
) -> list[float]:
    """The whole job at a steady rate: a reporter stores each step as the stack's workers do, and publishes it.

    The latencies, in seconds from the beginning of the storing.
    """
    crowd.received, crowd.latencies = 0, []
    arguments, environment = side.reporter()
    order = msgspec.json.encode({"tasks": tasks, "rate": rate, "seconds": seconds}).decode()
    with program(arguments, environment, "ready", told=order) as reporter:
        pin(reporter.pids, core)
        reporter.tell("go")
        await asyncio.to_thread(reporter.wait_for, "reported", seconds + PATIENCE)
        await crowd.until(int(rate * seconds))
    return crowd.latencies
