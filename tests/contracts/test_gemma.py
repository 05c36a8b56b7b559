"""The Provider's promises, asked of gemma: a real llama.cpp in its own process, over a model with random weights.

What such a model cannot keep is what takes sense: that a draft's parts fit together. So a draft is either valid, or
refused for a fault of sense alone, after its one round of mending; its JSON and its shape are right in any case,
because the schema holds the model to them. All else the contract asks of the hosted providers (how a stream ends,
what a cancel does, how faults are told) is asked of gemma too.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx
import pytest

from lyo_rt.language_models.gemma.process import ModelProcess, Running
from lyo_rt.language_models.gemma.provider import WAITING, LocalGemma, open_gemma_server
from lyo_rt.language_models.port import ModelFault
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import (
    AssessmentDraft,
    CoursePlan,
    Exercise,
    LessonDraft,
    PlanCourse,
    TutorTask,
    WriteAssessment,
    WriteLesson,
)
from lyo_rt.models.records import ArtifactFault, Memory
from tests.contracts.test_language_model import ASKED, BRIEF, Broken, Sink, Stuck, valid
from tests.loopback.openai import OpenAI as LoopbackOpenAI
from tests.loopback.tiny_gemma import model_processes, write_tiny_gemma

pytestmark = pytest.mark.anyio

PATIENT = Timeouts(first_token=20, token=20, total=60)
SENSE = re.compile(r"^gemma: malformed: .*(have the title|options|exactly \d+ questions|matching regex)")
"""Faults that no schema can rule out: of parts that do not fit together, and of the pattern llama.cpp does not know."""


class Local(NamedTuple):
    """The provider, its process, and what the model was weighed at."""

    provider: LocalGemma
    process: ModelProcess
    memory: Memory

    async def metric(self, name: str) -> float:
        """One figure of llama.cpp's own."""
        headers = {"authorization": f"Bearer {self.process.key}"}
        async with httpx.AsyncClient(base_url=self.process.address, headers=headers) as client:
            text = (await client.get("/metrics")).text
        return float(re.findall(rf"^llamacpp:{name} (\S+)$", text, re.MULTILINE)[0])

    async def until_idle(self, within: float) -> None:
        with anyio.fail_after(within):
            while await self.metric("requests_processing"):
                await anyio.sleep(0.02)


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


async def test_each_draft_has_its_shape_and_lacks_sense_alone(gemma: Local) -> None:
    plan, written = await gemma.provider.write(PlanCourse(brief=BRIEF))
    assert valid(plan, CoursePlan)
    assert (written.provider, written.model, written.degraded) == ("gemma", "gemma-tiny", False)
    assert written.usage.prompt_tokens > 0 < written.usage.answer_tokens
    lesson = LessonDraft("s", "t", [], Exercise("e", "i", 5), [])
    for task, shape in (
        (WriteLesson(brief=BRIEF, plan=plan, module=0, lesson=0), LessonDraft),
        (WriteAssessment(brief=BRIEF, plan=plan, module=0, lessons=(lesson,), questions=3), AssessmentDraft),
    ):
        try:
            draft, _ = await gemma.provider.write(task)
        except ModelFault as fault:
            assert SENSE.match(str(fault)), fault
        else:
            assert valid(draft, shape)


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
    assert await endless.metric("tokens_predicted_total") < 4096


async def test_cancelling_a_document_stops_the_model_within_a_second(endless: Local) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(endless.provider.write, PlanCourse(brief=BRIEF))
        with anyio.fail_after(10):
            while not await endless.metric("requests_processing"):
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    await endless.until_idle(within=1)


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
    async with running(tmp_path, ends=False, parallel=1, timeouts=impatient) as local:
        async with anyio.create_task_group() as tasks:
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
