"""Real instances in processes of their own, real PostgreSQL and Valkey, providers that outlive the instances."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from lyo_rt.embedded.valkey import Valkey
from tests.clean_logs import LOGS
from tests.conftest import UNLIMITED

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
DATA_KEY = "scenario-data-key-0123456789abcdef0123456789"

Start = Callable[..., "Process"]


class Process:
    """A program under test whose output is kept; ended, and its exit code known, at the latest with the test."""

    heard: ClassVar[Callable[[str, str], None] | None] = None
    """Told each line of every program, and whose it is."""

    def __init__(self, arguments: list[str], environment: dict[str, str], ready: str) -> None:
        self.arguments = arguments
        self.started = time.monotonic()
        self._popen = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**_clean_environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,)) for stream in (self._popen.stdout, self._popen.stderr)
        ]
        for reader in self._readers:
            reader.start()
        try:
            self.first = self.wait_for(ready)
        except AssertionError:
            _finish(self)
            raise

    def _read(self, stream: Any) -> None:
        for line in stream:
            if self.heard is not None:
                self.heard(line.rstrip("\n"), " ".join(self.arguments))
            with self._grown:
                self.lines.append(line.rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    def wait_for(self, text: str, seconds: float = START_SECONDS) -> str:
        """The first line with `text`, waiting for it; fails with all output when it does not come."""

        def found() -> bool:
            return any(text in line for line in self.lines) or self._popen.poll() is not None

        with self._grown:
            self._grown.wait_for(found, seconds)
            for line in self.lines:
                if text in line:
                    return line
        raise AssertionError(f"no line with {text!r}:\n" + "\n".join(self.lines))

    def wait_for_log(self, event: str, seconds: float = START_SECONDS, **members: Any) -> None:
        """Wait for an entry of the log with these members."""
        wanted = {"message": event, **members}

        def logged() -> bool:
            entries = [json.loads(line) for line in self.lines if line.startswith("{")]
            return any(wanted.items() <= entry.items() for entry in entries)

        with self._grown:
            assert self._grown.wait_for(logged, seconds), f"no {wanted}:\n" + "\n".join(self.lines)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._popen.send_signal(number)

    def end(self, number: signal.Signals, seconds: float = 15) -> int:
        """Send a signal and wait for the end; the exit code."""
        self._popen.send_signal(number)
        return self.ended(seconds)

    def ended(self, seconds: float = 15) -> int:
        """Wait for the end; the exit code (negative: the signal that killed it)."""
        code = self._popen.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None and not stream.closed:
                stream.close()
        return code

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def resident(self) -> int:
        """Its resident memory in bytes."""
        return self._memory("VmRSS")

    @property
    def most_resident(self) -> int:
        """The most it has ever been."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None


class Server(Process):
    """One `lyo-rt serve`."""

    def __init__(self, data: Path, environment: dict[str, str], ready: str) -> None:
        super().__init__(
            ["-m", "api.command_line", "serve"],
            {"PORT": "0", "LYO_DATA_DIR": str(data), "LOG_FORMAT": "json", **UNLIMITED, **environment},
            ready,
        )
        self.data = data
        self.base = self.first.partition(" on ")[2].partition(" ")[0]
        self.websocket = self.base.replace("http", "ws")


def _clean_environment() -> dict[str, str]:
    """The environment without settings of the machine's own."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}


@pytest.fixture(scope="session", autouse=True)
def heard_programs(pytestconfig: pytest.Config) -> Iterator[None]:
    """What the programs write is searched for secrets at the end of the run."""
    Process.heard = staticmethod(pytestconfig.stash[LOGS].read)
    yield
    Process.heard = None


@pytest.fixture
def server(short_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers; those still running at the end are killed. The data folder is the test's own."""
    with ExitStack() as stack:
        data = tmp_path_factory.mktemp("data")

        def start(*, ready: str = " on http://", **environment: str) -> Server:
            started = Server(data, environment, ready)
            stack.callback(_finish, started)
            return started

        yield start


