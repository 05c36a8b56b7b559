"""A provider's circuit breaker: one for the whole cluster, whose time is the injected clock's."""

from collections.abc import AsyncIterator

import anyio
import pytest

from lyo_rt.database.pool import Database
from lyo_rt.language_models import breakers
from lyo_rt.language_models.gemma.provider import LocalGemma
from lyo_rt.language_models.purchases import Route
from lyo_rt.language_models.routing import Router
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.problems import ModelUnavailable
from tests.loopback.script import Behaviour
from tests.lyo_rt.routers import ASKER, HandClock, Providers, breaker, plan_of, providers, router

pytestmark = pytest.mark.anyio

DOWN = Behaviour(kind="cut")
"""A fault after which the same provider is not asked at once, so each request is one failure."""
NO_PATIENCE = Timeouts(first_token=0.01, token=5, total=0.01)


@pytest.fixture
async def both() -> AsyncIterator[Providers]:
    async with providers() as running:
        yield running


class Cluster:
    """Two instances on one database, with one clock."""

    def __init__(self, clock: HandClock, here: Router, there: Router, database: Database) -> None:
        self.clock = clock
        self.here = here
        self.there = there
        self._database = database
        self._topics = iter(range(1000))

    async def ask(self, router: Router) -> str | float:
        """Who answered a new question; or the wait that was told."""
        try:
            _, written = await router.write(plan_of(f"topic {next(self._topics)}"), ASKER)
        except ModelUnavailable as fault:
            return fault.retry_after or 0.0
        return written.provider

    async def state(self) -> str:
        """Of OpenAI's breaker."""
        found = {one.provider: one for one in await breakers.list_breakers(self._database)}
        return found["openai"].state(self.clock.now())


@pytest.fixture
async def cluster(both: Providers, database: Database) -> Cluster:
    clock = HandClock()
    here, there = [
        await router(database, both.to_openai, clock=clock, timeouts=NO_PATIENCE, instance=n) for n in (1, 2)
    ]
    return Cluster(clock, here, there, database)


async def fail(cluster: Cluster, both: Providers, times: int) -> None:
    """So many failures in a row, on both instances by turns."""
    for n in range(times):
        both.openai.queue(DOWN)
        await cluster.ask((cluster.here, cluster.there)[n % 2])


async def test_five_failures_in_a_row_open_it_for_all_for_a_minute(cluster: Cluster, both: Providers) -> None:
    await fail(cluster, both, 4)
    assert await cluster.state() == "closed"
    await fail(cluster, both, 1)
    assert await cluster.state() == "open"
    assert [await cluster.ask(cluster.there), await cluster.ask(cluster.here)] == [60.0, 60.0]
    cluster.clock.move(59)
    assert [await cluster.ask(cluster.there), await cluster.ask(cluster.here)] == [1.0, 1.0]
    assert len(both.openai.requests) == 5
    cluster.clock.move(1)
    assert await cluster.state() == "half-open"
    assert await cluster.ask(cluster.there) == "openai"


async def test_a_success_between_begins_the_count_anew(cluster: Cluster, both: Providers) -> None:
    await fail(cluster, both, 4)
    assert await cluster.ask(cluster.there) == "openai"
    await fail(cluster, both, 4)
    assert await cluster.state() == "closed"


async def test_retries_are_counted(cluster: Cluster, both: Providers, database: Database) -> None:
    await fail(cluster, both, 3)
    both.openai.queue(*[Behaviour(kind="status", status=500)] * 3)
    patient = await router(
        database, both.to_openai, clock=cluster.clock, timeouts=Timeouts(first_token=5, token=5, total=5)
    )
    assert await cluster.ask(patient) == 60.0
    assert len(both.openai.requests) == 5, "the second of three tries has opened it"


async def test_three_successes_close_it(cluster: Cluster, both: Providers, database: Database) -> None:
    await fail(cluster, both, 5)
    cluster.clock.move(60)
    for n in range(3):
        assert await cluster.state() == "half-open"
        assert await cluster.ask((cluster.here, cluster.there)[n % 2]) == "openai"
    assert await cluster.state() == "closed"
    assert (await breaker(database, "openai"))["failures"] == 0
    await fail(cluster, both, 4)
    assert await cluster.state() == "closed"


async def test_a_failure_of_a_probe_opens_it_again(cluster: Cluster, both: Providers, database: Database) -> None:
    await fail(cluster, both, 5)
    cluster.clock.move(60)
    assert await cluster.ask(cluster.here) == "openai"
    await fail(cluster, both, 1)
    assert await cluster.state() == "open"
    assert await cluster.ask(cluster.there) == 60.0
    assert (await breaker(database, "openai"))["successes"] == 0


async def test_half_open_it_lets_one_call_of_the_cluster_through(cluster: Cluster, both: Providers) -> None:
    await fail(cluster, both, 5)
    cluster.clock.move(60)
    both.openai.delay = 0.3
    answers: list[str | float] = []

    async def ask(router: Router) -> None:
        answers.append(await cluster.ask(router))

    async with anyio.create_task_group() as tasks:
        for n in range(40):
            tasks.start_soon(ask, (cluster.here, cluster.there)[n % 2])
    assert answers.count("openai") == 1
    assert answers.count(1.0) == 39
    assert len(both.openai.requests) == 6


async def test_a_probe_that_never_ends_is_not_waited_for_for_ever(
    cluster: Cluster, both: Providers, database: Database
) -> None:
    await fail(cluster, both, 5)
    cluster.clock.move(60)
    await database.execute("UPDATE ai_breakers SET probe = gen_random_uuid(), probe_until = $1", cluster.clock.now())
    assert await cluster.ask(cluster.here) == "openai"


async def test_a_cancelled_probe_makes_way_for_the_next(cluster: Cluster, both: Providers) -> None:
    await fail(cluster, both, 5)
    cluster.clock.move(60)
    both.openai.queue(Behaviour(kind="hang"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cluster.ask, cluster.here)
        await both.openai.until("running")
        assert await cluster.ask(cluster.there) == 1.0
        tasks.cancel_scope.cancel()
    assert await cluster.state() == "half-open"
    cluster.clock.move(1)
    assert await cluster.ask(cluster.there) == "openai"


async def test_a_model_of_one_instance_is_no_matter_of_the_others(both: Providers, database: Database) -> None:
    absent = LocalGemma(parallel=1, timeouts=NO_PATIENCE)
    own = Route(absent, model="gemma", model_complex="gemma", answer_tokens=4096, local=True)
    model = await router(database, own, both.to_openai)
    for n in range(6):
        _, written = await model.write(plan_of(f"topic {n}"), ASKER)
        assert written.provider == "openai"
    assert [one.provider for one in await breakers.list_breakers(database)] == ["openai"]
    assert await database.fetchval("SELECT count(*) FROM ai_usage WHERE provider = 'gemma'") == 6


@pytest.mark.parametrize("behaviour", [Behaviour(kind="blocked"), Behaviour(kind="status", status=400)])
async def test_what_the_request_is_to_blame_for_does_not_count(
    cluster: Cluster, both: Providers, behaviour: Behaviour
) -> None:
    for _ in range(6):
        both.openai.queue(behaviour)
        await cluster.ask(cluster.here)
    assert await cluster.state() == "closed"
