"""A tutor's answer and a course in the making, begun together; the proof that nothing of them is lost or doubled."""

import asyncio
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

import asyncpg

from lyo_rt.clock import SystemClock
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.streams import EVENT
from tests.scenarios.conftest import DATA_KEY, Learner, log_of
from tests.scenarios.device import TERMINAL, Device, Frame

QUESTION = "How does one politely greet 海, 🌊 and the Größe? Tell me in {words} words"
"""Letters of one to four bytes in UTF-8: places in an answer count code points."""


@dataclass(frozen=True)
class Work:
    """What was begun."""

    task: str
    course: str
    conversation: str
    answer: str

    @property
    def streams(self) -> list[str]:
        """What a device follows of it."""
        return [f"conversation:{self.conversation}", f"task:{self.task}"]

    @property
    def told(self) -> str:
        """The stream of the answer."""
        return self.streams[0]

    @property
    def made(self) -> str:
        """The stream of the course's making."""
        return self.streams[1]

    def over(self, device: Device) -> bool:
        """Whether a device knows the end of both."""
        return device.ended(self.told) and device.ended(self.made)

    def in_the_middle(self, device: Device) -> bool:
        """Whether a device has seen something of both, and the end of neither."""
        return device.characters(self.told) > 200 and device.followed[self.made].seq > 4


@dataclass(frozen=True)
class Asked:
    """A question that was put to the tutor."""

    conversation: str
    answer: str


def begin(demo: Learner, *, words: int) -> Work:
    """Ask the tutor for an answer of so many words, and for a course."""
    accepted = demo.generate(str(uuid.uuid4()), topic="The tides")
    asked = begin_answer(demo, words=words)
    return Work(accepted["task_id"], accepted["provisional_course_id"], asked.conversation, asked.answer)


def begin_answer(demo: Learner, *, words: int) -> Asked:
    """Ask the tutor for an answer of so many words, in a new conversation."""
    conversation: str = demo.http.post("/v1/tutor/conversations", json={}).json()["id"]
    question = {"text": QUESTION.format(words=words), "id": str(uuid.uuid4())}
    begun = demo.http.post(f"/v1/tutor/conversations/{conversation}/messages", json=question)
    assert begun.status_code == 202, begun.text
    return Asked(conversation, begun.json()["answer"])


def check(work: Work, devices: list[Device], demo: Learner, provider: str, database_url: str) -> None:
    """Every event once and every character once, on every device, as stored, and as that provider sent it."""
    stored = demo.http.get(f"/v1/tutor/conversations/{work.conversation}").json()["items"][-1]
    for device in devices:
        assert device.breaches == []
        _check_events(work, device)
        assert device.texts[work.answer].text == stored["text"]
    _check_answer(work, stored, devices[0].events(work.told)[-1], provider)
    _check_course(demo.http.get(f"/v1/courses/{work.course}").json())
    asyncio.run(_check_rows(work, devices[0], database_url))


def _check_events(work: Work, device: Device) -> None:
    for stream in work.streams:
        events = device.events(stream)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    ends = [event for event in device.events(work.told) if event["type"] == "end"]
    assert [(end["message"], end["status"]) for end in ends] == [(work.answer, "complete")]
    states = [event["data"]["state"] for event in device.events(work.made) if event["event"] == "progress"]
    assert [state for state in states if state in TERMINAL] == states[-1:] == ["DONE"]
    percents = [event["data"]["progressPct"] for event in device.events(work.made) if event["event"] == "progress"]
    assert percents == sorted(percents)


def _check_answer(work: Work, stored: dict[str, Any], end: Frame, provider: str) -> None:
    sent = {
        entry["text"] for entry in log_of(provider) if entry["purpose"] == "tutor" and entry["outcome"] == "answered"
    }
    digest = hashlib.sha256(stored["text"].encode()).hexdigest()
    assert (stored["id"], stored["status"], stored["revision"]) == (work.answer, "complete", end["revision"])
    assert stored["text"] in sent
    assert stored["sha256"] == end["sha256"] == digest
    assert end["length"] == len(stored["text"])


def _check_course(course: dict[str, Any]) -> None:
    assert course["status"] == "completed"
    orders = [lesson["order"] for lesson in course["lessons"]]
    assert orders == list(range(1, sum(len(module["planned"]) + 1 for module in course["modules"]) + 1))


async def _check_rows(work: Work, device: Device, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        task = await connection.fetchval("SELECT state FROM tasks WHERE id = $1", uuid.UUID(work.task))
        leases = await connection.fetch(
            "SELECT state FROM leases WHERE id = ANY($1)", [uuid.UUID(work.task), uuid.UUID(work.answer)]
        )
        rows = await connection.fetch(
            "SELECT stream, seq, name, data FROM stream_events WHERE stream = ANY($1) ORDER BY stream, seq",
            work.streams,
        )
    finally:
        await connection.close()
    assert task == "DONE"
    assert [lease["state"] for lease in leases] == ["CLOSED", "CLOSED"]
    cipher = Cipher(KeyRing([DATA_KEY.encode()]), SystemClock())
    for stream in work.streams:
        logged = [
            (row["seq"], row["name"], cipher.open_document(json.loads(row["data"]), EVENT, stream, row["seq"]))
            for row in rows
            if row["stream"] == stream
        ]
        assert logged == [_as_logged(event) for event in device.events(stream)]


def _as_logged(event: Frame) -> tuple[int, str, Any]:
    if event["type"] == "event":
        return event["seq"], event["event"], event["data"]
    return event["seq"], "end", {k: event[k] for k in ("message", "revision", "status", "length", "sha256")}
