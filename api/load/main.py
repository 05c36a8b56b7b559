"""From the options of `lyo-rt load` to its report."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import anyio
import click
import httpx

from api.load.display import Display
from api.load.plan import FATAL, FAULTS, Plan, checked
from api.load.report import QUANTILES, Report
from api.load.run import Load
from api.load.table import LEGEND, rendered
from api.load.tally import LATENCIES
from api.outcome import Unready, interrupting, opened, write
from api.signing_in import address_of, by_token, reached, signed_in
from lyo_rt.clock import SystemClock
from lyo_rt.frames import Codec

REST_SECONDS = 30.0
MOST_TASKS, MOST_TUTORS = 5, 10
"""Of a run that says nothing else, if a quarter of its sessions is as many."""


def run(urls: Sequence[str], options: Mapping[str, Any]) -> Report:
    """The run, shown while it goes on; its report is printed, and written where --json says. Raises Unready."""
    plan, target = checked(plan_of(urls, options)), options["json_file"]
    with opened(target) as out:
        report = anyio.run(_run, plan, options, backend_options={"use_uvloop": True})
        click.echo(f"{rendered(report)}\n\n{LEGEND}", err=target == "-")
        write(out, report)
    return report


def plan_of(urls: Sequence[str], options: Mapping[str, Any]) -> Plan:
    """What the options ask for. Raises Unready."""
    sessions: int = options["sessions"]
    tasks = _or(options["tasks"], min(MOST_TASKS, sessions // 4))
    tutors = _or(options["tutors"], min(MOST_TUTORS, sessions // 4))
    spare = max(0, sessions - tasks - tutors)
    same = {name: options[name] for name in ("sessions", "ramp", "duration", "kill", "think", "patience")}
    return Plan(
        addresses=tuple(map(address_of, urls)),
        tasks=tasks,
        watchers=_or(options["watchers"], min(tasks, spare)),
        tutors=tutors,
        codec=Codec.MSGPACK if options["msgpack"] else Codec.JSON,
        fatal=_fatal(options["fail_on"]),
        limits=dict(map(_limit, options["limits"])),
        **same,
    )


async def _run(plan: Plan, options: Mapping[str, Any]) -> Report:
    await reached(plan.addresses)
    first, token = plan.addresses[0], options["token"]
    learner = await (by_token(first, token) if token else signed_in(first, options["email"], options["password"]))
    display = Display(sys.stderr)
    async with httpx.AsyncClient(timeout=REST_SECONDS) as http, anyio.create_task_group() as tasks:
        load = Load(plan, learner, http, SystemClock())
        tasks.start_soon(interrupting, load.interrupt)
        try:
            report = await load.run(display.show, display.every)
        finally:
            display.clear()
            tasks.cancel_scope.cancel()
    return report


def _or(given: int | None, default: int) -> int:
    return default if given is None else given


def _fatal(names: str | None) -> tuple[str, ...]:
    if names is None:
        return FATAL
    fatal = tuple(name for name in (name.strip() for name in names.split(",")) if name)
    for name in fatal:
        if name not in FAULTS:
            raise Unready(f"--fail-on: there is no {name}; there are {', '.join(FAULTS)}")
    return fatal


def _limit(text: str) -> tuple[str, float]:
    limit, _, most = text.partition("=")
    name, _, quantile = limit.partition(".")
    with suppress(ValueError):
        if name in LATENCIES and quantile in QUANTILES:
            return limit, float(most)
    raise Unready(f"--limit: {text} is not NAME.QUANTILE=MS, of {', '.join(LATENCIES)} and {', '.join(QUANTILES)}")
