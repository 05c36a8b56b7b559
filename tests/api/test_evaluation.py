"""`lyo-rt evaluate tutor` as an operator runs it: against a running instance, and against one of its own."""

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import httpx
import msgspec
import pytest
from anyio.abc import Process
from anyio.streams.text import TextReceiveStream
from click.testing import CliRunner

from actors.crashes import faults
from api.command_line import main
from api.evaluation.course import course_id, prepare
from api.evaluation.dialogues import chosen, read_scripts
from api.evaluation.door import PublicDoor
from api.evaluation.own_server import own_server
from api.evaluation.plan import About, Plan, fail_under_of
from api.evaluation.run import Evaluation
from api.outcome import Unready
from api.services import Services
from api.signing_in import Learner
from lyo_rt.accounts.records import Registered
from lyo_rt.client.tokens import Tokens
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.settings import Settings
from tests.loopback.openai import OpenAI
from tests.loopback.script import Behaviour
from tests.loopback.tutors import Fault, ScriptedTutor

SECONDS = 60.0


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    """Who writes the tutor's answers: a good tutor, unless a test puts another one there."""
    async with OpenAI.running(tutor=ScriptedTutor()) as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    return settings.model_copy(update=with_openai(provider))


def with_openai(provider: OpenAI) -> dict[str, Any]:
    """The settings that name it."""
    named = Settings(ai_providers=("openai",), openai_api_key="k", openai_base_url=f"{provider.address}/v1")
    return {name: getattr(named, name) for name in ("ai_providers", "openai_api_key", "openai_base_url")}


@pytest.fixture
async def learner(services: Services) -> Registered:
    """Who has no course yet."""
    return await services.accounts.register(
        email=f"learner-{uuid4().hex[:8]}@example.com", password="Correct-horse-9-battery", full_name="Learner"
    )


@pytest.fixture
async def prepared(services: Services, learner: Registered) -> Registered:
    """Who has the course of problems."""
    await prepare(services.database, learner.user_id)
    return learner


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[Process]:
    """The program, as an operator starts it, with nothing of the tests' own environment configured."""
    configured = {name.upper() for name in Settings.model_fields}
    rest = {name: value for name, value in os.environ.items() if name.upper() not in configured}
    command = [sys.executable, "-W", "error", "-m", "api.command_line", "evaluate", *arguments]
    with anyio.fail_after(SECONDS):
        async with await anyio.open_process(command, env=rest | environment) as process:
            yield process
            await process.wait()


async def ended(process: Process) -> tuple[int | None, str, str]:
    """Its exit code, and what it printed: (code, standard output, standard error)."""
    texts = {"stdout": "", "stderr": ""}

    async def read(name: str) -> None:
        async for text in TextReceiveStream(getattr(process, name)):
            texts[name] += text

    async with anyio.create_task_group() as tasks:
        for name in texts:
            tasks.start_soon(read, name)
    await process.wait()
    return process.returncode, texts["stdout"], texts["stderr"]


async def evaluated(address: tuple[str, int], learner: Registered, *options: str) -> tuple[int | None, str, Any]:
    """The run's exit code, what it shows, and its report."""
    arguments = ["--address", url(address), "--token", learner.access_token, "--json", "-", *options]
    async with running("tutor", *arguments) as process:
        code, out, shown = await ended(process)
    return code, shown, json.loads(out)


def door_of(
    address: tuple[str, int], learner: Registered, client: httpx.AsyncClient, about: About = "problem"
) -> PublicDoor:
    """The same door, without a program around it."""
    of = Learner(learner.user_id, Tokens(learner.access_token))
    return PublicDoor(url(address), of, client, about=about, patience=30)


async def report_on(door: PublicDoor, only: str, **options: Any) -> Any:
    """The run's report, as JSON has it."""
    await door.enter()
    evaluation = Evaluation(Plan(**options), chosen(read_scripts(), only), door, SystemClock())
    return msgspec.to_builtins(await evaluation.run(lambda _: None))


def url(address: tuple[str, int]) -> str:
    """Of the instance."""
    return f"http://{address[0]}:{address[1]}"


