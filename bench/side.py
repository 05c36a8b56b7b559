"""What is measured: two stacks behind one set of doors, so that one load drives both."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import msgspec

from bench.machine import cpu_seconds, pin
from bench.processes import Program
from bench.wire import Address, Http, WebSocket
from lyo_rt.clock import SystemClock
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.tokens import Tokens

ANNOUNCED = 3
"""Events of a task once it has been made and its watchers have settled; those after it are only published."""
ENDED = {"DONE", "ERROR", "CANCELLED"}
NOBODY = UUID(int=0)
SECRET = "bench-secret-0123456789abcdef0123456789abcdef"  # noqa: S105  of servers that live for minutes, on loopback


@dataclass(frozen=True)
class Ground:
    """What both stacks stand on: one PostgreSQL, one Valkey, one AI provider."""

    folder: Path
    database_url: Callable[[str], str]
    redis_port: int
    provider: str
    backing: Sequence[int]
    """Processes of the three."""

    def redis_url(self, database: int) -> str:
        """One of the sixteen databases."""
        return f"redis://127.0.0.1:{self.redis_port}/{database}"


@dataclass
class Learner:
    """Somebody with an access token; the same token is good on both sides."""

    user: UUID
    token: str
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"}


class Learners:
    """Mints access tokens as the product does."""

    def __init__(self) -> None:
        self._tokens = Tokens(KeyRing([SECRET.encode()]), SystemClock(), access_lifetime=timedelta(hours=2))

    def signed_in(self, user: UUID, count: int) -> list[Learner]:
        """Sessions of one user on so many devices, each with a token of its own."""
        return [
            Learner(
                user,
                self._tokens.issue(user_id=user, session_id=uuid4(), email="demo@example.com", user_type="student"),
            )
            for _ in range(count)
        ]


class Progress(msgspec.Struct):
    """What a watcher is told: the seeds' members, one left out."""

    state: str
    progressPct: int
    message: str | None


@dataclass
class Watched:
    """One course as its learner saw it; times are the machine's monotonic seconds."""

    began: float
    task: UUID = NOBODY
    frames: list[tuple[float, Progress]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, payload: bytes) -> None:
        """One frame."""
        told = _decode(payload)
        self.frames.append((time.monotonic(), told))
        if told.state in ENDED:
            self.ended.set()

    @property
    def first(self) -> float:
        """Seconds until the first frame: the state at that time."""
        return self.frames[0][0] - self.began

    @property
    def running(self) -> float:
        """Seconds until the first frame that tells of work begun."""
        return next(at for at, told in self.frames if told.state != "PENDING") - self.began

    @property
    def done(self) -> float:
        """Seconds until the course was ready."""
        return self.frames[-1][0] - self.began


_decode = msgspec.json.Decoder(Progress).decode


class Side(Protocol):
    """One stack, running."""

    name: str
    address: Address
    prefix: str
    beat: bytes | None
    """What a session must send every 25 seconds, if anything."""
    user: UUID
    programs: list[Program]

    async def tasks(self, count: int) -> list[UUID]:
        """So many running tasks of `user` that nobody works on, to be reported on from outside."""
        ...

    async def announce(self, tasks: Sequence[UUID], text: str) -> None:
        """One more event of each task, stored and told to whoever watches; `text` is its message."""
        ...

    def report(self, task: UUID, seq: int, text: str) -> tuple[bytes, bytes]:
        """Channel and payload of what the stack's own workers publish for a step of a task: the `seq`th event of it,
        with `text` as its message."""
        ...

    def reporter(self) -> tuple[list[str], dict[str, str]]:
        """Arguments and environment of a program that stores and publishes progress as the stack's workers do."""
        ...

    async def session(self, learner: Learner, heard: Callable[[bytes], None]) -> WebSocket:
        """An authenticated session that has been greeted."""
        ...

    async def tutor(
        self, learner: Learner, http: Http, heard: Callable[[bytes], None]
    ) -> tuple[WebSocket, Callable[[str], None]]:
        """A conversation ready to be asked in, and what asks. `heard` gets every frame of the answer."""
        ...

    async def event_ages(self, watched: Sequence[Watched]) -> list[float]:
        """How late every event of these courses came to its watcher, in seconds since the worker began to store it.

        Each watcher's first frame is left out: it is the state at that time, not an event.
        """
        ...


def pids(side: Side) -> list[int]:
    """All processes of a side."""
    return [pid for program in side.programs for pid in program.pids]


def server_pids(side: Side) -> list[int]:
    """The processes that hold the sockets; the opponent's Celery is left out."""
    return side.programs[0].pids


class Cost:
    """Processor time of some processes during a block, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0


@contextmanager
def cost_of(processes: Sequence[int]) -> Iterator[Cost]:
    """What the processes use while the block runs; known at its end."""
    cost, before = Cost(), cpu_seconds(processes)
    yield cost
    cost.seconds = cpu_seconds(processes) - before


@contextmanager
def pinned(side: Side, ground: Ground, server_core: int, load_core: int) -> Iterator[None]:
    """The server alone on its core, all else on the other; at the end everything may run anywhere again."""
    with ExitStack() as stack:
        everything = [*pids(side), *ground.backing]
        stack.callback(pin, everything, server_core, load_core)
        pin(everything, load_core)
        pin(server_pids(side), server_core)
        yield
