"""A program that lives exactly as long as this process, and a folder that only one process serves at a time."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from lyo_rt.embedded import guardian

LOG_BYTES = 1024 * 1024
STOPPING_SECONDS = 20.0
POLL_SECONDS = 0.01
SOCKET_PATH_BYTES = 103
"""The least of the systems' limits (macOS: 104 with the closing zero byte; Linux: 108)."""

Server = TypeVar("Server")


class EmbeddedFault(Exception):
    """An embedded server cannot run; the text is one line that says why and what to do."""


class Guarded:
    """One running program with its guardian. Made by `guard`; `stop` must be called in the end."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    def stop(self) -> None:
        """Ends the program politely, then by force, and waits until it is gone. Blocks; safe to call twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def running(self) -> bool:
        """Whether the program has not ended yet."""
        return self._process.poll() is None

    def result(self) -> int:
        """Waits (blocking) until the program has ended by itself; its exit code."""
        return self._process.wait()

    async def ended(self) -> str:
        """Waits until the program ends though nobody stopped it; the line that says so. Cancel it when stopping."""
        assert self._process.stdout is not None  # noqa: S101  started with a pipe
        await anyio.wait_readable(self._process.stdout)
        return self.last_words(os.read(self._process.stdout.fileno(), 200).decode() or "was killed with its guardian")

    def last_words(self, reason: str) -> str:
        """One line: what ended, why, and the last line it wrote."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        said = f": {lines[-1].strip()}" if lines else ""
        return f"{self.name} {reason}{said} (log: {self.log})"


def guard(
    name: str,
    program: Sequence[str | Path],
    log: Path,
    *,
    stop_signal: str = "SIGTERM",
    run_as: str = guardian.ITSELF,
    keep: int | None = None,
    remove: Path | None = None,
) -> Guarded:
    """Start `program` (its path and arguments) under a guardian; its output goes to `log`, begun anew beyond 1 MiB.

    `run_as` is a guardian's constant or an account's name, `keep` a descriptor the program inherits, `remove` a
    folder that goes when the program has ended. Takes about 20 ms and blocks that long.
    """
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.unlink()
    arguments = ["--stop-signal", stop_signal, "--log", str(log), "--run-as", run_as]
    if keep is not None:
        arguments += ["--keep", str(keep)]
    if remove is not None:
        arguments += ["--remove", str(remove)]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and our own file
            [sys.executable, "-I", "-S", guardian.__file__, *arguments, "--", *map(str, program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            pass_fds=() if keep is None else (keep,),
        )
    return Guarded(name, process, log)


def until(condition: Callable[[], bool], server: Guarded, seconds: float) -> None:
    """Blocks until `condition` holds. Raises EmbeddedFault when the server ends before, or `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while not condition():
        if not server.running():
            raise EmbeddedFault(server.last_words("did not start"))
        if time.monotonic() > deadline:
            raise EmbeddedFault(server.last_words(f"was not ready within {seconds:.0f} s"))
        time.sleep(POLL_SECONDS)


def own_folder(data_dir: Path, name: str) -> Path:
    """The folder `name` below `data_dir`, absolute, made if need be. Raises EmbeddedFault when that is not allowed."""
    folder = (data_dir / name).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        usable = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    except OSError:
        usable = False
    if not usable:
        raise EmbeddedFault(f"{folder} cannot be made or written by this user: set LYO_DATA_DIR to a folder that can")
    return folder


def socket_folder(folder: Path, socket_name: str) -> Path:
    """A private folder (mode 0700) for a Unix socket: below `folder`, or a short temporary one where that cannot be.

    A socket's path is limited to about a hundred bytes, and clients read ":" and "," in it as separators.
    """
    sockets = folder / "socket"
    if len(os.fsencode(sockets / socket_name)) > SOCKET_PATH_BYTES or {":", ","} & set(str(sockets)):
        return Path(tempfile.mkdtemp(prefix="lyo-"))
    shutil.rmtree(sockets, ignore_errors=True)
    sockets.mkdir(mode=0o700)
    return sockets


@contextmanager
def sole_use(folder: Path) -> Iterator[int]:
    """Only one process serves `folder` at a time. Yields a descriptor to be inherited by the program that uses it.

    Two locks of the kernel, so that neither outlives its holder: the first is this process's, the second its
    program's. When the first is free but the second is not, the last server has just died and its program is being
    stopped: that is waited for, up to 20 s.

    Raises EmbeddedFault, naming the folder, when another live server has it.
    """
    serving = os.open(folder / "serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    running = os.open(folder / "running.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(serving):
            raise EmbeddedFault(_in_use(folder, os.pread(serving, 20, 0).decode().strip()))
        os.ftruncate(serving, 0)
        os.pwrite(serving, str(os.getpid()).encode(), 0)
        deadline = time.monotonic() + STOPPING_SECONDS
        while not _locked(running):
            if time.monotonic() > deadline:
                raise EmbeddedFault(_in_use(folder, ""))
            time.sleep(POLL_SECONDS)
        yield running
    finally:
        os.close(running)
        os.close(serving)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _in_use(folder: Path, pid: str) -> str:
    holder = f" (process {pid})" if pid else ""
    return f"{folder} is in use by another lyo-rt{holder}: stop that one, or set LYO_DATA_DIR to another folder"


@asynccontextmanager
async def from_thread(server: AbstractContextManager[Server]) -> AsyncIterator[Server]:
    """Enters and leaves a blocking context manager in a worker thread, so that the event loop goes on."""
    entered = await anyio.to_thread.run_sync(server.__enter__)
    try:
        yield entered
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(server.__exit__, None, None, None)
