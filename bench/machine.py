"""The machine a run is measured on: its cores, its limits, and what processes cost it."""

import os
import platform
import resource
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
DESCRIPTORS = 30_000
"""Ten thousand sockets, and room."""


class Unsuitable(Exception):
    """This machine cannot run the benchmark; the text says why."""


def cores() -> tuple[int, int]:
    """The core servers are pinned to, and the one of the load. Raises Unsuitable with fewer than two cores."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Unsuitable("two cores are needed: one for the server, one for the load")
    return allowed[0], allowed[1]


def raise_descriptor_limit() -> int:
    """As many open files as this user may have, up to what ten thousand sockets need; children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if os.geteuid() == 0 else min(hard, DESCRIPTORS)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def pin(pids: Iterable[int], *on: int) -> None:
    """All threads of these processes run on these cores only."""
    for pid in pids:
        for thread in _threads(pid):
            with suppress(ProcessLookupError):
                os.sched_setaffinity(thread, on)


def family(pid: int) -> list[int]:
    """The process and all below it, those that live."""
    found = [pid]
    for thread in _threads(pid):
        try:
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
        except OSError:
            continue
        for child in children:
            found += family(int(child))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time the threads of these processes have used so far, in seconds.

    schedstat counts nanoseconds; stat, where the kernel keeps no schedstat, ticks of ten milliseconds.
    """
    return sum(_thread_seconds(Path(f"/proc/{pid}/task/{thread}")) for pid in pids for thread in _threads(pid))


def _thread_seconds(thread: Path) -> float:
    try:
        return int((thread / "schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:
        try:
            fields = (thread / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / TICK
    except OSError:
        return 0.0


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory these processes hold, shared pages counted in shares (Pss of smaps_rollup)."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
    return total


def description() -> dict[str, object]:
    """What the figures were taken on."""
    models = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_at_start": os.getloadavg()[0],
    }


def _threads(pid: int) -> list[int]:
    try:
        return [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