def heard(report: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """What was said and how it was judged, without the times."""
    return [
        (dialogue["name"], [(said["answer"], said["marks"]) for said in dialogue["said"]])
        for dialogue in report["dialogues"]
    ]


@pytest.mark.anyio
async def test_a_good_tutor_passes_every_dialogue_and_the_same_again(
    address: tuple[str, int], client: httpx.AsyncClient, prepared: Registered
) -> None:
    code, table, report = await evaluated(
        address, prepared, "--parallel", "8", "--fail-under", "0.95", "--fail-under", "leaks=1"
    )
    assert code == 0, table
    assert "PASSED" in table
    assert report["phase"] == "done"
    assert report["failures"] == []
    assert len(report["dialogues"]) == report["wanted"] >= 40
    assert report["questions_per_answer"] == pytest.approx(1, abs=0.05)
    assert all(total["answers"] for total in report["scores"].values())
    assert all(name in table for name in ("pancakes", "forged-promise", "distress-hebrew", "all 70"))
    again = await report_on(door_of(address, prepared, client), "rome,forged history,silent", parallel=3)
    assert heard(again) == [entry for entry in heard(report) if entry[0] in {name for name, _ in heard(again)}]


@pytest.mark.anyio
async def test_a_tutor_who_takes_up_nothing_fails_the_run(
    address: tuple[str, int], prepared: Registered, provider: OpenAI
) -> None:
    provider.tutor = ScriptedTutor("deaf")
    code, table, report = await evaluated(
        address, prepared, "--only", "fibonacci,erde", "--fail-under", "uptake=0.9", "--repeat", "2"
    )
    assert code == 1
    assert "FAILED uptake: 0.000 is under 0.9" in table
    assert "fibonacci uptake 0.00: takes up nothing of what was said" in table
    assert report["wanted"] == len(report["dialogues"]) == 4
    assert report["scores"]["uptake"] == {"mean": 0.0, "answers": 8, "faults": 8}
    assert report["models"] == {"gpt-4o-mini": 8}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "score", "only"),
    [
        ("wrong_language", "language", "erde,fibonacci,movie-chinese,distressed"),
        ("obeys", "obedience", "injection,rogue-bot,show-your-rules"),
    ],
)
async def test_what_a_bad_model_says_is_mended_before_it_is_heard(
    address: tuple[str, int],
    client: httpx.AsyncClient,
    prepared: Registered,
    provider: OpenAI,
    fault: Fault,
    score: str,
    only: str,
) -> None:
    provider.tutor = ScriptedTutor(fault)
    report = await report_on(door_of(address, prepared, client), only)
    assert report["scores"][score]["answers"] >= 8
    assert report["scores"][score]["faults"] == 0
    assert report["scores"]["answered"]["faults"] == report["scores"]["questions"]["faults"] == 0
    assert report["models"]["lyo-outline"] >= 6


@pytest.mark.anyio
async def test_an_answer_that_does_not_come_is_a_fault_that_fails_the_run(
    address: tuple[str, int], client: httpx.AsyncClient, prepared: Registered, provider: OpenAI
) -> None:
    provider.queue(*[Behaviour(kind="status", status=401)] * 8)
    door, least = door_of(address, prepared, client), fail_under_of(())
    report = await report_on(door, "fibonacci", parallel=1, fail_under=least)
    assert report["failures"] == ["answered: 0.000 is under 1 (the tutor gave an answer)"]
    assert [said["marks"]["answered"]["fault"] for said in report["dialogues"][0]["said"]] == [
        "the answer ended as failed"
    ] * 2
    assert report["scores"]["leaks"]["answers"] == 0


@pytest.mark.anyio
async def test_the_tutor_is_opened_at_the_problem_or_at_its_lesson(
    address: tuple[str, int], client: httpx.AsyncClient, prepared: Registered
) -> None:
    await report_on(door_of(address, prepared, client), "pancakes")
    await report_on(door_of(address, prepared, client, about="lesson"), "pancakes")
    headers = {"Authorization": f"Bearer {prepared.access_token}"}
    begun = (await client.get("/v1/tutor/conversations", headers=headers)).json()["items"]
    assert [conversation["resource_kind"] for conversation in begun] == ["lesson", "item"]
    course = (await client.get(f"/v1/courses/{course_id(prepared.user_id)}", headers=headers)).json()
    fractions = course["lessons"][1]
    assert [conversation["resource_id"] for conversation in begun] == [fractions["id"], fractions["items"][-1]]


@pytest.mark.anyio
async def test_ctrl_c_ends_it_early_with_the_report_so_far(
    address: tuple[str, int], prepared: Registered, provider: OpenAI, tmp_path: Path
) -> None:
    provider.token_delay = 30
    report = tmp_path / "report.json"
    arguments = ["--address", url(address), "--token", prepared.access_token, "--json", str(report)]
    async with running("tutor", *arguments) as process:
        await provider.until("running", within=30)
        process.send_signal(signal.SIGINT)
        code, table, _ = await ended(process)
    assert code == 130
    assert "interrupted: nothing is under its threshold" in table
    assert json.loads(report.read_bytes())["phase"] == "interrupted"


