"""The Provider's promises, asked of gemma: a real llama.cpp in its own process, over a model with random weights.

What such a model cannot keep is what takes sense: that the parts of a draft fit together. So a document is held to its
schema and no further, and a draft may be refused as malformed after its round of mending, but for nothing else. All
else that the contract asks of the hosted providers (how a stream ends, what a cancel does, how faults are told) is
asked of gemma too.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx
import jsonschema
import msgspec
import pytest

from lyo_rt.language_models.chat_completions import json_schema_format
from lyo_rt.language_models.gemma.process import ModelProcess, Running
from lyo_rt.language_models.gemma.provider import WAITING, GemmaServer, LocalGemma, open_gemma_server
from lyo_rt.language_models.port import ModelFault
from lyo_rt.language_models.schemas import provider_schema
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import (
    AssessmentDraft,
    CoursePlan,
    LessonDraft,
    LessonPlan,
    ModulePlan,
    PlanCourse,
    TutorTask,
    WriteLesson,
)
from lyo_rt.models.records import ArtifactFault, Memory
from tests.contracts.test_language_model import ASKED, BRIEF, Broken, Sink, Stuck, valid
from tests.loopback.openai import OpenAI as LoopbackOpenAI
from tests.loopback.tiny_gemma import model_processes, write_tiny_gemma

pytestmark = pytest.mark.anyio

LIMIT = 4096
"""Tokens of an answer (SPEC §5), which a model that does not end reaches in less than a second."""
PATIENT = Timeouts(first_token=20, token=20, total=60)


class Local(NamedTuple):
    """The provider, its process, and what the model was weighed at."""

    provider: LocalGemma
    process: ModelProcess
    memory: Memory

    def client(self) -> httpx.AsyncClient:
        """Of llama.cpp itself."""
        headers = {"authorization": f"Bearer {self.process.key}"}
        return httpx.AsyncClient(base_url=self.process.address, headers=headers, timeout=30)

    async def metric(self, name: str) -> float:
        """One figure of its own."""
        async with self.client() as client:
            text = (await client.get("/metrics")).text
        return float(re.findall(rf"^llamacpp:{name} (\S+)$", text, re.MULTILINE)[0])

    async def until_idle(self, within: float) -> None:
        with anyio.fail_after(within):
            while await self.metric("requests_processing"):
                await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def running(folder: Path, *, ends: bool, parallel: int = 2, timeouts: Timeouts = PATIENT) -> AsyncIterator[Local]:
    provider = LocalGemma(parallel=parallel, timeouts=timeouts)
    model = write_tiny_gemma(folder / "tiny.gguf", ends=ends)
    weighed: list[Memory] = []
    how = Running(context=16384, parallel=parallel, threads=1)
    async with provider.running(model, "gemma-tiny", how, folder / "gemma.log", weighed.append) as process:
        yield Local(provider, process, weighed[0])


@pytest.fixture
async def gemma(tmp_path: Path) -> AsyncIterator[Local]:
    async with running(tmp_path, ends=True) as local:
        yield local


@pytest.fixture
async def endless(tmp_path: Path) -> AsyncIterator[Local]:
    """A model that goes on to its token limit, one answer at a time."""
    async with running(tmp_path, ends=False, parallel=1) as local:
        yield local


@pytest.mark.parametrize("shape", [CoursePlan, LessonDraft, AssessmentDraft])
async def test_a_document_is_json_of_the_shape_asked_for(gemma: Local, shape: type[msgspec.Struct]) -> None:
    schema = provider_schema(shape, GemmaServer.omits)
    body = {
        "messages": [{"role": "user", "content": "Task"}],
        "response_format": msgspec.json.decode(json_schema_format(shape.__name__, schema)),
        "max_completion_tokens": LIMIT,
    }
    async with gemma.client() as client:
        [choice] = (await client.post("/v1/chat/completions", json=body)).json()["choices"]
    assert choice["finish_reason"] == "stop"
    jsonschema.validate(msgspec.json.decode(choice["message"]["content"]), schema)


async def test_a_draft_is_valid_or_else_refused_as_malformed(gemma: Local) -> None:
    valid_ones = 0
    for _ in range(30):
        if valid_ones:
            break
        with suppress_malformed():
            plan, written = await gemma.provider.write(PlanCourse(brief=BRIEF))
            assert valid(plan, CoursePlan)
            assert (written.provider, written.model, written.degraded) == ("gemma", "gemma-tiny", False)
            assert written.usage.prompt_tokens > 0 < written.usage.answer_tokens
            valid_ones += 1
    assert valid_ones, "a plan needs little sense to be valid"
    plan = CoursePlan("t", "d", [], [], [ModulePlan(n, "s", [], [LessonPlan("l", "f", 5)]) for n in "abcd"])
    with suppress_malformed():
        lesson, _ = await gemma.provider.write(WriteLesson(brief=BRIEF, plan=plan, module=0, lesson=0))
        assert valid(lesson, LessonDraft)


@contextmanager
def suppress_malformed() -> Iterator[None]:
    """A random model's documents may lack sense; every other fault is one."""
    try:
        yield
    except ModelFault as fault:
        if fault.kind != "malformed":
            raise


async def test_the_tutor_streams_pieces_that_make_one_answer(gemma: Local) -> None:
    sink = Sink()
    written = await gemma.provider.stream(ASKED, sink)
    assert sink.pieces
    assert all(sink.pieces)
    assert sink.restarts == 0
    assert (written.provider, written.model) == ("gemma", "gemma-tiny")
    assert written.usage.prompt_tokens > 0 < written.usage.answer_tokens


async def test_its_memory_is_told_before_it_is_loaded(gemma: Local, tmp_path: Path) -> None:
    assert gemma.memory.weights == (tmp_path / "tiny.gguf").stat().st_size
    assert 0 < gemma.memory.needed < gemma.memory.free


