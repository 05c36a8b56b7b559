"""Programs under measurement: started with a known environment, ready when they say so, ended with the run."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.machine import family

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
STOP_SECONDS = 12.0
KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}


PR_SET_PDEATHSIG = 1


class NotReady(Exception):
    """A program did not come up; the text holds what it said."""


class Program:
    """A running program and all the processes below it."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        # A session of its own: Ctrl-C reaches the benchmark alone, which then stops everything in order.
        self._popen = subprocess.Popen(  # noqa: S603  what is run is this benchmark's own choice
            arguments,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name in KEPT} | dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        self._lines: list[str] = []
        self._grown = threading.Condition()
        self.first = ""
        """The line that said that it is ready."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._popen.stdout is not None  # noqa: S101  a pipe was asked for
        for line in self._popen.stdout:
            with self._grown:
                self._lines.append(line.rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        return family(self._popen.pid)

    def wait_for(self, text: str, seconds: float = READY_SECONDS) -> str:
        """The first line with `text` that has not been asked for yet. Raises NotReady."""
        deadline = time.monotonic() + seconds
        with self._grown:
            while True:
                for place, line in enumerate(self._lines):
                    if text in line:
                        del self._lines[: place + 1]
                        return line
                if self._popen.poll() is not None or time.monotonic() > deadline:
                    said = "\n".join(self._lines[-40:])
                    raise NotReady(f"{self._popen.args!r} did not say {text!r}:\n{said}")
                self._grown.wait(0.2)

    def tell(self, line: str) -> None:
        """One line to its standard input."""
        assert self._popen.stdin is not None  # noqa: S101  a pipe was asked for
        self._popen.stdin.write(line + "\n")
        self._popen.stdin.flush()

    @property
    def said(self) -> list[str]:
        """Its output, what `wait_for` has passed left out."""
        with self._grown:
            return list(self._lines)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to its whole session when that does not do."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def _end_with_parent() -> None:
    """In the new process, before the program: a benchmark killed by force takes it along (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def program(
    arguments: Sequence[str], environment: Mapping[str, str], ready: str, *, told: str | None = None
) -> Iterator[Program]:
    """The program while the block runs, from when it has said `ready`. Raises NotReady.

    `told` is its first line of standard input.
    """
    running = Program(arguments, environment)
    try:
        if told is not None:
            running.tell(told)
        running.first = running.wait_for(ready)
        yield running
    finally:
        running.stop()
