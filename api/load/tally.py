"""All that a run has counted and timed, of all its sessions."""

from collections import Counter

from api.load.histogram import Histogram, Quantiles

LATENCIES = {
    "connect": "connect: handshake, hello, welcome",
    "round_trip": "round trip: a command that does nothing",
    "first_frame": "kick-off to the task's first frame",
    "done": "kick-off to DONE",
    "event": "event: question asked to its event told",
    "event_age": "event: stored at to told",
    "event_spread": "event: first watcher to last watcher",
    "first_token": "question asked to first token",
    "token": "between tokens of an answer",
    "answer": "question asked to end of answer",
    "resume": "resume: cut to welcome",
    "resume_frame": "resume: cut to next frame",
    "outage": "resume: lost by the server to welcome",
}
"""What is timed, by the names of the JSON and of --limit."""


class Tally:
    """One run's."""

    def __init__(self) -> None:
        self.latencies = {name: Histogram() for name in LATENCIES}
        self.lag = Histogram()
        """How late this program's own event loop was."""
        self.connected_at = 0.0
        """When the last session was welcomed for the first time."""
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        """Sessions that were lost, by close code."""
        self.failed_tries: Counter[int] = Counter()
        """Connections that did not become a session, by close code or HTTP status."""
        self.refusals: Counter[str] = Counter()
        self._told: dict[tuple[str, int], tuple[float, float, int]] = {}

    def time(self, name: str, seconds: float) -> None:
        """One latency."""
        self.latencies[name].add(seconds)

    def told(self, stream: str, seq: int, now: float, since: float) -> None:
        """An event reached, live, a session that was connected `since` then."""
        first, last, watchers = self._told.get((stream, seq), (now, now, 0))
        if since <= first:  # otherwise it had been told before this session was back: that is a resume
            self._told[stream, seq] = first, max(last, now), watchers + 1

    def quantiles(self) -> dict[str, Quantiles | None]:
        """Of every latency."""
        spread = Histogram()
        for first, last, watchers in self._told.values():
            if watchers > 1:
                spread.add(last - first)
        return {
            name: (spread if name == "event_spread" else histogram).quantiles()
            for name, histogram in self.latencies.items()
        }
