"""The acceptance script of seed 002, its one broken line mended (the helper that reads dotted paths), all its ticks."""

import json
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.scenarios.conftest import Server, provider

TERMINAL = {"DONE", "ERROR", "CANCELLED"}


@pytest.mark.parametrize("author", ["outline", "gemini", "openai"])
def test_the_smoke_test_of_the_seeds_is_all_ticks(
    author: str, server: Callable[..., Server], database_url: str
) -> None:
    """With `outline` on the embedded database, as `make serve` runs it."""
    backing = nullcontext(("", {})) if author == "outline" else provider(author, delay=0.01)
    with backing as (_, environment):
        running = server(**environment, **({} if author == "outline" else {"DATABASE_URL": database_url}))
        with httpx.Client(base_url=running.base, timeout=30) as http:
            ticks = _smoke_test(http, running.websocket)
    for name, passed in ticks.items():
        print(("✅" if passed else "❌") + f" {author}: {name}")
    assert len(ticks) == 10
    assert all(ticks.values()), ticks


def _smoke_test(http: httpx.Client, websocket: str) -> dict[str, bool]:
    ticks = {"Health": http.get("/v1/health/ready").status_code == 200}

    login = http.post("/v1/auth/login", json={"email": "demo@example.com", "password": "demo"})
    ticks["Login"] = login.status_code == 200 and bool(login.json()["access_token"])
    http.headers["Authorization"] = f"Bearer {login.json()['access_token']}"

    refreshed = http.post("/v1/auth/refresh", json={"refresh_token": login.json()["refresh_token"]})
    ticks["Refresh"] = refreshed.status_code == 200

    empty = http.post("/v1/courses:generate", json={})
    ticks["ProblemDetails"] = empty.status_code in {400, 422} and empty.headers["content-type"].startswith(
        "application/problem+json"
    )

    key = str(uuid.uuid4())
    payload = {"topic": "genai", "interests": ["ml"], "level": "beginner", "locale": "en"}
    first = http.post("/v1/courses:generate", json=payload, headers={"Idempotency-Key": key, "Prefer": "respond-async"})
    task = first.json()["task_id"]
    ticks["Generate"] = first.status_code == 202 and first.headers["location"] == f"/v1/tasks/{task}"

    again = http.post("/v1/courses:generate", json=payload, headers={"Idempotency-Key": key})
    ticks["Idempotency"] = again.json()["task_id"] == task

    frames = _watched(f"{websocket}/v1/ws/tasks/{task}")
    ticks["WebSocket progress"] = frames[-1]["state"] == "DONE" and _goes_forward(frames)

    polled = http.get(f"/v1/tasks/{task}").json()
    ticks["Task DONE"] = polled["state"] == "DONE"

    course = http.get(f"/v1/courses/{polled['resultId']}").json()
    members = {"id", "type", "title", "source", "sourceUrl"}
    ticks["Course payload normalized"] = bool(course["items"]) and all(
        members <= item.keys() for item in course["items"]
    )

    ticks["Feeds reachable"] = http.get("/v1/feeds?limit=5").status_code in {200, 204, 404}
    return ticks


def _watched(url: str) -> list[dict[str, Any]]:
    frames = []
    with connect(url) as socket:
        for message in socket:
            frames.append(json.loads(message))
        assert socket.close_code == 1000
    return frames


def _goes_forward(frames: list[dict[str, Any]]) -> bool:
    percents = [frame["progressPct"] for frame in frames]
    return percents == sorted(percents) and all(frame["state"] in {"PENDING", "RUNNING", *TERMINAL} for frame in frames)
