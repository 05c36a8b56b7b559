"""A learner's device as REALTIME.md wants it: it merges, comes back and resumes, and notes every breach of promise.

Written from the protocol's text alone, without the product's code: what it accepts is what any client may expect.
"""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

PAUSE_SECONDS = 0.03
"""Before it comes back; after a close code 41xx ten times as long."""
CONNECT_SECONDS = 2.0
TERMINAL = {"DONE", "ERROR", "CANCELLED"}

Frame = dict[str, Any]


@dataclass
class Visit:
    """One connection: moments in seconds of the monotonic clock, None for what has not happened."""

    began: float
    opened: float | None = None
    welcomed: float | None = None
    first: float | None = None
    """When something new came, behind the welcome."""
    frames: int = 0
    ended: float | None = None
    code: int | None = None


@dataclass
class Text:
    """What the device holds of one answer."""

    stream: str
    revision: int
    text: str
    ended: bool = False


@dataclass
class Followed:
    """One stream: where the device is in it, and what it got."""

    epoch: int = 1
    seq: int = 0
    events: list[Frame] = field(default_factory=list)


class Device:
    """Follows streams over `/v1/ws` of several places until it is closed, in a thread of its own.

    `patience`: seconds of silence after which it gives a connection up, as a client does whose pings get no pong; None
    for one that waits. Close codes 40xx end it; after any other loss it tries the next place.
    """

    def __init__(
        self, token: str, places: Sequence[str], streams: Sequence[str], patience: float | None = None
    ) -> None:
        self.followed = {stream: Followed() for stream in streams}
        self.texts: dict[str, Text] = {}
        self.visits: list[Visit] = []
        self.arrivals: list[tuple[float, Frame]] = []
        """What was new, and when it came."""
        self.breaches: list[str] = []
        """Everything that the protocol promises not to happen."""
        self.snapshots = 0
        self._token = token
        self._places = list(places)
        self._patience = patience
        self._connection: ClientConnection | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # -- for the test

    def until(self, condition: Callable[[], bool], seconds: float = 30) -> float:
        """Wait for `condition`; the moment it was seen to hold."""
        with self._changed:
            assert self._changed.wait_for(condition, seconds), f"not within {seconds} s; {self.describe()}"
        return time.monotonic()

    def until_connected(self) -> None:
        """Wait for a welcome."""
        self.until(lambda: bool(self.visits) and self.visits[-1].welcomed is not None and not self.visits[-1].ended)

    def cut(self) -> float:
        """Cut the TCP connection without a goodbye; the moment of it."""
        connection = self._connection
        assert connection is not None
        moment = time.monotonic()
        with suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)
        return moment

    def moment(self, act: Callable[[], object]) -> float:
        """Do something between two frames; the moment of it."""
        with self._changed:
            act()
            return time.monotonic()

    def close(self) -> None:
        """Go away and stay away."""
        self._closing = True
        if self._connection is not None:
            self.cut()
        self._thread.join(10)

    def events(self, stream: str) -> list[Frame]:
        """What came of a stream, `end` frames included."""
        return self.followed[stream].events

    def answer(self, stream: str) -> str | None:
        """The id of the newest answer that the device knows of."""
        return next((message for message, held in reversed(self.texts.items()) if held.stream == stream), None)

    def characters(self, stream: str) -> int:
        """How much of the newest answer it holds."""
        answer = self.answer(stream)
        return len(self.texts[answer].text) if answer in self.texts else 0

    def ended(self, stream: str) -> bool:
        """Whether a task's stream told its end, or a conversation's that of an answer."""
        return any(frame["type"] == "end" or _state(frame) in TERMINAL for frame in self.events(stream))

    def first_after(self, moment: float, stream: str, *, new: Callable[[Frame], bool] = lambda _: True) -> float:
        """Seconds from `moment` to the next new frame of `stream`."""
        return next(
            at - moment for at, frame in self.arrivals if at > moment and frame["stream"] == stream and new(frame)
        )

    def describe(self) -> str:
        """Where it is, for a failing test."""
        places = {stream: (one.seq, self.characters(stream)) for stream, one in self.followed.items()}
        return f"{places}, visits {self.visits[-3:]}, breaches {self.breaches}"

    # -- the client

    def _run(self) -> None:
        turn = 0
        while not self._closing:
            code = self._visit(self._places[turn % len(self._places)])
            turn += 1
            if code is not None and 4000 <= code < 4100:
                return
            time.sleep(PAUSE_SECONDS * (10 if code is not None and 4100 <= code < 4200 else 1))

    def _visit(self, place: str) -> int | None:
        """One connection from its beginning to its end; the close code, if it was told one."""
        visit = Visit(time.monotonic())
        try:
            with connect(
                f"{place}/v1/ws?token={self._token}",
                open_timeout=CONNECT_SECONDS,
                close_timeout=0.2,
                ping_interval=None,
                compression=None,
                proxy=None,
                max_queue=None,
            ) as connection:
                self._connection = connection
                visit.opened = time.monotonic()
                with self._changed:
                    self.visits.append(visit)
                self._talk(connection, visit)
        except (OSError, TimeoutError, InvalidHandshake, EOFError):
            pass
        except ConnectionClosed as closed:
            visit.code = closed.rcvd.code if closed.rcvd else None
        visit.ended = time.monotonic()
        with self._changed:
            self._changed.notify_all()
        return visit.code

    def _talk(self, connection: ClientConnection, visit: Visit) -> None:
        connection.send(json.dumps({"type": "hello", "resume": self._resume()}))
        heard = time.monotonic()
        while not self._closing:
            try:
                frame: Frame = json.loads(connection.recv(timeout=1.0 if self._patience else None))
            except TimeoutError:
                if time.monotonic() - heard > (self._patience or 0):
                    connection.socket.shutdown(socket.SHUT_RDWR)
                    raise
                connection.send('{"type":"ping"}')
                continue
            heard = time.monotonic()
            with self._changed:
                self._take(frame, heard, visit)
                self._changed.notify_all()

    def _resume(self) -> list[Frame]:
        events = [{"stream": stream, "epoch": one.epoch, "seq": one.seq} for stream, one in self.followed.items()]
        return events + [
            {"stream": held.stream, "message": message, "revision": held.revision, "at": len(held.text)}
            for message, held in self.texts.items()
            if not held.ended
        ]

    def _take(self, frame: Frame, now: float, visit: Visit) -> None:
        visit.frames += 1
        match frame["type"]:
            case "welcome":
                visit.welcomed = now
                self._check_welcome(frame)
                return
            case "event" | "end":
                new = self._event(frame)
            case "delta":
                new = self._delta(frame)
            case "snapshot":
                new = self._snapshot(frame)
            case _:
                return
        if new:
            visit.first = visit.first or now
            self.arrivals.append((now, frame))

    def _check_welcome(self, frame: Frame) -> None:
        told = {state["stream"]: state["recovered"] for state in frame["streams"]}
        for stream in self.followed:
            if not told.get(stream):
                self.breaches.append(f"{stream} was not recovered: {told}")

    def _event(self, frame: Frame) -> bool:
        one = self.followed[frame["stream"]]
        if (frame["epoch"], frame["seq"]) != (one.epoch, one.seq + 1):
            self.breaches.append(f"seq {frame['seq']} came behind {one.seq} of {frame['stream']}")
            return False
        one.seq = frame["seq"]
        one.events.append(frame)
        if frame["type"] == "end":
            self._end(frame)
        return True

    def _end(self, frame: Frame) -> None:
        held = self.texts.get(frame["message"], Text(frame["stream"], 0, ""))
        if held.ended:
            self.breaches.append(f"a second end of {frame['message']}")
        held.ended = True
        digest = hashlib.sha256(held.text.encode()).hexdigest()
        if (held.revision, len(held.text), digest) != (frame["revision"], frame["length"], frame["sha256"]):
            self.breaches.append(f"the end speaks of another text: {frame}, {held.revision}, {len(held.text)}")

    def _delta(self, frame: Frame) -> bool:
        held = self.texts.get(frame["message"])
        if held is None or frame["revision"] > held.revision:
            if frame["at"]:
                self.breaches.append(f"revision {frame['revision']} begins at {frame['at']}")
                return False
            self.texts[frame["message"]] = Text(frame["stream"], frame["revision"], frame["text"])
            return True
        if held.ended or (frame["revision"], frame["at"]) != (held.revision, len(held.text)):
            self.breaches.append(
                f"a piece at {frame['at']} of revision {frame['revision']} came behind {len(held.text)} of "
                f"revision {held.revision}{', ended' if held.ended else ''}"
            )
            return False
        held.text += frame["text"]
        return True

    def _snapshot(self, frame: Frame) -> bool:
        held = self.texts.get(frame["message"])
        self.snapshots += 1
        if held is not None and (held.ended or frame["revision"] < held.revision):
            self.breaches.append(
                f"a snapshot of revision {frame['revision']} came behind {held.revision}, {held.ended}"
            )
            return False
        if held is not None and frame["revision"] == held.revision and not frame["text"].startswith(held.text):
            self.breaches.append(f"a snapshot takes back what was shown: {len(frame['text'])} of {len(held.text)}")
        self.texts[frame["message"]] = Text(frame["stream"], frame["revision"], frame["text"])
        return True


def until_all(devices: Iterable[Device], condition: Callable[[Device], bool], seconds: float = 30) -> None:
    """Wait until `condition` holds for each of them."""
    for device in devices:
        device.until(partial(condition, device), seconds)


def _state(frame: Frame) -> str | None:
    state: str | None = frame["data"].get("state") if frame["type"] == "event" else None
    return state
