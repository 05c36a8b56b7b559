"""`lyo-rt load` against a running instance: what it counts is what happened, and what it exits with follows from it."""

import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import pytest
from anyio.abc import Process, TaskStatus
from anyio.streams.text import TextReceiveStream
from click.testing import CliRunner

from api.command_line import main
from api.load.observer import Observer, Turn
from api.load.tally import Tally
from api.services import Services
from lyo_rt.accounts.records import Registered
from lyo_rt.client.client import Link
from lyo_rt.client.replica import Ended, Lost
from lyo_rt.clock import SystemClock
from lyo_rt.frames import Delta, End, Event
from lyo_rt.settings import Settings
from tests.loopback.faulty_link import faulty_link
from tests.loopback.openai import OpenAI

SECONDS = 30.0
PASSWORD = "Correct-horse-9-battery"
STREAM = f"conversation:{UUID(int=1)}"


@pytest.fixture
async def settings(settings: Settings) -> AsyncIterator[Settings]:
    """The tutor answers through a loopback provider that writes a token every 20 ms."""
    async with OpenAI.running(token_delay=0.02) as provider:
        yield Settings(
            lyo_data_dir=settings.lyo_data_dir,
            ai_providers=("openai",),
            openai_api_key="loopback-key",
            openai_base_url=f"{provider.address}/v1",
        )


@pytest.fixture
async def learner(services: Services) -> Registered:
    return await services.accounts.register(
        email=f"learner-{uuid4().hex[:8]}@example.com", password=PASSWORD, full_name="Learner"
    )


@asynccontextmanager
async def load(address: tuple[str, int], learner: Registered, report: Path, *options: str) -> AsyncIterator[Process]:
    """The load on this address, as an operator starts it; its report has been written when the block has ended."""
    url = f"http://{address[0]}:{address[1]}"
    signing_in = ["--email", learner.email, "--password", PASSWORD]
    command = [sys.executable, "-W", "error", "-m", "api.command_line", "load", url, *signing_in, *options]
    with anyio.fail_after(SECONDS):
        async with await anyio.open_process([*command, "--json", str(report)]) as process:
            yield process
            await process.wait()


async def output(process: Process) -> str:
    """All that it prints."""
    assert process.stdout is not None
    return "".join([text async for text in TextReceiveStream(process.stdout)])


async def until(process: Process, words: str) -> None:
    """It has said this on the way."""
    assert process.stderr is not None
    heard = ""
    async for text in TextReceiveStream(process.stderr):
        heard += text
        if words in heard:
            return
    raise AssertionError(heard)


@pytest.mark.anyio
async def test_all_that_is_counted_has_happened_and_adds_up(
    address: tuple[str, int], client: httpx.AsyncClient, learner: Registered, tmp_path: Path
) -> None:
    options = "--sessions 24 --ramp 0.5 --tasks 3 --tutors 6 --duration 3 --kill 8 --think 0.6 --limit token.p99=5000"
    async with load(address, learner, tmp_path / "report.json", *options.split()) as process:
        table = await output(process)
    assert process.returncode == 0, table
    assert max(map(len, table.splitlines())) <= 80
    assert "\nPASSED\n" in table
    found = json.loads((tmp_path / "report.json").read_bytes())
    counts, latencies = found["counts"], found["latencies_ms"]
    assert (found["phase"], found["failures"]) == ("done", [])
    assert set(found["faults"].values()) == {0}
    roles = {"task": 3, "watcher": 3, "tutor": 6, "idle": 12}
    sessions = found["sessions"]
    assert (sessions["connected"], sessions["up"], sessions["roles"]) == (24, 24, roles)
    assert sessions["connects_per_second"] > 0
    assert counts["cuts"] == counts["resumes"] == found["closes"]["1006"] > 5
    assert (counts["tasks_begun"], counts["tasks_done"]) == (3, 3)
    assert counts["answers_begun"] == counts["answers_ended"] > 6
    assert counts["bytes_in"] > counts["bytes_out"] > 0
    measured = {"connect": 24, "first_frame": 3, "done": 3, "resume": counts["cuts"]}
    measured |= dict.fromkeys(("event", "event_age", "first_token", "answer"), counts["answers_ended"])
    assert {name: latencies[name]["count"] for name in measured} == measured
    assert latencies["token"]["p50"] > 10, "the provider writes a token every 20 ms"
    for each in filter(None, latencies.values()):
        assert 0 <= each["p50"] <= each["p95"] <= each["p99"] <= each["max"]
    client.headers["Authorization"] = f"Bearer {learner.access_token}"
    assert await stored_states(client) == ["DONE"] * 3
    assert await stored_answers(client) == ["complete"] * counts["answers_ended"]


async def stored_states(client: httpx.AsyncClient) -> list[str]:
    """Of all tasks of the learner."""
    return [task["state"] for task in (await client.get("/v1/tasks?limit=100")).json()["items"]]


