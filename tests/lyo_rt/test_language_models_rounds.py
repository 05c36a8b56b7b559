"""A draft's second and third call: rows of their own, reserved for before they are sent, exact under concurrency."""

from collections.abc import AsyncIterator
from decimal import Decimal
from uuid import uuid4

import anyio
import msgspec
import pytest

from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.language_models import usage
from lyo_rt.language_models.budgets import Limits
from lyo_rt.language_models.port import Asker, Reuse
from lyo_rt.language_models.requests import INSTRUCTION_TOKENS
from lyo_rt.language_models.routing import Router
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.problems import BudgetExhausted, ModelUnavailable
from tests.loopback.script import Behaviour
from tests.lyo_rt.routers import (
    ASKED,
    ASKER,
    PLAN,
    Providers,
    Reader,
    breaker,
    calls,
    learner,
    plan_of,
    providers,
    router,
)

pytestmark = pytest.mark.anyio

PATIENT = Timeouts(first_token=60, token=60, total=60)
TRUNCATED, RUBBISH = Behaviour(kind="truncated"), Behaviour(kind="wrong_schema")


@pytest.fixture
async def both() -> AsyncIterator[Providers]:
    async with providers(PATIENT) as running:
        yield running


async def test_each_call_is_a_row_with_its_own_reserve(both: Providers, database: Database) -> None:
    both.openai.queue(TRUNCATED, RUBBISH)
    user, work = await learner(database), uuid4()
    model = await router(database, both.to_openai, limits=Limits(user_tokens=100_000, dollars=Decimal(5)))
    _, written = await model.write(PLAN, Asker("course", user=user, work=work))
    rows = await database.fetch("SELECT * FROM ai_usage ORDER BY started_at")
    assert [(row["outcome"], row["fault"]) for row in rows] == [
        ("failed", "truncated"),
        ("failed", "malformed"),
        ("done", None),
    ]
    first, longer, mended = (row["reserved_tokens"] for row in rows)
    assert longer - first == 4096, "the same prompt, with room for twice the answer"
    assert mended > longer, "the faulty answer is in the prompt"
    assert {(row["user_id"], row["work"], row["purpose"], row["attempt"]) for row in rows} == {
        (user, work, "course", 1)
    }
    assert sum(row["prompt_tokens"] for row in rows) == written.usage.prompt_tokens
    assert sum(row["answer_tokens"] for row in rows) == written.usage.answer_tokens
    used = written.usage.prompt_tokens + written.usage.answer_tokens
    assert await database.fetchval("SELECT tokens FROM ai_user_budgets") == used
    assert await database.fetchval("SELECT cost FROM ai_budgets") == sum(row["cost"] for row in rows)
    assert (await breaker(database, "openai"))["failures"] == 0


async def test_budgets_are_exact_when_drafts_take_more_than_one_call(both: Providers, database: Database) -> None:
    """On two instances; whichever calls are cut short or make rubbish, no token more than the budget is spent."""
    # A draft fails by two of them: too few to open the breaker, whoever gets which.
    both.openai.queue(*[TRUNCATED, RUBBISH] * 4)
    user = await learner(database)
    limits = Limits(user_tokens=20_000)
    models = [await router(database, both.to_openai, limits=limits, instance=n, timeouts=PATIENT) for n in range(2)]
    ends: list[str] = []

    async def ask(n: int) -> None:
        try:
            await models[n % 2].write(plan_of(f"topic-{n}"), Asker("course", user=user))
        except (BudgetExhausted, ModelUnavailable) as refusal:
            ends.append(refusal.code)
        else:
            ends.append("answered")

    async with anyio.create_task_group() as tasks:
        for n in range(60):
            tasks.start_soon(ask, n)
    rows = await database.fetch("SELECT * FROM ai_usage")
    used = sum(row["prompt_tokens"] + row["answer_tokens"] for row in rows)
    assert len(ends) == 60
    assert ends.count("AI_BUDGET_EXHAUSTED") > 0 < ends.count("answered")
    assert await database.fetchval("SELECT tokens FROM ai_user_budgets") == used <= 20_000
    assert {row["outcome"] for row in rows} == {"done", "failed"}
    assert len(rows) == len(both.openai.requests) > ends.count("answered")


async def test_a_mend_that_is_not_affordable_is_refused_and_what_came_is_paid(
    both: Providers, database: Database
) -> None:
    both.openai.queue(TRUNCATED)
    user = await learner(database)
    asker = Asker("course", user=user)
    model = await router(database, both.to_openai, limits=Limits(user_tokens=8000))
    with pytest.raises(BudgetExhausted):
        await model.write(PLAN, asker)
    assert await calls(database) == [("openai", "failed", "truncated")]
    used = await database.fetchval("SELECT prompt_tokens + answer_tokens FROM ai_usage")
    assert await database.fetchval("SELECT tokens FROM ai_user_budgets") == used > 0


