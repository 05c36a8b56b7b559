"""Several workers under one parent, with nothing installed: one address, an embedded PostgreSQL and Valkey."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from websockets.sync.client import connect

from tests.scenarios.conftest import Learner, Server, processes_below


def test_workers_are_instances_and_a_killed_one_is_replaced(
    server: Callable[..., Server], learner: Callable[..., Learner]
) -> None:
    running = server(WORKERS="2")
    running.wait_for("workers 2")
    demo = learner(running)
    before = _instances(running, demo, lambda found: len(found) == 2)
    os.kill(_worker(running), signal.SIGKILL)
    running.wait_for("a worker has ended and is started again")
    _instances(running, demo, lambda found: len(found - before) == 1)
    task = demo.generate("workers", topic="Bridges and arches")["task_id"]
    assert demo.wait(task)["state"] == "DONE"
    began = time.monotonic()
    assert running.end(signal.SIGTERM) == 0
    print(f"two workers drained in {time.monotonic() - began:.2f} s")


def test_with_the_parent_everything_ends(server: Callable[..., Server], learner: Callable[..., Learner]) -> None:
    running = server(WORKERS="2")
    _instances(running, learner(running), lambda found: len(found) == 2)
    started = [pid for pid, _ in processes_below(running.pid)]
    running.end(signal.SIGKILL)
    _eventually(lambda: not any(_alive(pid) for pid in started))
    _eventually(lambda: not _answers(running))


def _instances(running: Server, demo: Learner, enough: Callable[[set[str]], bool]) -> set[str]:
    """The instances that answer new sockets, until there are enough."""
    found: set[str] = set()
    deadline = time.monotonic() + 30
    while not enough(found):
        assert time.monotonic() < deadline, found
        with connect(f"{running.websocket}/v1/ws?token={demo.token}") as socket:
            socket.send(json.dumps({"type": "hello"}))
            found.add(json.loads(socket.recv(timeout=10))["instance"])
    return found


def _worker(running: Server) -> int:
    return next(pid for pid, command in processes_below(running.pid) if "api.command_line" in command)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _answers(running: Server) -> bool:
    try:
        httpx.get(f"{running.base}/v1/health/live", timeout=1)
    except httpx.TransportError:
        return False
    return True


def _eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