def _finish(process: Process) -> None:
    """However the test ended, the process does, and its pipes are closed."""
    if process.running:
        process.send(signal.SIGKILL)
    process.ended()


@contextmanager
def provider(kind: str, *, delay: float = 0.0, token_delay: float = 0.0) -> Iterator[tuple[str, dict[str, str]]]:
    """A loopback provider in a process of its own: its address, and the settings that name it."""
    process = Process(
        ["-m", f"tests.loopback.{kind}", "--port", "0", "--delay", str(delay), "--token-delay", str(token_delay)],
        {},
        "http://",
    )
    address = process.first[process.first.index("http://") :].split()[0]
    base = f"{address}/v1" if kind == "openai" else address
    name = kind.upper()
    try:
        yield (
            address,
            {
                "AI_PROVIDERS": kind,
                f"{name}_API_KEY": "loopback-key",
                f"{name}_BASE_URL": base,
                # One learner has many courses on one subject written, and each takes its time.
                "AI_USER_DAILY_TOKENS": "none",
                "AI_CACHE_SECONDS": "0",
            },
        )
    finally:
        _finish(process)


@pytest.fixture
def two_instances(
    server: Callable[..., Server], database_url: str, valkey_server: Valkey, redis_url: str
) -> Callable[..., Server]:
    """Starts instances on one PostgreSQL and one Valkey, unless the environment given names others."""

    backing = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_SECRET_KEY": "scenario-secret-0123456789abcdef0123456789",
        "DATA_ENCRYPTION_KEYS": DATA_KEY,
    }

    def start(**environment: str) -> Server:
        return server(**{**backing, **environment})

    return start


def at_once(start: Callable[..., Server], *environments: dict[str, str]) -> list[Server]:
    """A server for each of these environments, all started at the same time."""
    with ThreadPoolExecutor(len(environments)) as threads:
        return list(threads.map(lambda environment: start(**environment), environments))


class Learner:
    """The demo user on one server."""

    def __init__(self, server: Server, email: str = "demo@example.com") -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.base, timeout=60)
        answer = self.http.post("/v1/auth/login", json={"email": email, "password": "demo"})
        assert answer.status_code == 200, answer.text
        self.token: str = answer.json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def generate(self, key: str, **brief: Any) -> dict[str, str]:
        """Kick a course off."""
        answer = self.http.post("/v1/courses:generate", json=brief, headers={"Idempotency-Key": key})
        assert answer.status_code == 202, answer.text
        accepted: dict[str, str] = answer.json()
        return accepted

    def task(self, id: str) -> dict[str, Any]:
        """A task as polled."""
        answer = self.http.get(f"/v1/tasks/{id}")
        assert answer.status_code == 200, answer.text
        task: dict[str, Any] = answer.json()
        return task

    def wait(self, id: str, seconds: float = 60) -> dict[str, Any]:
        """The task once it has ended, followed by its events."""
        deadline = time.monotonic() + seconds
        with self.http.stream("GET", f"/v1/tasks/{id}/events", timeout=seconds) as events:
            for _ in events.iter_lines():
                assert time.monotonic() < deadline, "the task did not end in time"
        return self.task(id)

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()


@pytest.fixture
def learner() -> Iterator[Callable[..., Learner]]:
    """Signs the demo user in."""
    with ExitStack() as stack:

        def sign_in(server: Server, email: str = "demo@example.com") -> Learner:
            made = Learner(server, email)
            stack.callback(made.close)
            return made

        yield sign_in


def processes_below(parent: int) -> list[tuple[int, str]]:
    """All processes that a process has started, and those they have: (pid, command line with zero bytes)."""
    found = []
    for thread in Path(f"/proc/{parent}/task").iterdir():
        for child in (thread / "children").read_text().split():
            found.append((int(child), Path(f"/proc/{child}/cmdline").read_text()))
            found += processes_below(int(child))
    return found


def log_of(address: str) -> list[dict[str, Any]]:
    """What a loopback provider was asked."""
    entries: list[dict[str, Any]] = httpx.get(f"{address}/__log").json()["requests"]
    return entries
