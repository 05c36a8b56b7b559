"""Learners who ask the tutor over `/v1/ws`, for Locust: `locust -f bench/examples/locustfile.py -H http://localhost:8000`.

Each user has one session and one conversation, and asks again and again. `lyo-rt load` also cuts connections and checks
that nothing is lost or told twice.
"""

import json
import os
import time
import uuid
from typing import Any

from locust import HttpUser, between, events, task
from websocket import WebSocket, create_connection

CREDENTIALS = {"email": os.getenv("LYO_EMAIL", "demo@example.com"), "password": os.getenv("LYO_PASSWORD", "demo")}
PATIENCE_SECONDS = 60
signed_in: dict[str, str] = {}


@events.test_start.add_listener
def sign_in(environment: Any, **_: Any) -> None:
    """Once for all users: bcrypt takes a quarter of a second each time."""
    import requests

    answer = requests.post(f"{environment.host}/v1/auth/login", json=CREDENTIALS, timeout=10)
    answer.raise_for_status()
    signed_in["token"] = answer.json()["access_token"]


class Learner(HttpUser):
    """One session; at most 120 frames a minute are allowed."""

    wait_time = between(1, 2)
    socket: WebSocket
    conversation: str

    def on_start(self) -> None:
        """Connect, say hello, follow a new conversation."""
        self.client.headers["Authorization"] = f"Bearer {signed_in['token']}"
        made = self.client.post("/v1/tutor/conversations", json={"title": "Load"})
        self.conversation = made.json()["id"]
        began = time.perf_counter()
        self.socket = create_connection(
            f"ws{self.host.removeprefix('http')}/v1/ws", subprotocols=["lyo.v1"], timeout=PATIENCE_SECONDS
        )
        self.send("hello", token=signed_in["token"])
        self.until("welcome")
        self.record("connect", began)
        self.send("subscribe", id="1", stream=f"conversation:{self.conversation}")
        self.until("reply")

    @task
    def ask(self) -> None:
        """One question, to the end of its answer."""
        began, first = time.perf_counter(), True
        self.send("ask", id=str(uuid.uuid4()), conversation=self.conversation, text="Where should I begin, and why?")
        while (frame := self.read())["type"] != "end":
            if "problem" in frame:
                self.record("ask", began, RuntimeError(frame["problem"]["code"]))
                return
            if frame["type"] == "delta" and first:
                first = False
                self.record("first token", began)
        self.record("answer", began)

    def on_stop(self) -> None:
        """Leave."""
        self.socket.close()

    def send(self, type: str, **members: Any) -> None:
        """One frame."""
        self.socket.send(json.dumps({"type": type, **members}))

    def read(self) -> Any:
        """The next frame."""
        return json.loads(self.socket.recv())

    def until(self, type: str) -> None:
        """The next frame of this type has come."""
        while self.read()["type"] != type:
            pass

    def record(self, name: str, began: float, exception: Exception | None = None) -> None:
        """A line of Locust's table."""
        self.environment.events.request.fire(
            request_type="WS",
            name=name,
            response_time=(time.perf_counter() - began) * 1000,
            response_length=0,
            exception=exception,
            context={},
        )
