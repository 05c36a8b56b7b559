"""A watcher without WebSockets: its instance is killed in the middle of an answer, and it goes on with another."""

import hashlib
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx

from tests.scenarios.conftest import Learner, Server, provider

Told = tuple[str, str, Any]


def test_an_event_stream_goes_on_with_another_instance_when_its_own_is_killed(
    two_instances: Callable[..., Server], learner: Callable[..., Learner]
) -> None:
    with provider("openai", token_delay=0.05) as (_, environment):
        first, second = two_instances(**environment), two_instances(**environment)
        here, there = learner(first), learner(second)
        path = f"/v1/tutor/conversations/{here.http.post('/v1/tutor/conversations', json={}).json()['id']}"
        told: list[Told] = []
        with here.http.stream("GET", f"{path}/events") as response:
            events = events_of(response)
            told.append(next(events))
            begun = here.http.post(f"{path}/messages", json={"text": "Where does the oxygen come from?"}).json()
            while sum(name == "delta" for _, name, _ in told) < 5:
                told.append(next(events))
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
            with suppress(httpx.TransportError):
                for event in events:
                    told.append(event)
        killed, last = time.monotonic(), [id for id, _, _ in told if id][-1]
        with there.http.stream("GET", f"{path}/events", headers={"Last-Event-ID": last}) as response:
            events = events_of(response)
            assert next(events)[2]["recovered"]
            while told[-1][2].get("revision") != 2:
                told.append(next(events))
            takeover = time.monotonic() - killed
            while told[-1][1] != "end":
                told.append(next(events))
        stored = there.http.get(path).json()["items"][-1]
    assert text_of(told, begun["answer"]) == stored["text"]
    assert hashlib.sha256(stored["text"].encode()).hexdigest() == told[-1][2]["sha256"] == stored["sha256"]
    assert told[-1][2]["status"] == "complete"
    seqs = [data["seq"] for _, name, data in told if name in {"event", "end"}]
    assert seqs == list(range(1, len(seqs) + 1))
    assert takeover < 2.0
    print(f"the answer went on {takeover * 1000:.0f} ms after kill -9, {len(stored['text'])} characters, none lost")


def events_of(response: httpx.Response) -> Iterator[Told]:
    """The (id, name, data) of a response's Server-Sent Events."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif line == "" and "data" in fields:
            yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
            fields = {}


def text_of(told: list[Told], message: str) -> str:
    """REALTIME's merge rule; a gap fails."""
    text, revision = "", 0
    for _, name, data in told:
        if name not in {"delta", "snapshot"} or data["message"] != message:
            continue
        if name == "snapshot" or (data["revision"] > revision and data["at"] == 0):
            text, revision = data["text"], data["revision"]
        elif data["revision"] == revision:
            assert data["at"] == len(text)
            text += data["text"]
    return text
