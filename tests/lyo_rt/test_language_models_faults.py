"""The fault matrix: a provider fails in every way while another stands behind it; `pytest -rP` shows the table.

For each fault: what the learner saw, the calls that were made, the tokens booked for the one that failed, and what its
circuit breaker made of it.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from lyo_rt.database.pool import Database
from lyo_rt.language_models.openai import open_openai
from lyo_rt.language_models.port import Usage
from lyo_rt.language_models.purchases import Route
from lyo_rt.language_models.retries import UNRELATED
from lyo_rt.language_models.streaming import Timeouts
from tests.loopback.script import Behaviour
from tests.lyo_rt.routers import ASKED, ASKER, Providers, Reader, breaker, plan_of, providers, router

pytestmark = pytest.mark.anyio

SENT = "Mon, 30 Nov 2026 08:00:00 GMT"
LATER = "Mon, 30 Nov 2026 08:00:30 GMT"
BUSY = Behaviour(kind="status", status=429)
BOTH = {
    "429, seconds": [msgspec.structs.replace(BUSY, retry_after=30)],
    "429, milliseconds": [msgspec.structs.replace(BUSY, headers={"retry-after-ms": "30000"})],
    "429, a date": [msgspec.structs.replace(BUSY, headers={"date": SENT, "retry-after": LATER})],
    "500, three times": [Behaviour(kind="status", status=500)] * 3,
    "503, once": [Behaviour(kind="status", status=503)],
    "401": [Behaviour(kind="status", status=401)],
    "400": [Behaviour(kind="status", status=400)],
    "silence": [Behaviour(kind="hang")],
    "cut": [Behaviour(kind="cut")],
    "blocked": [Behaviour(kind="blocked")],
}
OF_A_DRAFT = {
    "no JSON, twice": [Behaviour(kind="malformed")] * 2,
    "wrong schema, twice": [Behaviour(kind="wrong_schema")] * 2,
    "wrong schema, once": [Behaviour(kind="wrong_schema")],
    "truncated, to the end": [Behaviour(kind="truncated")] * 3,
    "truncated, once": [Behaviour(kind="truncated")],
}
OF_A_STREAM = {
    "silence between": [Behaviour(kind="hang_between")],
    "no text": [Behaviour(kind="empty")],
    "truncated": [Behaviour(kind="truncated")],
}
ITSELF = {"503, once", "wrong schema, once", "truncated, once"}
"""After these the provider answers all the same."""
RESTED = {"429, seconds", "429, milliseconds", "429, a date"}
TIMEOUTS = Timeouts(first_token=4, token=4, total=4)


@pytest.fixture
async def both() -> AsyncIterator[Providers]:
    async with providers(Timeouts(first_token=1, token=1, total=2)) as running:
        yield running


class Row(msgspec.Struct, frozen=True):
    """One line of the table."""

    fault: str
    seen: str
    calls: str
    tokens: int
    failures: int
    rest: float


@pytest.mark.parametrize("door", ["write", "stream"])
@pytest.mark.parametrize("first", ["gemini", "openai"])
async def test_whatever_a_provider_does_the_learner_gets_one_whole_answer(
    both: Providers, database: Database, first: str, door: str
) -> None:
    print(f"\n{first}, {door:20} {'saw':38} {'calls':44} {'booked':>7} {'failures':>9} {'rests':>6}")
    faults = BOTH | (OF_A_DRAFT if door == "write" else OF_A_STREAM)
    for fault, behaviours in faults.items():
        row = await faulty(both, database, first, door, fault, behaviours)
        print(f"{row.fault:28} {row.seen:38} {row.calls:44} {row.tokens:7} {row.failures:9} {row.rest:6.1f}")
        assert row.seen.startswith("a whole answer")
        assert row.seen.endswith(first) == (fault in ITSELF)
        assert (29 < row.rest <= 30) == (fault in RESTED)


async def faulty(
    both: Providers, database: Database, first: str, door: str, fault: str, behaviours: list[Behaviour]
) -> Row:
    """Ask, with the first provider behaving so, and look at what came of it."""
    await database.execute("TRUNCATE ai_usage, ai_answers, ai_breakers")
    servers = {"gemini": both.gemini, "openai": both.openai}
    routes = {"gemini": both.to_gemini, "openai": both.to_openai}
    second = "openai" if first == "gemini" else "gemini"
    servers[first].queue(*behaviours)
    asked = len(both.gemini.requests) + len(both.openai.requests)
    model = await router(database, routes[first], routes[second], timeouts=TIMEOUTS)
    if door == "write":
        _, written = await model.write(plan_of(fault), ASKER)
        seen = f"a whole answer of {written.provider}"
    else:
        reader = Reader()
        written = await model.stream(ASKED, reader, ASKER)
        restarted = ", begun anew," if "restart" in reader.calls else ""
        seen = f"a whole answer{restarted} of {written.provider}" if reader.shown.count("?") == 1 else reader.shown
    calls = await database.fetch("SELECT * FROM ai_usage ORDER BY started_at")
    failed = [call for call in calls if call["outcome"] == "failed"]
    stored = await breaker(database, first)
    rest = (stored["rest_until"] - failed[0]["ended_at"]).total_seconds() if stored["rest_until"] else 0.0
    if failed and failed[0]["fault"] in UNRELATED:
        assert stored["failures"] == 0
    elif failed and written.provider != first:
        assert stored["failures"] == len({call["attempt"] for call in failed}), "a draft's rounds fail as one"
    assert calls[-1]["outcome"] == "done"
    last = [call for call in calls if call["attempt"] == calls[-1]["attempt"]]
    used = Usage(sum(call["prompt_tokens"] for call in last), sum(call["answer_tokens"] for call in last))
    assert used == written.usage
    assert len(calls) == len(both.gemini.requests) + len(both.openai.requests) - asked, "every call is a row"
    return Row(
        fault,
        seen,
        " ".join(f"{call['provider']}:{call['fault'] or call['outcome']}" for call in calls),
        sum(call["prompt_tokens"] + call["answer_tokens"] for call in failed),
        stored["failures"],
        rest,
    )


async def test_a_provider_that_is_not_there_costs_nothing(
    both: Providers, database: Database, free_tcp_port: int
) -> None:
    gone = await open_openai(
        api_key="k",
        base_url=f"http://127.0.0.1:{free_tcp_port}/v1",
        model="gpt-s",
        model_complex="gpt-l",
        timeouts=TIMEOUTS,
    )
    route = Route(gone, model="gpt-s", model_complex="gpt-l", answer_tokens=4096)
    _, written = await (await router(database, route, both.to_gemini, timeouts=TIMEOUTS)).write(plan_of("x"), ASKER)
    await gone.aclose()
    rows: list[Any] = list(await database.fetch("SELECT * FROM ai_usage WHERE outcome = 'failed'"))
    assert written.provider == "gemini"
    assert [(row["fault"], row["prompt_tokens"], row["cost"]) for row in rows] == [("refused", 0, 0)] * 3