async def test_only_who_has_the_key_is_answered(gemma: Local) -> None:
    async with httpx.AsyncClient(base_url=gemma.process.address) as stranger:
        assert (await stranger.post("/v1/chat/completions", json={})).status_code == 401
    assert gemma.process.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("sink", [Sink, Stuck])
async def test_cancelling_a_stream_stops_the_model_within_a_second(endless: Local, sink: type[Sink]) -> None:
    shown = sink()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(endless.provider.stream, ASKED, shown)
        await shown.changed.wait()
        tasks.cancel_scope.cancel()
    await endless.until_idle(within=1)
    assert await endless.metric("tokens_predicted_total") < LIMIT


async def test_cancelling_a_document_stops_the_model_within_a_second(endless: Local) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(endless.provider.write, PlanCourse(brief=BRIEF))
        with anyio.fail_after(10):
            while not await endless.metric("requests_processing"):
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    await endless.until_idle(within=1)
    assert await endless.metric("tokens_predicted_total") < LIMIT


async def test_a_sinks_own_failure_comes_through_and_stops_the_model(endless: Local) -> None:
    with pytest.raises(KeyError):
        await endless.provider.stream(ASKED, Broken())
    await endless.until_idle(within=1)


async def test_an_answer_at_its_token_limit_is_truncated(endless: Local) -> None:
    with pytest.raises(ModelFault) as caught:
        await endless.provider.stream(ASKED, Sink())
    assert caught.value.kind == "truncated"


async def test_a_conversation_longer_than_the_context_is_an_invalid_request(gemma: Local) -> None:
    long = TutorTask(turns=ASKED.turns, resource_title="Leaves", resource_text="leaf " * 4000)
    with pytest.raises(ModelFault) as caught:
        await gemma.provider.stream(long, Sink())
    assert caught.value.kind == "invalid_request"


async def test_a_process_that_dies_under_an_answer_cuts_it(endless: Local, tmp_path: Path) -> None:
    sink = Sink()

    async def kill() -> None:
        await sink.changed.wait()
        for process in model_processes():
            process.kill()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kill)
        with pytest.raises(ModelFault) as caught:
            await endless.provider.stream(ASKED, sink)
    assert caught.value.kind == "cut"
    assert await endless.process.ended() == f"the model was ended by SIGKILL (log: {tmp_path / 'gemma.log'})"


async def test_more_than_may_wait_are_refused_at_once(endless: Local) -> None:
    sinks = [Sink() for _ in range(1 + WAITING)]
    async with anyio.create_task_group() as tasks:
        for sink in sinks:
            tasks.start_soon(endless.provider.stream, ASKED, sink)
        await sinks[0].changed.wait()
        with pytest.raises(ModelFault) as caught:
            await endless.provider.stream(ASKED, Sink())
        tasks.cancel_scope.cancel()
    assert caught.value.kind == "rate_limited"
    assert caught.value.retry_after
    assert not any(sink.pieces for sink in sinks[1:])


async def test_who_waits_too_long_is_told_that_it_is_busy(tmp_path: Path) -> None:
    impatient = Timeouts(first_token=0.2, token=5, total=20)
    async with (
        running(tmp_path, ends=False, parallel=1, timeouts=impatient) as local,
        anyio.create_task_group() as tasks,
    ):
        stuck = Stuck()
        tasks.start_soon(local.provider.stream, ASKED, stuck)
        await stuck.changed.wait()
        with pytest.raises(ModelFault) as caught:
            await local.provider.stream(ASKED, Sink())
        tasks.cancel_scope.cancel()
    assert caught.value.kind == "rate_limited"


async def test_before_a_model_is_loaded_it_refuses() -> None:
    provider = LocalGemma(parallel=1, timeouts=PATIENT)
    for asking in (provider.write(PlanCourse(brief=BRIEF)), provider.stream(ASKED, Sink())):
        with pytest.raises(ModelFault) as caught:
            await asking
        assert (caught.value.kind, caught.value.provider) == ("refused", "gemma")


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"GGUF" + bytes(60), b"GGUF\x03\0\0\0" + b"\xff" * 60, b"PK\x03\x04"]
)
async def test_what_is_no_model_is_refused_with_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(content)
    provider = LocalGemma(parallel=1, timeouts=PATIENT)
    with pytest.raises(ArtifactFault) as caught:
        async with provider.running(path, "no", Running(4096, 1, 1), tmp_path / "gemma.log", lambda _: None):
            raise AssertionError("it was loaded")
    assert caught.value.reason == "unloadable"
    assert len(caught.value.detail.splitlines()) == 1


async def test_a_file_whose_end_is_missing_is_refused_by_llama(tmp_path: Path) -> None:
    path = write_tiny_gemma(tmp_path / "half.gguf")
    path.write_bytes(path.read_bytes()[:200_000])
    provider = LocalGemma(parallel=1, timeouts=PATIENT)
    with pytest.raises(ArtifactFault, match=r"llama\.cpp cannot load") as caught:
        async with provider.running(path, "half", Running(4096, 1, 1), tmp_path / "gemma.log", lambda _: None):
            raise AssertionError("it was loaded")
    assert caught.value.reason == "unloadable"


async def test_any_compatible_server_will_do() -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(LoopbackOpenAI.running())
        provider = await open_gemma_server(
            api_key="k", base_url=f"{server.address}/v1", model="gpt-gemma", timeouts=PATIENT
        )
        stack.push_async_callback(provider.aclose)
        assert (await provider.stream(ASKED, Sink())).provider == "gemma"
        assert {entry.model for entry in server.requests} == {"gpt-gemma"}
