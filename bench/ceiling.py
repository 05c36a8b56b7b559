"""What bare servers do on this machine: the ceiling, for comparison only."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.crowd import Crowd, gathered
from bench.machine import cpu_seconds, pin
from bench.opponent import PYTHON
from bench.processes import Program, program
from bench.wire import Address, WebSocket, connect

MESSAGE = b'{"state":"RUNNING","progressPct":50,"message":"Ready: lesson 4 of module 2","resultId":null}'


@contextmanager
def bare(kind: str, port: int, core: int) -> Iterator[tuple[Address, Program]]:
    """`websockets` or `uvicorn`, alone on its core."""
    with program([str(PYTHON), "-m", "bench.bare", kind, str(port)], {}, "serving") as server:
        pin(server.pids, core)
        yield ("127.0.0.1", port), server


async def echo(address: Address, server: Program, *, sockets: int, seconds: float) -> float:
    """Round trips for a second of the server's processor time, each socket one message under way."""
    crowd = Crowd()

    async def join(_: int) -> WebSocket:
        def heard(payload: bytes) -> None:
            crowd.heard(payload)
            socket.send(payload)

        socket = await connect(address, "/", heard)
        return socket

    crowd.sockets = await gathered(sockets, join)
    before = cpu_seconds(server.pids)
    for socket in crowd.sockets:
        socket.send(MESSAGE)
    await asyncio.sleep(seconds)
    used, received = cpu_seconds(server.pids) - before, crowd.received
    crowd.close()
    return received / max(used, 0.01)


async def broadcast(address: Address, server: Program, *, sockets: int, events: int) -> tuple[float, list[float]]:
    """Deliveries for a second of processor time, and the seconds each event took to reach the last socket."""
    crowd, whole = Crowd(), []
    crowd.sockets = await gathered(sockets, lambda _: connect(address, "/", crowd.heard))
    sender = await connect(address, "/", crowd.heard)
    before = cpu_seconds(server.pids)
    for number in range(1, events + 1):
        began = time.monotonic()
        sender.send(b"all" + MESSAGE)
        await crowd.until(number * (sockets + 1))
        whole.append(time.monotonic() - began)
    used = cpu_seconds(server.pids) - before
    sender.close()
    crowd.close()
    return crowd.received / max(used, 0.01), whole
