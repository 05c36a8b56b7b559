"""An answer over two instances: streamed to a device elsewhere, finished by the other when its writer is killed."""

import hashlib
import json
import signal
import time
import uuid
from collections.abc import Callable
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.scenarios.conftest import Learner, Server, provider


def test_a_killed_writer_s_answer_is_finished_by_the_other(
    two_instances: Callable[..., Server], learner: Callable[..., Learner]
) -> None:
    with provider("openai", token_delay=0.05) as (_, environment):
        first, second = two_instances(**environment), two_instances(**environment)
        demo, elsewhere = learner(first), learner(second)
        conversation = demo.http.post("/v1/tutor/conversations", json={"resource": "photosynthesis_basics"}).json()[
            "id"
        ]
        stream = f"conversation:{conversation}"
        with connect(f"{second.websocket}/v1/ws?token={elsewhere.token}") as socket:
            socket.send(json.dumps({"type": "hello", "resume": [{"stream": stream, "epoch": 1, "seq": 0}]}))
            question = {"text": "Where does the oxygen come from?", "id": str(uuid.uuid4())}
            begun = demo.http.post(f"/v1/tutor/conversations/{conversation}/messages", json=question).json()
            frames: list[dict[str, Any]] = []
            while sum(frame["type"] == "delta" for frame in frames) < 5:
                frames.append(_next(socket))
            killed = time.monotonic()
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
            while not any(frame.get("revision") == 2 for frame in frames):
                frames.append(_next(socket))
            takeover = time.monotonic() - killed
            while frames[-1]["type"] != "end":
                frames.append(_next(socket))
        stored = elsewhere.http.get(f"/v1/tutor/conversations/{conversation}").json()["items"][-1]
    text, end = _merged(frames, begun["answer"]), frames[-1]
    assert (end["status"], end["revision"]) == ("complete", 2)
    assert text == stored["text"]
    assert hashlib.sha256(text.encode()).hexdigest() == end["sha256"] == stored["sha256"]
    seqs = [frame["seq"] for frame in frames if frame["type"] in {"event", "end"}]
    assert seqs == list(range(1, len(seqs) + 1))
    assert takeover < 2.0
    print(f"answer taken over {takeover * 1000:.0f} ms after kill -9, {len(text)} characters, none lost or doubled")


def _next(socket: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(socket.recv(timeout=30))
    return frame


def _merged(frames: list[dict[str, Any]], message: str) -> str:
    """REALTIME's merge rule; a gap fails."""
    text, revision = "", 0
    for frame in frames:
        if frame.get("message") != message or frame["type"] not in {"delta", "snapshot"}:
            continue
        if frame["type"] == "snapshot" or (frame["revision"] > revision and frame["at"] == 0):
            text, revision = frame["text"], frame["revision"]
        elif frame["revision"] == revision:
            assert frame["at"] <= len(text)
            if frame["at"] == len(text):
                text += frame["text"]
    return text
