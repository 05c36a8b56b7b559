"""Processes that serve an embedded server, for tests that kill them."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

ROOT = Path(__file__).resolve().parents[2]

POSTGRESQL = """
import sys
from pathlib import Path
from lyo_rt.embedded.guarded import EmbeddedFault
from lyo_rt.embedded.postgresql import postgresql_server
try:
    with postgresql_server(Path(sys.argv[1]), fsync=False) as server:
        print(server.url("postgres"), flush=True)
        sys.stdin.read()
except EmbeddedFault as fault:
    sys.exit(str(fault))
"""

PACKAGES = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def interpreter_for(user: str) -> str | None:
    """A Python that `user` may run and that can load the product's packages; None when there is none."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            trial = subprocess.run(
                [python, "-c", "import asyncpg"],
                user=user,
                extra_groups=[],
                env=PACKAGES,
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if trial.returncode == 0:
            return python
    return None


@contextmanager
def serving(
    folder: Path,
    *,
    user: str | None = None,
    before: tuple[str, ...] = (),
    python: str = sys.executable,
    program: str = POSTGRESQL,
) -> Iterator[subprocess.Popen[str]]:
    """Another process that serves `folder`, as `user`, started through the command `before`; stopped at the end.

    `python` may be another interpreter than that of the tests; it is given the same packages.
    """
    process = subprocess.Popen(
        [*before, python, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=PACKAGES,
        text=True,
        user=user,
        group="nogroup" if user == "nobody" else None,
        extra_groups=[] if user else None,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=30)


def address(process: subprocess.Popen[str]) -> str:
    """The URL that a serving process prints once it is ready; what went wrong if it does not."""
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.readline().strip() or process.stderr.read()


def ask(url: str, sql: str) -> object:
    """The one value that `sql` selects (or None), over a connection of its own."""

    async def fetch() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def eventually(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Waits until `condition` is true; fails, saying `what` did not happen, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"within {seconds} s: {what}"
        time.sleep(0.005)


def postmaster(folder: Path) -> int:
    """The process id of the PostgreSQL that runs on `folder`."""
    return int((folder / "postgresql" / "data" / "postmaster.pid").read_text().split()[0])


def alive(pid: int) -> bool:
    """Whether there is such a process, and it is more than a corpse nobody has fetched."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.parent.parent.joinpath("self").exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def parent(pid: int) -> int:
    """The process id of the parent of `pid`."""
    return int(subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, check=True).stdout)
