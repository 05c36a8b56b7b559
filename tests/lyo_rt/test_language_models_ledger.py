"""The ledger: what was bought is never bought again, what is wanted by many is bought once, budgets are exact."""

from collections.abc import AsyncIterator
from decimal import Decimal
from uuid import uuid4

import anyio
import msgspec
import pytest

from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.database.pool import Database
from lyo_rt.language_models import upkeep
from lyo_rt.language_models.budgets import Limits
from lyo_rt.language_models.port import Asker
from lyo_rt.language_models.routing import Router
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.problems import BudgetExhausted
from tests.loopback.script import Behaviour
from tests.lyo_rt.routers import (
    ASKED,
    ASKER,
    OUTLINE,
    PLAN,
    HandClock,
    Providers,
    Reader,
    calls,
    learner,
    plan_of,
    providers,
    router,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def both() -> AsyncIterator[Providers]:
    async with providers() as running:
        yield running


async def test_a_row_is_committed_before_the_request_is_sent(both: Providers, database: Database) -> None:
    both.openai.queue(Behaviour(kind="hang"))
    user, work = await learner(database), uuid4()
    model = await router(database, both.to_openai, instance=7)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(model.write, PLAN, Asker("course", user=user, work=work))
        await both.openai.until("running")
        row = await database.fetchrow("SELECT * FROM ai_usage")
        tasks.cancel_scope.cancel()
    assert row is not None
    assert (row["outcome"], row["provider"], row["model"], row["attempt"]) == ("started", "openai", "gpt-l", 1)
    assert (row["user_id"], row["work"], row["instance"], row["purpose"]) == (user, work, 7, "course")
    assert len(row["request"]) == 32
    prompt = row["reserved_tokens"] - 4096
    assert prompt > 0
    assert row["reserved_cost"] * 1_000_000 == 2 * prompt + 20 * 4096


async def test_a_done_answer_is_not_bought_again_for_the_same_work(both: Providers, database: Database) -> None:
    """The instance was killed between the answer and the checkpoint; another one takes the step over."""
    asker = Asker("course", work=uuid4(), private=True)
    first, written = await (await router(database, both.to_openai, shared_seconds=0)).write(PLAN, asker)
    other = await router(database, both.to_gemini, both.to_openai, instance=2, shared_seconds=0)
    assert await other.write(PLAN, asker) == (first, written)
    assert len(both.openai.requests) == 1
    assert both.gemini.requests == []
    await other.write(PLAN, msgspec.structs.replace(asker, work=uuid4()))
    assert len(both.gemini.requests) == 1, "another work is another purchase"


async def test_a_done_turn_is_shown_again_and_not_bought(both: Providers, database: Database) -> None:
    asker = Asker("tutor", work=uuid4(), private=True)
    here, there = Reader(), Reader()
    written = await (await router(database, both.to_openai)).stream(ASKED, here, asker)
    assert await (await router(database, both.to_openai, instance=2)).stream(ASKED, there, asker) == written
    assert there.shown == here.shown != ""
    assert len(both.openai.requests) == 1


async def test_a_call_in_flight_at_a_kill_is_ambiguous_and_counted(both: Providers, database: Database) -> None:
    both.openai.queue(Behaviour(kind="hang"))
    user = await learner(database)
    asker = Asker("course", user=user, work=uuid4())
    limits = Limits(user_tokens=100_000)
    killed = await router(database, both.to_openai, limits=limits, instance=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(killed.write, PLAN, asker)
        await both.openai.until("running")
        # As the database has it when a process dies: the call is never settled.
        reserved = await database.fetchval("SELECT reserved_tokens FROM ai_usage")
        await (await router(database, both.to_openai, limits=limits, instance=2)).write(PLAN, asker)
        assert sorted(call[1] for call in await calls(database)) == ["ambiguous", "done"]
        used = await database.fetchval("SELECT prompt_tokens + answer_tokens FROM ai_usage WHERE outcome = 'done'")
        assert await database.fetchval("SELECT tokens FROM ai_user_budgets") == reserved + used
        tasks.cancel_scope.cancel()
    # It was only frozen, and lives again: what came of its call is known after all.
    assert sorted(call[1] for call in await calls(database)) == ["cancelled", "done"]


async def test_what_a_lost_instance_had_in_flight_is_ambiguous(both: Providers, database: Database) -> None:
    both.openai.queue(Behaviour(kind="hang"))
    model = await router(database, both.to_openai, instance=5)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(model.write, PLAN, ASKER)
        await both.openai.until("running")
        assert await upkeep.leave_ambiguous(database, [4]) == 0
        assert await upkeep.leave_ambiguous(database, [4, 5]) == 1
        assert await calls(database) == [("openai", "ambiguous", None)]
        tasks.cancel_scope.cancel()


async def test_the_same_question_is_answered_again_for_an_hour(both: Providers, database: Database) -> None:
    clock = HandClock()
    model = await router(database, both.to_openai, clock=clock, broadcast=InProcessBroadcast(clock))
    first, written = await model.write(plan_of("Cafe\u0301 culture"), Asker("course", work=uuid4()))
    assert await model.write(plan_of(" Café culture"), Asker("course", work=uuid4())) == (first, written)
    elsewhere = await router(database, both.to_openai, clock=clock, instance=2)
    assert await elsewhere.write(plan_of("Café culture"), ASKER) == (first, written)
    assert len(both.openai.requests) == 1
    clock.move(3601)
    await elsewhere.write(plan_of("Café culture"), ASKER)
    assert len(both.openai.requests) == 2
    assert len(await calls(database)) == 2, "an answer that serves again is no call"


async def test_private_answers_serve_nobody_else(both: Providers, database: Database) -> None:
    ada, bob = await learner(database, "ada"), await learner(database, "bob")
    model = await router(database, both.to_openai)
    for user, bought in ((ada, 1), (bob, 2), (ada, 2)):
        await model.write(PLAN, Asker("course", user=user, private=True))
        assert len(both.openai.requests) == bought


async def test_a_stampede_buys_once_on_all_instances(both: Providers, database: Database) -> None:
    both.openai.delay = 0.2
    models = [await router(database, both.to_openai, instance=n) for n in range(3)]
    plans = []

    async def ask(model: Router) -> None:
        plan, _ = await model.write(PLAN, Asker("course", work=uuid4()))
        plans.append(plan)

    async with anyio.create_task_group() as tasks:
        for n in range(60):
            tasks.start_soon(ask, models[n % 3])
    assert len(plans) == 60
    assert all(plan == plans[0] for plan in plans)
    assert len(both.openai.requests) == 1


async def test_a_stampede_on_a_provider_that_fails_is_not_refused_with_it(both: Providers, database: Database) -> None:
    both.openai.queue(Behaviour(kind="status", status=503), Behaviour(kind="cut"))
    models = [await router(database, both.to_openai, instance=n) for n in range(2)]
    async with anyio.create_task_group() as tasks:
        for n in range(10):
            tasks.start_soon(models[n % 2].write, PLAN, ASKER)
    assert [call[1] for call in await calls(database)].count("done") == 1


async def test_a_tutor_s_answer_is_another_one_when_asked_again(both: Providers, database: Database) -> None:
    model = await router(database, both.to_openai)
    for _ in range(2):
        await model.stream(ASKED, Reader(), Asker("tutor", work=uuid4(), private=True))
    assert len(both.openai.requests) == 2


class TestBudgets:
    async def test_a_learner_s_budget_is_exact_under_concurrency(self, both: Providers, database: Database) -> None:
        """200 learners' requests at once: as many are answered as fit, the others are told when it resets."""
        user = await learner(database)
        price = await self._price(both, database)
        limits = Limits(user_tokens=20 * price + 6000)
        patient = Timeouts(first_token=20, token=20, total=20)
        models = [await router(database, both.to_openai, limits=limits, instance=n, timeouts=patient) for n in range(2)]
        answered, refusals = await self._ask_all(models, user)
        used = await database.fetchval(
            "SELECT sum(prompt_tokens + answer_tokens) FROM ai_usage WHERE user_id = $1", user
        )
        assert len(answered) + len(refusals) == 200
        assert used == await database.fetchval("SELECT tokens FROM ai_user_budgets WHERE user_id = $1", user)
        assert used == len(answered) * price
        assert len(answered) >= 20
        assert used <= (limits.user_tokens or 0)
        assert used + 4096 + 2000 > (limits.user_tokens or 0), "refused only when the next did not fit"
        assert len(both.openai.requests) == len(answered) + 1

    async def test_the_deployment_s_budget_is_exact_under_concurrency(
        self, both: Providers, database: Database
    ) -> None:
        limits = Limits(dollars=Decimal("0.5"))
        patient = Timeouts(first_token=20, token=20, total=20)
        models = [await router(database, both.to_openai, limits=limits, instance=n, timeouts=patient) for n in range(2)]
        answered, refusals = await self._ask_all(models, None)
        spent = await database.fetchval("SELECT sum(cost) FROM ai_usage")
        assert len(answered) + len(refusals) == 200
        assert refusals
        assert spent == await database.fetchval("SELECT cost FROM ai_budgets")
        assert Decimal("0.5") - Decimal("0.09") < spent <= Decimal("0.5")

    async def test_the_refusal_says_which_and_until_when(self, both: Providers, database: Database) -> None:
        clock = HandClock()
        user = await learner(database)
        model = await router(database, both.to_openai, clock=clock, limits=Limits(user_tokens=4000))
        with pytest.raises(BudgetExhausted) as caught:
            await model.write(PLAN, Asker("course", user=user))
        assert caught.value.status == 429
        assert caught.value.headers["Retry-After"] == str(12 * 3600)
        assert str(caught.value) == (
            "Your AI budget of 4000 tokens a day is used up; it resets at 2026-11-22T00:00:00Z."
        )
        await model.write(PLAN, ASKER)
        poor = await router(database, both.to_openai, clock=clock, limits=Limits(dollars=Decimal("0.05")))
        with pytest.raises(BudgetExhausted, match="budget of this deployment is used up for today"):
            await poor.write(plan_of("another"), ASKER)
        assert len(both.openai.requests) == 1

    async def test_tomorrow_there_is_a_new_budget(self, both: Providers, database: Database) -> None:
        clock = HandClock()
        asker = Asker("course", user=await learner(database))
        reserve = await self._price(both, database, "reserved_tokens")
        model = await router(database, both.to_openai, clock=clock, limits=Limits(user_tokens=reserve))
        await model.write(plan_of("topic-a"), asker)
        with pytest.raises(BudgetExhausted):
            await model.write(plan_of("topic-b"), asker)
        clock.move(86_400)
        await model.write(plan_of("topic-b"), asker)

    async def test_what_was_used_without_a_limit_counts_once_there_is_one(
        self, both: Providers, database: Database
    ) -> None:
        asker = Asker("course", user=await learner(database))
        await (await router(database, both.to_openai)).write(plan_of("a"), asker)
        used = await database.fetchval("SELECT prompt_tokens + answer_tokens FROM ai_usage")
        reserve = await database.fetchval("SELECT reserved_tokens FROM ai_usage")
        limited = await router(database, both.to_openai, limits=Limits(user_tokens=reserve, dollars=Decimal(1)))
        with pytest.raises(BudgetExhausted):
            await limited.write(plan_of("b"), asker)
        assert await database.fetchval("SELECT tokens FROM ai_user_budgets") == used

    @pytest.mark.parametrize("limits", [Limits(user_tokens=0), Limits(dollars=Decimal(0))])
    async def test_zero_refuses_everything(self, database: Database, limits: Limits) -> None:
        asker = Asker("tutor", user=await learner(database))
        with pytest.raises(BudgetExhausted):
            await (await router(database, OUTLINE, limits=limits)).stream(ASKED, Reader(), asker)

    async def test_a_call_that_failed_gives_its_reserve_back(self, both: Providers, database: Database) -> None:
        both.openai.queue(Behaviour(kind="status", status=400))
        both.gemini.queue(Behaviour(kind="wrong_schema"), Behaviour(kind="wrong_schema"))
        user = await learner(database)
        limits = Limits(user_tokens=100_000, dollars=Decimal(5))
        model = await router(database, both.to_openai, both.to_gemini, OUTLINE, limits=limits)
        await model.write(PLAN, Asker("course", user=user))
        assert await calls(database) == [
            ("openai", "failed", "invalid_request"),
            ("gemini", "failed", "malformed"),
            ("gemini", "failed", "malformed"),
            ("outline", "done", None),
        ]
        rows = await database.fetch("SELECT * FROM ai_usage WHERE outcome = 'failed' ORDER BY started_at")
        used = [row["prompt_tokens"] + row["answer_tokens"] for row in rows]
        assert used[0] == 0
        assert all(0 < tokens < row["reserved_tokens"] for tokens, row in zip(used[1:], rows[1:], strict=True))
        rubbish = sum(used)
        assert await database.fetchval("SELECT tokens FROM ai_user_budgets") == rubbish

    async def _price(self, both: Providers, database: Database, what: str = "prompt_tokens + answer_tokens") -> int:
        """Tokens of one answer; every topic here has as many words."""
        await (await router(database, both.to_openai)).write(plan_of("topic-x"), ASKER)
        tokens: int = await database.fetchval(f"SELECT {what} FROM ai_usage")  # noqa: S608
        return tokens

    async def _ask_all(self, models: list[Router], user: object) -> tuple[list[int], list[BudgetExhausted]]:
        answered: list[int] = []
        refusals: list[BudgetExhausted] = []

        async def ask(n: int) -> None:
            try:
                await models[n % 2].write(plan_of(f"topic-{n}"), Asker("course", user=user))  # type: ignore[arg-type]
            except BudgetExhausted as refusal:
                refusals.append(refusal)
            else:
                answered.append(n)

        async with anyio.create_task_group() as tasks:
            for n in range(200):
                tasks.start_soon(ask, n)
        return answered, refusals


async def test_answers_are_forgotten_after_a_day_and_what_never_ended_is_ambiguous(
    both: Providers, database: Database
) -> None:
    clock = HandClock()
    await (await router(database, both.to_openai, clock=clock)).write(PLAN, ASKER)
    await database.execute(
        "INSERT INTO ai_usage (instance, purpose, attempt, provider, model, outcome, day, started_at)"
        " VALUES (1, 'course', 1, 'openai', 'gpt-l', 'started', '2026-11-21', $1)",
        clock.now(),
    )
    for seconds, found in ((3600, 0), (86_400, 1)):
        clock.move(seconds)
        assert await upkeep.purge(database, now=clock.now()) == found
        assert await upkeep.leave_stale_ambiguous(database, now=clock.now()) == found


async def test_a_learner_who_goes_leaves_figures_without_a_name_and_no_answer(
    both: Providers, database: Database
) -> None:
    user = await learner(database)
    model = await router(database, both.to_openai, limits=Limits(user_tokens=100_000))
    await model.write(PLAN, Asker("course", user=user))
    await database.execute("DELETE FROM users WHERE id = $1", user)
    assert await database.fetchval("SELECT count(*) FROM ai_usage WHERE user_id IS NULL AND cost > 0") == 1
    assert await database.fetchval("SELECT count(*) FROM ai_answers") == 0
    with pytest.raises(BudgetExhausted):
        await model.write(plan_of("after"), Asker("course", user=user))
