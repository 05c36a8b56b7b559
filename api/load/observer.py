"""What one session is told: timed, and held against the promise that every event and every character comes once."""

import asyncio
import hashlib
from datetime import datetime
from math import inf
from time import monotonic
from uuid import UUID

from api.load.tally import Tally
from lyo_rt.client.client import Link
from lyo_rt.client.replica import Ended, Lost
from lyo_rt.clock import Clock
from lyo_rt.frames import Delta, Event, StreamState, Typist

ENDED_STATES = ("DONE", "ERROR", "CANCELLED")
Notification = Event | Delta | Ended | Lost | Typist | Link


class Turn:
    """A question, until its answer has ended."""

    def __init__(self, id: UUID, now: float) -> None:
        self.id = id
        self.asked_at = now
        self.token_at = -inf
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Kickoff:
    """A generation, until it has ended."""

    def __init__(self, now: float) -> None:
        self.kicked_at = now
        self.stream: str | None = None
        self.framed = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Observer:
    """One session's; what it misses or is told twice is a fault of the run."""

    def __init__(self, tally: Tally, clock: Clock, *, one_clock: bool) -> None:
        """Its first connection is about to be opened. `one_clock`: the server's timestamps are by `clock` too."""
        self.up = False
        self.up_since = inf
        self.welcomed = asyncio.Event()
        self.turn: Turn | None = None
        self.kickoff: Kickoff | None = None
        self._tally, self._clock, self._one_clock = tally, clock, one_clock
        self._began_at = monotonic()
        self._places: dict[str, int] = {}
        self._live_after: dict[str, int] = {}
        self._shown: dict[str, str] = {}
        self._open = False
        self._cut_at = self._lost_at = self._resumed_from = inf

    def cut(self) -> None:
        """The connection has been cut here and now."""
        self._cut_at = monotonic()
        self.up = False

    def follows(self, stream: str, seq: int) -> None:
        """A stream is going to be followed behind this seq."""
        self._places[stream] = seq

    def joined(self, state: StreamState) -> None:
        """The server has answered: what comes behind this place is live."""
        self._places.setdefault(state.stream, state.seq)
        self._live_after[state.stream] = state.seq

    def told(self, notification: Notification) -> None:
        """For Client, all that comes."""
        now = monotonic()
        match notification:
            case Event() as event:
                self._stored(event.stream, event.seq, now)
                self._event(event, now)
            case Delta() as delta:
                self._piece(delta, now)
            case Ended() as ended:
                self._stored(ended.end.stream, ended.end.seq, now)
                self._ended(ended, now)
            case Lost(stream, place):
                self._tally.faults["lost"] += 1
                self._places.pop(stream, None)
                if place is not None:
                    self._places[stream] = place.seq
            case Link(None):
                self._welcomed(now)
            case Link(int(code)):
                self._lost(code, now)
            case Typist():
                pass

    def _stored(self, stream: str, seq: int, now: float) -> None:
        last = self._places.get(stream, seq - 1)
        if seq != last + 1:
            self._tally.faults["gaps" if seq > last else "repeats"] += 1
        self._places[stream] = max(seq, last)
        self._tally.counts["events"] += 1
        if seq > self._live_after.get(stream, seq):
            self._tally.told(stream, seq, now, self.up_since)
        self._back(stream, now)

    def _event(self, event: Event, now: float) -> None:
        turn, kickoff = self.turn, self.kickoff
        if kickoff is not None and event.stream == kickoff.stream:
            self._progress(kickoff, event, now)
        elif turn is not None and event.data.get("id") == str(turn.id):
            self._tally.time("event", now - turn.asked_at)
            if self._one_clock:
                stored_at = datetime.fromisoformat(event.data["created_at"])
                self._tally.time("event_age", (self._clock.now() - stored_at).total_seconds())

    def _progress(self, kickoff: Kickoff, event: Event, now: float) -> None:
        if not kickoff.framed:
            kickoff.framed = True
            self._tally.time("first_frame", now - kickoff.kicked_at)
        state = event.data.get("state")
        if state in ENDED_STATES and not kickoff.ended.done():
            kickoff.ended.set_result(None)
            if state == "DONE":
                self._tally.counts["tasks_done"] += 1
                self._tally.time("done", now - kickoff.kicked_at)
            else:
                self._tally.faults["failed"] += 1

    def _piece(self, delta: Delta, now: float) -> None:
        shown = self._shown.get(delta.message, "")
        if delta.at == len(shown):
            self._shown[delta.message] = shown + delta.text
        else:
            self._shown[delta.message] = shown[: delta.at] + delta.text
            if delta.at:
                self._tally.faults["gaps" if delta.at > len(shown) else "repeats"] += 1
            else:
                self._tally.counts["replaced"] += 1
        self._tally.counts["pieces"] += 1
        self._tally.counts["characters"] += len(delta.text)
        self._token(now)
        self._back(delta.stream, now)

    def _token(self, now: float) -> None:
        turn = self.turn
        if turn is None:
            return
        if turn.token_at == -inf:
            self._tally.time("first_token", now - turn.asked_at)
        elif turn.token_at >= self.up_since:  # across a cut it is a resume
            self._tally.time("token", now - turn.token_at)
        turn.token_at = now

    def _ended(self, ended: Ended, now: float) -> None:
        text, end, shown = ended.text, ended.end, self._shown.pop(ended.end.message, "")
        if text is None or text != shown or hashlib.sha256(text.encode()).hexdigest() != end.sha256:
            self._tally.faults["texts"] += 1
        if end.status != "complete":
            self._tally.faults["failed"] += 1
        if self.turn is not None and not self.turn.ended.done():
            self._tally.counts["answers_ended"] += 1
            self._tally.time("answer", now - self.turn.asked_at)
            self.turn.ended.set_result(None)

    def _welcomed(self, now: float) -> None:
        self._open, self.up, self.up_since = True, True, now
        if not self.welcomed.is_set():
            self.welcomed.set()
            self._tally.counts["connected"] += 1
            self._tally.connected_at = now
            self._tally.time("connect", now - self._began_at)
            return
        self._tally.counts["resumes"] += 1
        if self._cut_at < inf:
            self._tally.time("resume", now - self._cut_at)
            self._resumed_from = self._cut_at if self._under_way() else inf
        else:
            self._tally.time("outage", now - self._lost_at)
        self._cut_at = inf

    def _lost(self, code: int, now: float) -> None:
        if not self._open:
            self._tally.failed_tries[code] += 1
            return
        self._open = self.up = False
        self._tally.closes[code] += 1
        if self._cut_at == inf:
            self._lost_at = now
            self._tally.faults["drops"] += 1

    def _under_way(self) -> bool:
        turn, kickoff = self.turn, self.kickoff
        return (turn is not None and turn.asked_at < self._cut_at and not turn.ended.done()) or (
            kickoff is not None and kickoff.framed and not kickoff.ended.done()
        )

    def _back(self, stream: str, now: float) -> None:
        """A frame of what was under way when the connection was cut, if one was."""
        if self._resumed_from < inf and not stream.startswith("user:"):
            self._tally.time("resume_frame", now - self._resumed_from)
            self._resumed_from = inf
