"""A session that is signed out, or whose refresh token two hold, loses its sockets on every instance at once.

The learner's other sessions live on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.scenarios.conftest import Learner, Server, at_once

SESSION_REVOKED = 4010


def test_signing_out_closes_the_sessions_sockets_on_every_instance(
    two_instances: Callable[..., Server], learner: Callable[..., Learner]
) -> None:
    first, second = at_once(two_instances, {}, {})
    token, other = _login(first)["access_token"], learner(first).token
    with _live([first, second], token) as lost, _live([first, second], other) as kept:
        began = time.monotonic()
        answer = httpx.post(f"{first.base}/v1/auth/logout", headers=_bearer(token))
        assert answer.is_success, answer.text
        took = [_closed(socket) - began for socket in lost]
        assert max(took) < 1.0
        for socket in kept:
            socket.send('{"type":"ping"}')
            assert '"pong"' in str(socket.recv(timeout=5))
    for instance in (first, second):
        assert httpx.get(f"{instance.base}/v1/tasks", headers=_bearer(token)).status_code == 401
        assert httpx.get(f"{instance.base}/v1/tasks", headers=_bearer(other)).status_code == 200
    print(f"logout: {len(took)} sockets on two instances closed after {max(took) * 1000:.0f} ms at most")


def test_a_refresh_token_used_twice_closes_the_familys_sockets_on_every_instance(
    two_instances: Callable[..., Server], learner: Callable[..., Learner]
) -> None:
    first, second = at_once(two_instances, {}, {})
    pair, other = _login(first), learner(first).token
    with _live([first, second], pair["access_token"]) as lost, _live([first, second], other) as kept:
        assert _refresh(first, pair["refresh_token"]).status_code == 200
        began = time.monotonic()
        assert _refresh(second, pair["refresh_token"]).status_code == 401
        took = [_closed(socket) - began for socket in lost]
        assert max(took) < 1.0
        for socket in kept:
            socket.send('{"type":"ping"}')
            assert '"pong"' in str(socket.recv(timeout=5))
    print(f"re-use: {len(took)} sockets on two instances closed after {max(took) * 1000:.0f} ms at most")


def _refresh(server: Server, token: str) -> httpx.Response:
    return httpx.post(f"{server.base}/v1/auth/refresh", json={"refresh_token": token})


@contextmanager
def _live(instances: list[Server], token: str) -> Iterator[list[ClientConnection]]:
    """Two sessions on each instance."""
    with ExitStack() as stack:
        sockets = []
        for instance in instances * 2:
            socket = stack.enter_context(connect(f"{instance.websocket}/v1/ws?token={token}"))
            socket.send('{"type":"hello"}')
            assert '"welcome"' in str(socket.recv(timeout=10))
            sockets.append(socket)
        yield sockets


def _closed(socket: ClientConnection) -> float:
    """The moment at which it was closed for this reason."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    assert socket.close_code == SESSION_REVOKED
    return time.monotonic()


def _login(server: Server) -> dict[str, str]:
    answer = httpx.post(f"{server.base}/v1/auth/login", json={"email": "demo@example.com", "password": "demo"})
    assert answer.status_code == 200, answer.text
    pair: dict[str, str] = answer.json()
    return pair


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
