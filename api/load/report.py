"""What a run has found, as JSON has it."""

import resource
import sys
from collections.abc import Iterable
from datetime import datetime

import msgspec

from api.load.histogram import Quantiles
from api.load.plan import FAULTS, Plan, Role
from api.load.session import Session
from api.load.tally import LATENCIES, Tally

QUANTILES = ("p50", "p95", "p99", "max")


class Sessions(msgspec.Struct, frozen=True):
    """How many there are."""

    wanted: int
    connected: int
    """Those that were welcomed at least once."""
    up: int
    """Those that are connected now."""
    connects_per_second: float
    roles: dict[str, int]


class Harness(msgspec.Struct, frozen=True):
    """What the load costs on this side; a busy harness measures itself."""

    cpu_seconds: float
    cpu_share: float
    """Of one core."""
    memory_mib: float
    """Resident, at its highest."""
    lag_ms: Quantiles | None
    """How late its own event loop was."""


class Report(msgspec.Struct, frozen=True):
    """One run, so far or in all."""

    addresses: tuple[str, ...]
    options: Plan
    began_at: datetime
    seconds: float
    phase: str
    """connecting, loading, settling, done or interrupted."""
    sessions: Sessions
    counts: dict[str, int]
    faults: dict[str, int]
    closes: dict[str, int]
    """Sessions that were lost, by close code; 1006: without a word."""
    failed_tries: dict[str, int]
    """Connections that did not become a session, by close code or HTTP status."""
    refusals: dict[str, int]
    """Commands that were refused, by the problem's code."""
    latencies_ms: dict[str, Quantiles | None]
    harness: Harness
    failures: list[str]
    """Why the run has failed; empty when it has not."""


COUNTS = (
    *("cuts", "resumes", "tasks_begun", "tasks_done", "answers_begun", "answers_ended"),
    *("events", "pieces", "characters", "replaced"),
)
OF_CLIENTS = {"bytes_in": "bytes_in", "bytes_out": "bytes_out", "repeated": "frames_repeated", "gaps": "gaps_repaired"}
"""What each client counts, and its name here."""


def counted(tally: Tally, sessions: Iterable[Session]) -> dict[str, int]:
    """All counts, 0 where nothing was."""
    counts = {name: tally.counts[name] for name in COUNTS} | dict.fromkeys(OF_CLIENTS.values(), 0)
    for session in sessions:
        for name, ours in OF_CLIENTS.items():
            counts[ours] += session.client.counts[name]
    return counts


def sessions_of(plan: Plan, tally: Tally, sessions: Iterable[Session], began_at: float) -> Sessions:
    """`began_at`: by the event loop's clock."""
    connected, roles = tally.counts["connected"], plan.roles()
    rate = connected / max(tally.connected_at - began_at, 1e-3) if connected else 0.0
    up = sum(session.observer.up for session in sessions)
    by_role = {role.value: roles.count(role) for role in Role}
    return Sessions(plan.sessions, connected, up, round(rate, 1), by_role)


def harness_of(tally: Tally, cpu_seconds: float, seconds: float) -> Harness:
    """`cpu_seconds` and `seconds`: since the run began."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mib = peak / 2**20 if sys.platform == "darwin" else peak / 2**10
    share = round(cpu_seconds / max(seconds, 1e-3), 3)
    return Harness(round(cpu_seconds, 2), share, round(mib, 1), tally.lag.quantiles())


def failures_of(plan: Plan, faults: dict[str, int], latencies: dict[str, Quantiles | None]) -> list[str]:
    """One line for each thing that must not be."""
    found = [f"{name}: {faults[name]} ({FAULTS[name]})" for name in plan.fatal if faults[name]]
    for limit, most in plan.limits.items():
        name, _, quantile = limit.partition(".")
        measured = latencies[name]
        if measured is None:
            found.append(f"{limit}: there is nothing that was measured ({LATENCIES[name]})")
        elif (value := getattr(measured, quantile)) > most:
            found.append(f"{limit}: {value:g} ms is more than {most:g} ms ({LATENCIES[name]})")
    return found
