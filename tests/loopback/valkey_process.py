"""A Valkey program of a test's own, with any options: a replica, a Sentinel, a node of a cluster."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from lyo_rt.embedded.guarded import Guarded, guard
from lyo_rt.embedded.valkey import valkey_binary

READY_SECONDS = 20.0
MEMORY_ONLY = ("--save", "", "--appendonly", "no", "--shutdown-timeout", "0", "--repl-diskless-sync-delay", "0")


class ValkeyProcess:
    """One program on a port of the loopback; it ends with the tests, however they end."""

    def __init__(self, folder: Path, *options: str, config: str | None = None) -> None:
        """`config` is the text of a configuration file that the program may rewrite."""
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self._folder = folder / str(self.port)
        self._folder.mkdir(parents=True)
        if config is not None:
            (self._folder / "valkey.conf").write_text(config)
        first = [] if config is None else [str(self._folder / "valkey.conf")]
        own = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--loglevel", "notice"]
        self._arguments = [str(valkey_binary()), *first, *own, *options]
        self._guarded: Guarded | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._guarded = guard(f"Valkey {self.port}", self._arguments, self._folder / "valkey.log")
        until(self._answers)

    def do(self, *command: str | int) -> Any:
        """Its reply to one command, as it is."""
        connection = redis.Connection(*self.address, protocol=2, decode_responses=True, socket_timeout=5)
        try:
            connection.connect()
            connection.send_command(*command)
            return connection.read_response()
        finally:
            connection.disconnect()  # type: ignore[no-untyped-call]

    def state(self, *command: str) -> dict[str, str]:
        """Its reply to one command whose reply is lines of `name:value`, as INFO's."""
        return dict(line.split(":", 1) for line in self.do(*command).splitlines() if ":" in line)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        os.kill(self._pid(), signal.SIGKILL)
        self.stop()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It does nothing while the block runs; its connections stay open, and new ones are left hanging."""
        pid = self._pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _pid(self) -> int:
        return int(self.state("INFO", "server")["process_id"])

    def stop(self) -> None:
        """End it; again is allowed."""
        if self._guarded is not None:
            self._guarded.stop()

    def _answers(self) -> bool:
        try:
            return bool(self.do("PING"))
        except redis.ConnectionError:
            return False


@contextmanager
def all_running(processes: Sequence[ValkeyProcess]) -> Iterator[None]:
    """Every one of `processes` runs while the block does."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            process.stop()


def until(condition: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
    """Wait, blocking, for another process's state. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
