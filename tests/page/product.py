"""The product as a user starts it: the real server with embedded PostgreSQL, and a language model on the loopback."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.conftest import UNLIMITED

ROOT = Path(__file__).resolve().parents[2]
TOKEN_SECONDS = 0.05
ANSWER_SECONDS = 0.4
"""Slow enough to watch a course grow and an answer stream, in seconds."""
RESTART_SECONDS = 20.0


class Product:
    """A server that can be killed and started again on the same address and data; `address` is `http://localhost:N`."""

    def __init__(self, folder: Path, provider: str) -> None:
        self.address = ""
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in ("DATABASE_URL", "REDIS_URL", "WORKERS")
            },
            "ENVIRONMENT": "development",
            "LYO_DATA_DIR": str(self.data),
            "PORT": "0",
            "AI_PROVIDERS": "openai",
            "OPENAI_API_KEY": "loopback",
            "OPENAI_BASE_URL": f"{provider}/v1",
            "AI_USER_DAILY_TOKENS": "none",
            # One learner does here in a minute what takes an evening.
            **UNLIMITED,
        }

    @property
    def data(self) -> Path:
        """Its LYO_DATA_DIR."""
        return self._folder / "data"

    def start(self) -> None:
        """Starts it; again on the same port. After a kill its database may need a moment to be gone."""
        deadline = time.monotonic() + RESTART_SECONDS
        while not self._started():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.2)

    def kill(self) -> None:
        """As a crash ends it."""
        self._end(self._running.kill)

    def stop(self) -> None:
        """As an operator ends it."""
        if self._process is not None:
            self._end(self._process.terminate)

    def log(self) -> str:
        """What it has written."""
        return (self._folder / "server.log").read_text()

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    def _started(self) -> bool:
        command = [sys.executable, "-m", "api.command_line", "serve"]
        with (self._folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        found = re.search(r"on (http://localhost:(\d+))", _line_with(self._process.stdout, " on http://"))
        if found is None:
            self._end(lambda: None)
            return False
        self.address, self._environment["PORT"] = found[1], found[2]
        return True

    def _end(self, how: object) -> None:
        process = self._running
        assert callable(how)
        how()
        process.wait(15)
        if process.stdout is not None:
            process.stdout.close()
        self._process = None


@contextmanager
def language_model() -> Iterator[str]:
    """The address of a provider on the loopback that takes its time."""
    command = [sys.executable, "-m", "tests.loopback.openai", "--port", "0"]
    pace = ["--token-delay", str(TOKEN_SECONDS), "--delay", str(ANSWER_SECONDS)]
    with subprocess.Popen([*command, *pace], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _line_with(stream: IO[str] | None, part: str) -> str:
    assert stream is not None
    return next((line for line in stream if part in line), "")
