"""A learner's journey for Locust: sign in, have a course written, watch it over the WebSocket, read it.

Install `locust` and `websocket-client`, then against a running server:

    locust --locustfile bench/examples/locustfile.py --host http://localhost:8000 --users 50 --spawn-rate 10

Everybody is the demo learner unless LEARNER and PASSWORD say otherwise.
"""

import json
import os
import time
from typing import Any
from uuid import uuid4

import websocket
from locust import HttpUser, between, task

ENDED = {"DONE", "ERROR", "CANCELLED"}
PATIENCE = 120


class Learner(HttpUser):
    """Someone with an account."""

    wait_time = between(1, 3)

    def on_start(self) -> None:
        """Sign in."""
        credentials = {
            "email": os.environ.get("LEARNER", "demo@example.com"),
            "password": os.environ.get("PASSWORD", "demo"),
        }
        self._token = self.client.post("/v1/auth/login", json=credentials).json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {self._token}"

    @task
    def have_a_course_written(self) -> None:
        """Kick off, watch to the end, read the result. Two more rows: until the first frame, until the last."""
        began = time.monotonic()
        accepted = self.client.post(
            "/v1/courses:generate", json={"topic": "photosynthesis"}, headers={"Idempotency-Key": str(uuid4())}
        ).json()
        first, last = self._watch(accepted["task_id"])
        self._tell("kick-off to first frame", first - began, None)
        failed = None if last["state"] == "DONE" else RuntimeError(f"the course ended as {last['state']}")
        self._tell("kick-off to the end", time.monotonic() - began, failed)
        if failed is None:
            self.client.get(f"/v1/courses/{last['resultId']}", name="/v1/courses/{id}")

    def _watch(self, id: str) -> tuple[float, dict[str, Any]]:
        """When the first frame came, and the last frame."""
        address = self.host.replace("http", "ws", 1) + f"/v1/ws/tasks/{id}"
        socket = websocket.create_connection(address, header=[f"Authorization: Bearer {self._token}"], timeout=PATIENCE)
        try:
            frame = json.loads(socket.recv())
            first = time.monotonic()
            while frame["state"] not in ENDED:
                frame = json.loads(socket.recv())
        finally:
            socket.close()
        return first, frame

    def _tell(self, name: str, seconds: float, failed: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type="WS",
            name=name,
            response_time=seconds * 1000,
            response_length=0,
            exception=failed,
            context={},
        )
