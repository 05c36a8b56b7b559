"""A role given or taken away, a suspension: the other instance refuses the old token too, and closes the sockets."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.scenarios.conftest import ROOT, Learner, Server, at_once

TOKEN_EXPIRED, SESSION_REVOKED = 4301, 4010
ADA, ALEX = "demo@example.com", "alex@example.com"


def test_roles_and_suspensions_count_at_once_on_every_instance(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str
) -> None:
    first, second = at_once(two_instances, {}, {})
    root = learner(first, ADA)
    assert promoted(ADA, "super_admin", DATABASE_URL=database_url) == f"{ADA} is super_admin now.\n"
    for server in (first, second):
        until_refused(server, root.token, "TOKEN_EXPIRED")
    root = learner(first, ADA)

    alex = learner(second, ALEX)
    me = alex.http.get("/v1/users/me").json()["id"]
    with live([first, second], alex.token) as sockets:
        answer = root.http.put(f"/v1/users/{me}/role", json={"role": "admin"})
        assert answer.status_code == 200, answer.text
        given = [ended(socket, TOKEN_EXPIRED) for socket in sockets]
    for server in (first, second):
        until_refused(server, alex.token, "TOKEN_EXPIRED")

    alex = learner(second, ALEX)
    assert alex.http.get("/v1/users").status_code == 200
    with live([first, second], alex.token) as sockets:
        began = time.monotonic()
        assert root.http.put(f"/v1/users/{me}/role", json={"role": "student"}).status_code == 200
        taken = [ended(socket, TOKEN_EXPIRED) - began for socket in sockets]
    for server in (first, second):
        until_refused(server, alex.token, "TOKEN_EXPIRED", "/v1/users")

    alex = learner(first, ALEX)
    with live([first, second], alex.token) as sockets:
        began = time.monotonic()
        assert root.http.post(f"/v1/users/{me}/suspend", json={"reason": "spam"}).status_code == 200
        suspended = [ended(socket, SESSION_REVOKED) - began for socket in sockets]
    for server in (first, second):
        until_refused(server, alex.token, "SESSION_REVOKED")
        assert httpx.post(f"{server.base}/v1/auth/login", json={"email": ALEX, "password": "demo"}).status_code == 401
    assert root.http.delete(f"/v1/users/{me}/suspend").status_code == 200
    learner(second, ALEX)
    acts = [entry["act"] for entry in root.http.get("/v1/admin/audit").json()["items"]]
    acts = [act for act in acts if act != "user.signed_in"]
    assert acts == ["user.restored", "user.suspended", *["user.role_changed"] * 3]
    print(
        f"two instances, {len(given)} sockets each time: a role taken away closed them after {max(taken) * 1000:.0f} ms"
        f" at most, a suspension after {max(suspended) * 1000:.0f} ms"
    )


def promoted(*arguments: str, **environment: str) -> str:
    """What `lyo-rt users promote` prints."""
    command = [sys.executable, "-W", "error", "-m", "api.command_line", "users", "promote", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def until_refused(server: Server, token: str, code: str, path: str = "/v1/users/me") -> None:
    """Until the instance refuses this token: at once where it was told, else with the next read of the database."""
    deadline = time.monotonic() + 10
    while True:
        answer: dict[str, Any] = httpx.get(f"{server.base}{path}", headers={"Authorization": f"Bearer {token}"}).json()
        if answer.get("code") == code:
            return
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)


@contextmanager
def live(instances: list[Server], token: str) -> Iterator[list[ClientConnection]]:
    """A session on each instance."""
    with ExitStack() as stack:
        sockets = []
        for instance in instances:
            socket = stack.enter_context(connect(f"{instance.websocket}/v1/ws?token={token}"))
            socket.send('{"type":"hello"}')
            assert '"welcome"' in str(socket.recv(timeout=10))
            sockets.append(socket)
        yield sockets


def ended(socket: ClientConnection, code: int) -> float:
    """The moment at which it was closed with this code."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    assert socket.close_code == code
    return time.monotonic()
