"""An instance is killed around its calls to a language model: nothing is bought twice, and nothing is not counted."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import asyncpg

from tests.scenarios.conftest import Learner, Server, log_of, provider


async def until(connection: "asyncpg.Connection[asyncpg.Record]", query: str, *arguments: Any) -> None:
    """Wait until the query's one value is true."""
    deadline = time.monotonic() + 10
    while not await connection.fetchval(query, *arguments):
        assert time.monotonic() < deadline, query
        await asyncio.sleep(0.02)


def test_an_answer_that_came_before_the_kill_is_not_bought_again(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str
) -> None:
    with provider("openai", delay=0.5) as (address, environment):
        first, second = two_instances(**environment), two_instances(**environment)
        task = learner(first).generate("bought", topic="Sailing by the stars", duration=1)["task_id"]

        async def kill_between_answer_and_checkpoint() -> None:
            keeper, observer = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
            await until(observer, "SELECT EXISTS (SELECT FROM ai_usage WHERE outcome = 'started')")
            async with keeper.transaction():
                await keeper.execute("SELECT FROM leases WHERE id = $1::text::uuid FOR UPDATE", task)
                await until(observer, "SELECT EXISTS (SELECT FROM ai_answers)")
                await until(observer, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
                assert first.end(signal.SIGKILL) == -signal.SIGKILL
                # What it asked of the database last would be carried out after its death.
                await observer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                )
                assert not await observer.fetchval("SELECT count(*) FROM task_steps")
            await keeper.close()
            await observer.close()

        asyncio.run(kill_between_answer_and_checkpoint())
        elsewhere = learner(second)
        assert elsewhere.wait(task)["state"] == "DONE"
        asked = Counter(entry["purpose"] for entry in log_of(address))
        assert asked["plan"] == 1
        assert set(asked.values()) == {1}
        usage = elsewhere.http.get("/v1/ai/usage").json()
        assert usage["calls"] == asked.total()


def test_calls_in_flight_at_the_kill_are_ambiguous_and_counted(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str
) -> None:
    with provider("openai", delay=1) as (address, environment):
        first, second = two_instances(**environment), two_instances(**environment)
        task = learner(first).generate("in-flight", topic="Growing tomatoes", duration=1)["task_id"]

        async def kill_in_flight() -> None:
            observer = await asyncpg.connect(database_url)
            await until(observer, "SELECT EXISTS (SELECT FROM ai_usage WHERE outcome = 'started')")
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
            await until(observer, "SELECT EXISTS (SELECT FROM ai_usage WHERE outcome = 'ambiguous')")
            await observer.close()

        asyncio.run(kill_in_flight())
        elsewhere = learner(second)
        assert elsewhere.wait(task)["state"] == "DONE"
        usage = elsewhere.http.get("/v1/ai/usage").json()
        asked = Counter(entry["purpose"] for entry in log_of(address))
        assert asked["plan"] <= 2
        assert usage["calls"] == sum(asked.values()) + (asked["plan"] == 1), "the request may not have left"
        assert usage["tokens"] > 4096, "what is unknown counts as reserved"