async def stored_answers(client: httpx.AsyncClient) -> list[str]:
    """The status of all answers of the learner's conversations."""
    found: list[str] = []
    for conversation in (await client.get("/v1/tutor/conversations?limit=100")).json()["items"]:
        state = (await client.get(f"/v1/tutor/conversations/{conversation['id']}?limit=100")).json()
        found += [message["status"] for message in state["items"] if message["role"] == "assistant"]
    return found


@pytest.mark.anyio
async def test_a_server_that_goes_away_fails_the_run(
    address: tuple[str, int], learner: Registered, tmp_path: Path
) -> None:
    options = "--sessions 8 --ramp 0.2 --tutors 4 --duration 0.8 --patience 0.2 --limit connect.p50=0.001"
    away = anyio.Event()

    async def reachable(*, task_status: TaskStatus[int]) -> None:
        async with faulty_link(address[1]) as link:
            task_status.started(link.port)
            await away.wait()

    async with anyio.create_task_group() as network:
        way = address[0], await network.start(reachable)
        async with load(way, learner, tmp_path / "report.json", *options.split()) as process:
            await until(process, "loading")
            away.set()
            table = await output(process)
    assert process.returncode == 1
    failures: list[str] = json.loads((tmp_path / "report.json").read_bytes())["failures"]
    # Whether an answer was under way when the server went is chance; that the sessions were lost is not.
    named = [failure.partition(":")[0] for failure in failures]
    assert [name for name in named if name != "unfinished"] == ["sessions", "connect.p50"]
    assert all(f"FAILED {failure}" in table for failure in failures)


@pytest.mark.anyio
async def test_ctrl_c_ends_it_early_with_the_report_so_far(
    address: tuple[str, int], learner: Registered, tmp_path: Path
) -> None:
    options = "--sessions 4 --ramp 0 --duration 600"
    async with load(address, learner, tmp_path / "report.json", *options.split()) as process:
        await until(process, "loading")
        process.send_signal(signal.SIGINT)
        assert "interrupted: nothing has failed" in await output(process)
    assert process.returncode == 130
    assert json.loads((tmp_path / "report.json").read_bytes())["phase"] == "interrupted"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("http://127.0.0.1:1", "http://127.0.0.1:1 cannot be reached: "),
        ("", "Missing argument 'URL...'."),
        ("localhost:8000", "URL: localhost:8000 is not an address such as http://localhost:8000"),
        ("http://localhost --sessions many", "Invalid value for '--sessions': "),
        ("http://localhost --sessions 3 --tasks 2 --tutors 2", "--sessions: 3 are fewer than "),
        ("http://localhost --sessions 100000000", "--sessions: "),
        ("http://localhost --think 0.1", "--think: "),
        ("http://localhost --fail-on gaps,luck", "--fail-on: there is no luck; "),
        ("http://localhost --limit token.p98=1", "--limit: token.p98=1 is not "),
        ("http://localhost --json /nowhere/report.json", "--json: No such file or directory: /nowhere/report.json"),
    ],
)
def test_what_cannot_begin_is_one_line_and_exit_code_2(arguments: str, said: str) -> None:
    refused = CliRunner().invoke(main, ["load", *arguments.split()])
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"lyo-rt: {said}")
    assert len(refused.stderr.splitlines()) == 1


def event(seq: int) -> Event:
    return Event(STREAM, 1, seq, "message", {})


def delta(at: int, text: str) -> Delta:
    return Delta(STREAM, "m", 1, at, text)


def ended(text: str | None, sha256: str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9") -> Ended:
    """The end of "hello world"."""
    return Ended(End(STREAM, 1, 1, "m", 1, "complete", 11, sha256), text)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("told", "faults"),
    [
        ([event(1), event(2)], {}),
        ([event(1), event(3)], {"gaps": 1}),
        ([event(1), event(1), event(2)], {"repeats": 1}),
        ([delta(0, "hello"), delta(5, " world"), ended("hello world")], {}),
        ([delta(0, "hello"), delta(0, "hello world"), ended("hello world")], {}),
        ([delta(0, "hello"), delta(6, "world")], {"gaps": 1}),
        ([delta(0, "hello"), delta(4, "o world"), ended("hello world")], {"repeats": 1}),
        ([delta(0, "hello"), ended("hello world")], {"texts": 1}),
        ([delta(0, "hello world"), ended(None)], {"texts": 1}),
        ([delta(0, "hello world"), ended("hello world", "00" * 32)], {"texts": 1}),
        ([event(1), Lost(STREAM, None)], {"lost": 1}),
        ([Link(None, "one", 0), Link(1012, "", 0)], {"drops": 1}),
    ],
)
async def test_every_breach_of_the_promise_is_a_fault(told: list[Any], faults: dict[str, int]) -> None:
    tally = Tally()
    observer = Observer(tally, SystemClock(), one_clock=True)
    observer.follows(STREAM, 0)
    observer.turn = Turn(uuid4(), 0)
    for notification in told:
        observer.told(notification)
    assert dict(tally.faults) == faults
