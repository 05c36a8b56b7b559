"""Authenticated sessions: how fast they come in, and what each holds in memory while it waits."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.crowd import gathered
from bench.machine import resident_bytes
from bench.side import Learner, Side, cost_of, server_pids
from bench.wire import NotDone, WebSocket

WARM = 50
"""Sessions before the first reading: what is loaded once is not a session's."""
SETTLING = 2.0
BEAT_SECONDS = 15.0


class Lost(NotDone):
    """Sessions were closed by the server while they were to be held."""


@dataclass
class Connected:
    """How fast sessions came in, 50 at a time."""

    per_second: float
    per_core_second: float


@dataclass
class Held:
    """What idle sessions hold."""

    kib_each: float
    total_mib: float
    """Of the whole server process, with all of them."""


async def connect_all(side: Side, learners: list[Learner]) -> Connected:
    """All come, are greeted, and leave."""
    began = time.monotonic()
    with cost_of(server_pids(side)) as cost:
        sockets = await gathered(len(learners), lambda n: side.session(learners[n], _ignored))
        took = time.monotonic() - began
    for socket in sockets:
        socket.close()
    return Connected(len(sockets) / took, len(sockets) / max(cost.seconds, 0.01))


async def hold(side: Side, learners: list[Learner], counts: list[int]) -> list[Held]:
    """The readings at each of `counts` sessions (rising, the last one `len(learners)`). Raises Lost."""
    held: list[WebSocket] = []
    readings = []
    async with kept_alive(side, held):
        held += await gathered(WARM, lambda n: side.session(learners[n], _ignored))
        await asyncio.sleep(SETTLING)
        base = resident_bytes(server_pids(side))
        for count in counts:
            begin = len(held)
            held += await gathered(count - begin, lambda n: side.session(learners[begin + n], _ignored))  # noqa: B023
            await asyncio.sleep(SETTLING)
            now = resident_bytes(server_pids(side))
            readings.append(Held((now - base) / (count - WARM) / 1024, now / 1024 / 1024))
        lost = [socket.code for socket in held if socket.closed]
    for socket in held:
        socket.close()
    if lost:
        raise Lost(f"{side.name}: {len(lost)} sessions were closed, codes {set(lost)}")
    return readings


@asynccontextmanager
async def kept_alive(side: Side, held: list[WebSocket]) -> AsyncIterator[None]:
    """The sockets in the list send what their side expects of a client that is there."""

    async def beat() -> None:
        while side.beat is not None:
            await asyncio.sleep(BEAT_SECONDS)
            for place, socket in enumerate(tuple(held)):
                if not socket.closed:
                    socket.send(side.beat)
                if place % 100 == 0:
                    await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


def _ignored(_: bytes) -> None:
    return
