"""The router: the next provider answers when one fails, and the reader sees one whole answer."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from lyo_rt.language_models.gemini import open_gemini
from lyo_rt.language_models.openai import open_openai
from lyo_rt.language_models.outline import Outline
from lyo_rt.language_models.port import Asker, Provider
from lyo_rt.language_models.routing import Router, open_model
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import CourseBrief, PlanCourse, Turn, TutorTask
from lyo_rt.problems import ModelUnavailable
from lyo_rt.settings import Settings
from tests.loopback.gemini import Gemini
from tests.loopback.openai import OpenAI
from tests.loopback.script import Behaviour

ASKER = Asker("course")
PLAN = PlanCourse(brief=CourseBrief(topic="Optics"))
ASKED = TutorTask(turns=(Turn("user", "What is light?"),), resource_text="Light is a wave. A lens bends it.")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Reader:
    """What a learner's screen would show."""

    def __init__(self) -> None:
        self.shown = ""
        self.calls: list[str] = []

    async def text(self, piece: str) -> None:
        self.shown += piece
        self.calls.append("text")

    async def restart(self) -> None:
        self.shown = ""
        self.calls.append("restart")


class Both:
    """Gemini before OpenAI, each on its loopback server."""

    def __init__(self, gemini: Gemini, openai: OpenAI, models: list[Provider]) -> None:
        self.gemini = gemini
        self.openai = openai
        self.models = models


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    timeouts = Timeouts(first_token=0.5, token=0.5, total=20)
    async with AsyncExitStack() as stack:
        gemini = await stack.enter_async_context(Gemini.running())
        openai = await stack.enter_async_context(OpenAI.running())
        first = await open_gemini(
            api_key="k", base_url=gemini.address, model="gemini-f", model_complex="gemini-p", timeouts=timeouts
        )
        stack.push_async_callback(first.aclose)
        second = await open_openai(
            api_key="k", base_url=f"{openai.address}/v1", model="gpt-s", model_complex="gpt-l", timeouts=timeouts
        )
        stack.push_async_callback(second.aclose)
        yield Both(gemini, openai, [first, second])


@pytest.mark.anyio
async def test_the_first_provider_answers_alone(both: Both) -> None:
    _, written = await Router(both.models).write(PLAN, ASKER)
    await Router(both.models).stream(ASKED, Reader(), ASKER)
    assert written.provider == "gemini"
    assert both.openai.requests == []


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["status", "cut", "truncated", "blocked"])
async def test_a_failed_draft_is_written_by_the_next(both: Both, kind: Any) -> None:
    both.gemini.queue(Behaviour(kind=kind))
    _, written = await Router(both.models).write(PLAN, ASKER)
    assert written.provider == "openai"


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["status", "hang", "blocked", "empty"])
async def test_before_the_first_token_failover_is_silent(both: Both, kind: Any) -> None:
    both.gemini.queue(Behaviour(kind=kind, status=503))
    reader = Reader()
    written = await Router(both.models).stream(ASKED, reader, ASKER)
    assert written.provider == "openai"
    assert "restart" not in reader.calls


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["hang_between", "cut", "truncated"])
async def test_after_the_first_token_the_answer_restarts(both: Both, kind: Any) -> None:
    both.gemini.queue(Behaviour(kind=kind, after=4))
    alone, reader = Reader(), Reader()
    await both.models[1].stream(ASKED, alone)
    written = await Router(both.models).stream(ASKED, reader, ASKER)
    assert written.provider == "openai"
    assert reader.calls.count("restart") == 1
    assert reader.calls[:5] == ["text"] * 4 + ["restart"]
    assert reader.shown == alone.shown, "no mixed text"


@pytest.mark.anyio
async def test_three_providers_with_two_broken_restart_twice(both: Both) -> None:
    both.gemini.queue(Behaviour(kind="cut", after=2))
    both.openai.queue(Behaviour(kind="cut", after=2))
    reader = Reader()
    written = await Router([*both.models, Outline()]).stream(ASKED, reader, ASKER)
    assert written.degraded
    assert reader.calls.count("restart") == 2
    assert reader.shown.count("?") == 1


@pytest.mark.anyio
async def test_when_all_fail_the_longest_wait_is_told(both: Both) -> None:
    both.gemini.queue(Behaviour(kind="status", status=429, retry_after=12), Behaviour(kind="status", status=500))
    both.openai.queue(Behaviour(kind="status", status=503, retry_after=40), Behaviour(kind="status", status=500))
    router = Router(both.models)
    with pytest.raises(ModelUnavailable) as caught:
        await router.write(PLAN, ASKER)
    assert caught.value.retry_after == 40
    with pytest.raises(ModelUnavailable) as caught:
        await router.stream(ASKED, Reader(), ASKER)
    assert caught.value.retry_after == 30


@pytest.mark.anyio
async def test_settings_say_who_is_asked() -> None:
    async with Gemini.running() as gemini, OpenAI.running() as openai:
        settings = Settings(
            gemini_api_key="k",  # type: ignore[arg-type]
            gemini_base_url=gemini.address,
            openai_api_key="k",  # type: ignore[arg-type]
            openai_base_url=f"{openai.address}/v1",
        )
        gemini.queue(Behaviour(kind="status", status=500))
        async with open_model(settings) as model:
            _, written = await model.write(PLAN, ASKER)
    assert (written.provider, written.model) == ("openai", "gpt-4o")
    assert gemini.requests[0].model == "gemini-pro-latest"


@pytest.mark.anyio
async def test_without_keys_the_outline_answers_and_production_has_none() -> None:
    async with open_model(Settings(ai_providers=("outline",))) as model:
        _, written = await model.write(PLAN, ASKER)
    assert written.degraded
    with pytest.raises(ModelUnavailable):
        await Router([]).write(PLAN, ASKER)
