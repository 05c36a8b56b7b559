"""What a run of the load is to be: how many sessions of which role, for how long, and what must not happen."""

import resource
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from api.outcome import Unready
from lyo_rt.frames import Codec

FEWEST_SECONDS_BETWEEN_QUESTIONS = 0.6
"""A session may send 120 frames a minute (REALTIME §3); so many questions, pings and round trips stay below."""
DESCRIPTORS_BESIDE = 64
PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")

FAULTS = {
    "gaps": "left out: an event or characters were skipped",
    "repeats": "doubled: an event or characters were told twice",
    "lost": "the server could not give a stream again after a resume",
    "texts": "an answer's text does not have the length and SHA-256 of its end",
    "unfinished": "a task or an answer had not ended when patience was over",
    "failed": "a task ended in ERROR or CANCELLED, or an answer as failed",
    "sessions": "a session was not connected at the end",
    "errors": "a command was refused, other than for asking too often",
    "drops": "a connection was lost that this program had not cut",
}
"""What can go wrong, by the names that --fail-on takes."""
FATAL = tuple(name for name in FAULTS if name != "drops")


class Role(Enum):
    """What a session does beside following its learner's own stream."""

    TASK = "task"
    """Kicks off a generation and follows it."""
    WATCHER = "watcher"
    """Follows the generation of another session."""
    TUTOR = "tutor"
    """Asks the tutor, again and again."""
    IDLE = "idle"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Times are in seconds."""

    addresses: tuple[str, ...]
    sessions: int
    ramp: float
    """Within this the sessions begin, evenly; 0 is as fast as they come."""
    tasks: int
    watchers: int
    tutors: int
    duration: float
    """From the last session's beginning to the last question."""
    kill: float
    """Connections cut a second."""
    think: float
    """Between an answer and the next question."""
    patience: float
    """What is left over at the end may take so long."""
    codec: Codec = Codec.JSON
    fatal: tuple[str, ...] = FATAL
    limits: dict[str, float] = {}
    """Of latencies: milliseconds by name and quantile, such as token.p99."""

    @property
    def one_clock(self) -> bool:
        """Whether the servers' clock is this machine's."""
        hosts = {urlsplit(address).hostname or "" for address in self.addresses}
        return all(host in {"localhost", "::1"} or host.startswith("127.") for host in hosts)

    def roles(self) -> list[Role]:
        """Of each session, in the order in which they begin: every role spread evenly over the ramp."""
        idle = self.sessions - self.tasks - self.watchers - self.tutors
        counts = {Role.TASK: self.tasks, Role.WATCHER: self.watchers, Role.TUTOR: self.tutors, Role.IDLE: idle}
        places = [((k + 0.5) / count, role) for role, count in counts.items() for k in range(count)]
        return [role for _, role in sorted(places, key=lambda entry: entry[0])]


def checked(plan: Plan) -> Plan:
    """The plan, for which this process has been allowed enough open files. Raises Unready if it cannot be run."""
    busy = plan.tasks + plan.watchers + plan.tutors
    if busy > plan.sessions:
        raise Unready(f"--sessions: {plan.sessions} are fewer than --tasks, --watchers and --tutors need ({busy})")
    if plan.watchers and not plan.tasks:
        raise Unready("--watchers: there is nothing to watch without --tasks")
    if plan.think < FEWEST_SECONDS_BETWEEN_QUESTIONS:
        raise Unready(f"--think: less than {FEWEST_SECONDS_BETWEEN_QUESTIONS} s would break 120 frames a minute")
    room = _ports() * len(plan.addresses)
    if plan.sessions > room:
        raise Unready(
            f"--sessions: this machine has {room} local ports for that; give more URLs, or widen {PORT_RANGE}"
        )
    _allow_files(plan.sessions + DESCRIPTORS_BESIDE)
    return plan


def _ports() -> int:
    """Connections this machine can have to one address and port."""
    try:
        first, last = map(int, PORT_RANGE.read_text().split())
    except (OSError, ValueError):
        return 16_384  # IANA's range (RFC 6335 §6), and macOS's
    return last - first + 1


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise Unready(f"--sessions: {wanted} open files are needed and {hard} allowed; raise `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