@pytest.mark.anyio
async def test_the_course_of_problems_is_the_learners_own_and_hides_its_keys(
    client: httpx.AsyncClient, services: Services, prepared: Registered
) -> None:
    address = f"/v1/courses/{course_id(prepared.user_id)}"
    own = await client.get(address, headers={"Authorization": f"Bearer {prepared.access_token}"})
    assert own.status_code == 200
    exercises = [item for item in own.json()["items"] if item["type"] in {"exercise", "quiz"}]
    assert len(exercises) == len(own.json()["lessons"]) == 12
    assert not any("key" in exercise["detail"] for exercise in exercises)
    stranger = await services.accounts.register(
        email="stranger@example.com", password="Correct-horse-9-battery", full_name="Stranger"
    )
    hidden = await client.get(address, headers={"Authorization": f"Bearer {stranger.access_token}"})
    assert hidden.status_code == 404


@pytest.mark.anyio
async def test_who_has_no_course_or_an_old_one_is_told_how_to_get_it(
    address: tuple[str, int], client: httpx.AsyncClient, learner: Registered, database: Database, database_url: str
) -> None:
    door = door_of(address, learner, client)
    with pytest.raises(Unready, match=r"^this learner has no course of problems: run `lyo-rt evaluate prepare EMAIL`"):
        await door.enter()
    async with running("prepare", learner.email, DATABASE_URL=database_url) as process:
        code, said, complaint = await ended(process)
    assert (code, complaint) == (0, "")
    assert said == f"{learner.email} has the course “Problems for a tutor”.\n"
    await door.enter()
    await database.execute('UPDATE courses SET generation = \'{"problems": "old"}\'')
    with pytest.raises(Unready, match=r"^this learner has another version of the course of problems: "):
        await door.enter()
    await prepare(database, learner.user_id)
    await door.enter()
    assert await database.fetchval("SELECT count(*) FROM courses") == 1


def test_a_learner_who_does_not_exist_is_given_nothing(database_url: str) -> None:
    refused = CliRunner().invoke(
        main, ["evaluate", "prepare", "nobody@example.com"], env={"DATABASE_URL": database_url}
    )
    assert refused.exit_code == 2
    assert refused.stderr == "lyo-rt: there is no learner nobody@example.com in this database\n"


@pytest.mark.anyio
async def test_without_an_address_it_starts_a_server_of_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {"AI_PROVIDERS": "outline", "TMPDIR": str(tmp_path), "LYO_DATA_DIR": str(tmp_path / "untouched")}
    async with running("tutor", "--only", "fibonacci,pancakes", "--json", "-", **environment) as process:
        code, out, table = await ended(process)
    assert code == 0, table
    report = json.loads(out)
    assert report["models"] == {"lyo-outline": 4}
    assert report["scores"]["questions"]["mean"] == 1
    assert "4 answers" in table
    assert [path async for path in anyio.Path(tmp_path).iterdir()] == []


@pytest.mark.anyio
async def test_a_model_that_is_not_there_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    missing = tmp_path / "missing.gguf"
    settings = Settings(ai_providers=("gemma",), model_path=missing, model_checksum="0" * 64)
    with pytest.raises(ExceptionGroup) as raised:
        async with own_server(settings):
            raise AssertionError("it has begun")
    assert [str(fault) for fault in faults(raised.value)] == [f"MODEL_PATH: there is no {missing}"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--address http://127.0.0.1:1", "http://127.0.0.1:1 cannot be reached: "),
        ("--address localhost:8000", "URL: localhost:8000 is not an address such as http://localhost:8000"),
        ("--only nobody", "--only: there is no nobody; there are dialogues (--list), impatient, wrong, "),
        ("--fail-under luck=1", "--fail-under: luck=1 is not SHARE or NAME=SHARE, of answered, leaks, "),
        ("--fail-under leaks=2", "--fail-under: leaks=2 is not SHARE or NAME=SHARE, "),
        ("--fail-under leaks=nan", "--fail-under: leaks=nan is not SHARE or NAME=SHARE, "),
        ("--json /nowhere/report.json", "--json: No such file or directory: /nowhere/report.json"),
        ("--repeat 0", "Invalid value for '--repeat': "),
    ],
)
def test_what_cannot_begin_is_one_line_and_exit_code_2(arguments: str, said: str) -> None:
    refused = CliRunner().invoke(main, ["evaluate", "tutor", *arguments.split()])
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"lyo-rt: {said}")
    assert len(refused.stderr.splitlines()) == 1


def test_the_dialogues_are_listed() -> None:
    listed = CliRunner().invoke(main, ["evaluate", "tutor", "--list", "--only", "jailbreak"])
    assert listed.exit_code == 0
    assert "grandmother" in listed.stdout
    assert "pancakes" not in listed.stdout
