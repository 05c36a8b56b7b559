"""The router: the next provider answers when one fails, and the reader sees one whole answer."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.language_models.routing import open_model
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.problems import ModelUnavailable
from lyo_rt.settings import InvalidSettings, Settings
from tests.loopback.gemini import Gemini
from tests.loopback.openai import OpenAI
from tests.loopback.script import Behaviour
from tests.lyo_rt.routers import (
    ASKED,
    ASKER,
    OUTLINE,
    PLAN,
    TIMEOUTS,
    Providers,
    Reader,
    breaker,
    calls,
    plan_of,
    providers,
    router,
)

pytestmark = pytest.mark.anyio

IMPATIENT = Timeouts(first_token=0.5, token=0.5, total=0.5)


@pytest.fixture
async def both() -> AsyncIterator[Providers]:
    async with providers() as running:
        yield running


async def test_the_first_provider_answers_alone(both: Providers, database: Database) -> None:
    model = await router(database, both.to_gemini, both.to_openai)
    _, written = await model.write(PLAN, ASKER)
    await model.stream(ASKED, Reader(), ASKER)
    assert written.provider == "gemini"
    assert both.openai.requests == []
    assert await calls(database) == [("gemini", "done", None)] * 2


@pytest.mark.parametrize(("kind", "times"), [("cut", 1), ("blocked", 1), ("truncated", 3), ("malformed", 2)])
async def test_a_failed_draft_is_written_by_the_next(
    both: Providers, database: Database, kind: Any, times: int
) -> None:
    both.gemini.queue(*[Behaviour(kind=kind)] * times)
    _, written = await (await router(database, both.to_gemini, both.to_openai)).write(PLAN, ASKER)
    assert written.provider == "openai"
    assert await calls(database) == [*[("gemini", "failed", kind)] * times, ("openai", "done", None)]


async def test_a_provider_that_only_stumbled_is_asked_again(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="status", status=500), Behaviour(kind="status", status=503))
    _, written = await (await router(database, both.to_gemini, both.to_openai)).write(PLAN, ASKER)
    assert written.provider == "gemini"
    assert both.openai.requests == []
    assert (await breaker(database, "gemini"))["failures"] == 0


async def test_after_three_tries_it_is_the_next_one_s_turn(both: Providers, database: Database) -> None:
    both.gemini.queue(*[Behaviour(kind="status", status=500)] * 3)
    _, written = await (await router(database, both.to_gemini, both.to_openai)).write(PLAN, ASKER)
    assert written.provider == "openai"
    assert [call[:2] for call in await calls(database)] == [("gemini", "failed")] * 3 + [("openai", "done")]
    assert (await breaker(database, "gemini"))["failures"] == 3


@pytest.mark.parametrize("kind", ["status", "hang", "blocked", "empty"])
async def test_before_the_first_token_failover_is_silent(both: Providers, database: Database, kind: Any) -> None:
    both.gemini.queue(*[Behaviour(kind=kind, status=503)] * 3)
    reader = Reader()
    written = await (await router(database, both.to_gemini, both.to_openai)).stream(ASKED, reader, ASKER)
    assert written.provider == "openai"
    assert "restart" not in reader.calls


@pytest.mark.parametrize("kind", ["hang_between", "cut", "truncated"])
async def test_after_the_first_token_the_answer_restarts(both: Providers, database: Database, kind: Any) -> None:
    both.gemini.queue(Behaviour(kind=kind, after=4))
    alone, reader = Reader(), Reader()
    await both.to_openai.provider.stream(ASKED, alone)
    written = await (await router(database, both.to_gemini, both.to_openai)).stream(ASKED, reader, ASKER)
    assert written.provider == "openai"
    assert reader.calls.count("restart") == 1
    assert reader.calls[:5] == ["text"] * 4 + ["restart"]
    assert reader.shown == alone.shown, "no mixed text"


async def test_three_providers_with_two_broken_restart_twice(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="cut", after=2))
    both.openai.queue(Behaviour(kind="cut", after=2))
    reader = Reader()
    written = await (await router(database, both.to_gemini, both.to_openai, OUTLINE)).stream(ASKED, reader, ASKER)
    assert written.degraded
    assert reader.calls.count("restart") == 2
    assert reader.shown.count("?") == 1
    assert [call[:2] for call in await calls(database)] == [
        ("gemini", "failed"), ("openai", "failed"), ("outline", "done")
    ]  # fmt: skip


async def test_a_hundred_learners_notice_nothing_when_a_provider_dies(database: Database) -> None:
    """However slowly: of a hundred answers at once none has its first token in half a second on a busy machine."""
    patient = Timeouts(first_token=60, token=60, total=60)
    async with providers(patient) as both:
        both.gemini.queue(*[Behaviour(kind="cut", after=n % 5) for n in range(100)])
        model = await router(database, both.to_gemini, both.to_openai, timeouts=patient)
        alone, readers = Reader(), [Reader() for _ in range(100)]
        await both.to_openai.provider.stream(ASKED, alone)
        async with anyio.create_task_group() as tasks:
            for reader in readers:
                tasks.start_soon(model.stream, ASKED, reader, ASKER)
        assert all(reader.shown == alone.shown for reader in readers)
        asked = len(both.gemini.requests)
        assert 5 <= asked <= 100, "who comes once its breaker is open does not ask it"
        assert (await breaker(database, "gemini"))["open_until"] is not None
        await model.stream(ASKED, Reader(), ASKER)
        assert len(both.gemini.requests) == asked


async def test_a_provider_that_asks_for_a_pause_has_it_from_everybody(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="status", status=429, retry_after=30))
    here = await router(database, both.to_gemini, both.to_openai)
    there = await router(database, both.to_gemini, both.to_openai, instance=2)
    for model, topic in ((here, "a"), (here, "b"), (there, "c")):
        _, written = await model.write(plan_of(topic), ASKER)
        assert written.provider == "openai"
    assert len(both.gemini.requests) == 1


async def test_a_short_pause_is_waited_for(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="status", status=429, retry_after=0.4))
    model = await router(database, both.to_gemini, both.to_openai)
    began = anyio.current_time()
    _, written = await model.write(PLAN, ASKER)
    assert written.provider == "gemini"
    assert anyio.current_time() - began >= 0.4


async def test_when_all_are_cooling_the_first_to_be_back_is_waited_for(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="status", status=429, retry_after=2.5))
    both.openai.queue(Behaviour(kind="status", status=429, retry_after=40))
    began = anyio.current_time()
    _, written = await (await router(database, both.to_gemini, both.to_openai)).write(PLAN, ASKER)
    assert written.provider == "gemini"
    assert anyio.current_time() - began >= 2.4


async def test_when_nobody_is_back_in_time_the_shortest_wait_is_told(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="status", status=429, retry_after=12))
    both.openai.queue(Behaviour(kind="status", status=503, retry_after=40))
    model = await router(database, both.to_gemini, both.to_openai, timeouts=IMPATIENT)
    for ask in (lambda: model.write(PLAN, ASKER), lambda: model.stream(ASKED, Reader(), ASKER)):
        with pytest.raises(ModelUnavailable) as caught:
            await ask()
        assert 11 < (caught.value.retry_after or 0) <= 12
    assert len(both.gemini.requests) == len(both.openai.requests) == 1


async def test_what_nobody_can_answer_is_refused_at_once(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="blocked"))
    both.openai.queue(Behaviour(kind="status", status=400))
    with pytest.raises(ModelUnavailable) as caught:
        await (await router(database, both.to_gemini, both.to_openai)).write(PLAN, ASKER)
    assert caught.value.headers["Retry-After"] == "30"
    assert [(await breaker(database, name))["failures"] for name in ("gemini", "openai")] == [0, 0]


async def test_cancelling_ends_the_connection_and_settles_the_call(both: Providers, database: Database) -> None:
    both.gemini.queue(Behaviour(kind="hang_between", after=3))
    reader = Reader()
    model = await router(database, both.to_gemini, timeouts=TIMEOUTS)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(model.stream, ASKED, reader, ASKER)
        await both.gemini.until_tokens(3)
        tasks.cancel_scope.cancel()
    await both.gemini.until("disconnected", within=1)
    assert await calls(database) == [("gemini", "cancelled", None)]
    row = await database.fetchrow("SELECT * FROM ai_usage")
    assert row is not None
    assert row["answer_tokens"] >= len(reader.shown) / 4
    assert row["reserved_tokens"] > row["prompt_tokens"] + row["answer_tokens"] > 0


async def test_settings_say_who_is_asked(database: Database) -> None:
    clock = SystemClock()
    async with Gemini.running() as gemini, OpenAI.running() as openai:
        settings = Settings(
            gemini_api_key="k",  # type: ignore[arg-type]
            gemini_base_url=gemini.address,
            openai_api_key="k",  # type: ignore[arg-type]
            openai_base_url=f"{openai.address}/v1",
        )
        gemini.queue(Behaviour(kind="blocked"))
        async with open_model(settings, database, InProcessBroadcast(clock), clock, instance=1) as model:
            _, written = await model.write(PLAN, ASKER)
    assert (written.provider, written.model) == ("openai", "gpt-4o")
    assert gemini.requests[0].model == "gemini-pro-latest"
    row = await database.fetchrow("SELECT * FROM ai_usage WHERE outcome = 'done'")
    assert row is not None
    assert row["cost"] * 1_000_000 == row["prompt_tokens"] * 2.5 + row["answer_tokens"] * 10


async def test_a_budget_in_dollars_needs_prices(database: Database) -> None:
    settings = Settings(
        ai_providers=("openai",),
        ai_daily_budget_usd="1",  # type: ignore[arg-type]
        openai_api_key="k",  # type: ignore[arg-type]
        openai_model="gpt-unheard-of",
    )
    clock = SystemClock()
    with pytest.raises(InvalidSettings) as caught:
        async with open_model(settings, database, InProcessBroadcast(clock), clock, instance=1):
            pass
    assert [line.partition(":")[0] for line in caught.value.lines] == [
        "AI_DAILY_BUDGET_USD needs a price for the model gpt-unheard-of"
    ]


async def test_the_outline_answers_and_is_counted_and_production_has_none(database: Database) -> None:
    _, written = await (await router(database, OUTLINE)).write(PLAN, ASKER)
    assert written.degraded
    assert await calls(database) == [("outline", "done", None)]
    with pytest.raises(ModelUnavailable):
        await (await router(database)).write(PLAN, ASKER)