async def test_nobody_buys_what_is_being_mended_elsewhere(both: Providers, database: Database) -> None:
    both.openai.queue(RUBBISH)
    both.openai.delay = 0.3
    here, there = [await router(database, both.to_openai, instance=n, timeouts=PATIENT) for n in (1, 2)]
    plans = []

    async def ask(model: Router) -> None:
        plans.append(await model.write(PLAN, ASKER))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, here)
        await both.openai.until("running")
        for _ in range(5):
            tasks.start_soon(ask, there)
    assert len(both.openai.requests) == 2
    assert all(plan == plans[0] for plan in plans), "the counts of the gates with it"
    assert here.reuse() == Reuse(misses=1)
    assert there.reuse().joins + there.reuse().hits == 5
    assert there.reuse().joins > 0 == there.reuse().misses


async def test_the_probe_of_a_half_open_breaker_may_mend_its_draft(both: Providers, database: Database) -> None:
    model = await router(database, both.to_openai)
    await database.execute("UPDATE ai_breakers SET failures = 5, open_until = now() - interval '1 second'")
    both.openai.queue(RUBBISH)
    both.openai.delay = 0.2
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(model.write, PLAN, ASKER)
        await both.openai.until("running")
        first = (await breaker(database, "openai"))["probe"]
    after = await breaker(database, "openai")
    assert first is not None
    assert (after["probe"], after["successes"]) == (None, 1)


async def test_cancelled_while_it_is_mended_every_call_is_settled(both: Providers, database: Database) -> None:
    both.openai.queue(RUBBISH, Behaviour(kind="hang"))
    model = await router(database, both.to_openai)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(model.write, PLAN, ASKER)
        while len(both.openai.requests) < 2:  # noqa: ASYNC110  (the second request has no event of its own)
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert await calls(database) == [("openai", "failed", "malformed"), ("openai", "cancelled", None)]


async def test_a_draft_that_timed_out_is_booked_as_what_was_sent(database: Database) -> None:
    async with providers(Timeouts(first_token=0.3, token=0.3, total=0.3)) as both:
        both.openai.queue(Behaviour(kind="hang"))
        model = await router(database, both.to_openai, both.to_gemini)
        await model.write(PLAN, ASKER)
    row = await database.fetchrow("SELECT * FROM ai_usage WHERE fault = 'timeout'")
    assert row is not None
    assert row["prompt_tokens"] == row["reserved_tokens"] - 4096 >= INSTRUCTION_TOKENS
    assert row["answer_tokens"] == 0


async def test_a_stream_that_broke_off_is_booked_as_what_was_sent_and_received(
    both: Providers, database: Database
) -> None:
    both.openai.queue(Behaviour(kind="cut", after=3))
    await (await router(database, both.to_openai, both.to_gemini)).stream(ASKED, Reader(), ASKER)
    row = await database.fetchrow("SELECT * FROM ai_usage WHERE fault = 'cut'")
    assert row is not None
    assert row["prompt_tokens"] == row["reserved_tokens"] - 4096
    assert 0 < row["answer_tokens"] < 100


async def test_what_has_no_price_is_counted_and_not_called_free(both: Providers, database: Database) -> None:
    unheard_of = msgspec.structs.replace(both.to_openai, model_complex="unheard-of")
    await (await router(database, unheard_of)).write(PLAN, ASKER)
    await (await router(database, both.to_openai)).stream(ASKED, Reader(), ASKER)
    row = await database.fetchrow("SELECT * FROM ai_usage WHERE purpose = 'course' AND cost IS NULL")
    assert row is not None
    assert row["reserved_cost"] is None
    days = await usage.by_model(database, since=row["day"])
    assert sorted((day.unpriced_calls, day.cost_usd is None) for day in days) == [(0, False), (1, True)]
    assert usage.spent(days) > 0


async def test_a_kept_answer_keeps_what_the_gates_did(both: Providers, database: Database) -> None:
    both.openai.queue(RUBBISH)
    broadcast = InProcessBroadcast(SystemClock())
    here = await router(database, both.to_openai, broadcast=broadcast)
    plan, written = await here.write(PLAN, ASKER)
    assert written.gates.repairs == 1
    assert await here.write(PLAN, ASKER) == (plan, written)
    elsewhere = await router(database, both.to_openai, instance=2)
    assert await elsewhere.write(PLAN, ASKER) == (plan, written), "found in the ledger, with all that both calls took"
    assert (here.reuse(), elsewhere.reuse()) == (Reuse(hits=1, misses=1), Reuse(hits=1))
    assert len(both.openai.requests) == 2
