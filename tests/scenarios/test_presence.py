"""A study room whose members' instance is killed: the others see each of them leave once, within about a second."""

import json
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.scenarios.conftest import Learner, Server, at_once

MEMBERS = 4
DEVICES = 3


class Socket:
    """A greeted socket of `/v1/ws` that keeps its events and when they came."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.events: list[tuple[float, dict[str, Any]]] = []
        self._send(type="hello")
        self.welcome = self._until("welcome")

    def _send(self, **frame: Any) -> None:
        self._connection.send(json.dumps(frame))

    def read(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self._connection.recv(timeout=20))
        if frame["type"] == "event":
            self.events.append((time.monotonic(), frame))
        return frame

    def _until(self, type: str) -> dict[str, Any]:
        while (frame := self.read())["type"] != type:
            pass
        return frame

    def ask(self, type: str, **members: Any) -> dict[str, Any]:
        self._send(type=type, id="1", **members)
        reply = self._until("reply")
        assert "ok" in reply, reply
        answer: dict[str, Any] = reply["ok"]
        return answer

    def until_told(self, count: int) -> None:
        while len(self.events) < count:
            self.read()


def test_the_members_of_a_killed_instance_leave_once_within_about_a_second(
    two_instances: Callable[..., Server], learner: Callable[..., Learner]
) -> None:
    doomed, second, third = at_once(two_instances, {}, {}, {})
    demo = learner(second)
    course = demo.http.get("/v1/courses", params={"scope": "published"}).json()["items"][0]["id"]
    with ExitStack() as stack:

        def dial(server: Server, token: str) -> Socket:
            url = f"{server.websocket}/v1/ws?token={token}"
            return Socket(stack.enter_context(connect(url, subprotocols=[Subprotocol("lyo.v1")])))

        watchers = [dial(place, demo.token) for place in (second, third)]
        for watcher in watchers:
            watcher.ask("subscribe", stream=f"course:{course}", after={"epoch": 1, "seq": 0})
            watcher.ask("presence", course=course)
        names = [f"Member {number}" for number in range(MEMBERS)]
        tokens = {name: registered(doomed, name) for name in names}
        for token in tokens.values():
            for _ in range(DEVICES):
                dial(doomed, token).ask("presence", course=course)
        # One of them is also there by way of another instance: that learner stays.
        dial(third, tokens[names[-1]]).ask("presence", course=course)
        for watcher in watchers:
            watcher.until_told(1 + MEMBERS)

        killed = time.monotonic()
        assert doomed.end(signal.SIGKILL) == -signal.SIGKILL
        for watcher in watchers:
            watcher.until_told(1 + MEMBERS + MEMBERS - 1)
        roster = watchers[0].ask("presence", course=course)
        assert sorted(member["name"] for member in roster["members"]) == sorted([demo_name(demo), names[-1]])
        # Whatever else had been told would have the next seq before this.
        late = dial(second, registered(second, "Late"))
        assert late.ask("presence", course=course)["seq"] == roster["seq"] + 1
        for watcher in watchers:
            watcher.until_told(1 + MEMBERS + MEMBERS - 1 + 1)

    for watcher in watchers:
        told = [(frame["seq"], frame["event"], frame["data"]["name"]) for _, frame in watcher.events]
        assert [seq for seq, _, _ in told] == list(range(1, len(told) + 1))
        left = [name for _, event, name in told if event == "presence.left"]
        assert sorted(left) == names[:-1]
        members = [frame["data"]["members"] for _, frame in watcher.events]
        assert members == [1, 2, 3, 4, 5, 4, 3, 2, 3]
    seen = [at - killed for at, frame in watchers[0].events if frame["event"] == "presence.left"]
    print(f"left {min(seen) * 1000:.0f} to {max(seen) * 1000:.0f} ms after kill -9")
    assert max(seen) < 3


def registered(server: Server, name: str) -> str:
    """The access token of a new learner."""
    body = {"email": f"{uuid4()}@example.com", "password": "Correct-horse-9-battery", "full_name": name}
    answer = httpx.post(f"{server.base}/v1/auth/register", json=body, timeout=30)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["access_token"]
    return token


def demo_name(demo: Learner) -> str:
    name: str = demo.http.get("/v1/users/me").json()["full_name"]
    return name
