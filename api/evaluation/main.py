"""From the options of `lyo-rt evaluate` to its report."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import httpx

from actors.crashes import faults
from api.evaluation.course import prepare_for
from api.evaluation.dialogues import Script, chosen, read_scripts
from api.evaluation.display import Display
from api.evaluation.door import REST_SECONDS, PublicDoor
from api.evaluation.own_server import own_server
from api.evaluation.plan import Plan, fail_under_of
from api.evaluation.report import Report
from api.evaluation.run import Evaluation
from api.evaluation.table import console, printed
from api.outcome import Unready, interrupting, opened, write
from api.server import StartFault, backing
from api.signing_in import Learner, address_of, by_token, reached, signed_in
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.migrate import MigrationFault, upgrade
from lyo_rt.database.pool import Database
from lyo_rt.embedded.guarded import EmbeddedFault
from lyo_rt.problems import Unavailable
from lyo_rt.settings import InvalidSettings, Settings

Result = TypeVar("Result")

_MENDABLE = (Unready, InvalidSettings, StartFault, EmbeddedFault, MigrationFault, Unavailable)


def run(settings: Settings, options: Mapping[str, Any]) -> Report:
    """The run, shown while it goes on; its report is printed, and written where --json says. Raises Unready."""
    plan = Plan(
        fail_under=fail_under_of(options["fail_under"]),
        **{name: options[name] for name in ("only", "about", "repeat", "parallel", "patience")},
    )
    scripts, target = chosen(read_scripts(), plan.only), options["json_file"]
    with opened(target) as out:
        report = _started(_run, settings, plan, scripts, options)
        printed(report, console(error=target == "-"), all_faults=options["all_faults"])
        write(out, report)
    return report


def prepare(settings: Settings, email: str) -> str:
    """The learner of this e-mail has the course of problems, in the settings' database; its title. Raises Unready."""
    title = _started(_prepare, settings, email)
    if title is None:
        raise Unready(f"there is no learner {email} in this database")
    return title


async def _run(settings: Settings, plan: Plan, scripts: list[Script], options: Mapping[str, Any]) -> Report:
    async with _entered(settings, options) as (address, learner), httpx.AsyncClient(timeout=REST_SECONDS) as http:
        door = PublicDoor(address, learner, http, about=plan.about, patience=plan.patience)
        await door.enter()
        evaluation = Evaluation(plan, scripts, door, SystemClock())
        with Display(sys.stderr, len(scripts) * plan.repeat) as display:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(interrupting, evaluation.interrupt)
                report = await evaluation.run(display.show)
                tasks.cancel_scope.cancel()
    return report


@asynccontextmanager
async def _entered(settings: Settings, options: Mapping[str, Any]) -> AsyncIterator[tuple[str, Learner]]:
    if options["address"] is None:
        async with own_server(settings) as entered:
            yield entered
        return
    address, token = address_of(options["address"]), options["token"]
    await reached([address])
    yield (
        address,
        await (by_token(address, token) if token else signed_in(address, options["email"], options["password"])),
    )


async def _prepare(settings: Settings, email: str) -> str | None:
    async with backing(settings) as behind:
        await upgrade(behind.database_url)
        async with Database.open(behind.database_url, InProcessBroadcast(SystemClock()), pool_max=2) as database:
            return await prepare_for(database, email)


def _started(work: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
    """Runs it on an event loop of its own. Raises Unready for what an operator can mend."""
    try:
        return anyio.run(work, *arguments, backend_options={"use_uvloop": True})
    except (*_MENDABLE, ExceptionGroup) as raised:
        met = faults(raised)
        if not all(isinstance(fault, _MENDABLE) for fault in met):
            raise
        raise Unready("; ".join(str(fault) for fault in met)) from None
