"""Routers over loopback providers and a real ledger, and what the ledger says afterwards."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import Clock, SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.language_models import breakers
from lyo_rt.language_models.answers import Answers
from lyo_rt.language_models.budgets import Limits
from lyo_rt.language_models.gemini import open_gemini
from lyo_rt.language_models.openai import open_openai
from lyo_rt.language_models.outline import Outline
from lyo_rt.language_models.port import Asker
from lyo_rt.language_models.prices import Price
from lyo_rt.language_models.purchases import Purchases, Route
from lyo_rt.language_models.routing import Router
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import CourseBrief, PlanCourse, Turn, TutorTask
from tests.loopback.gemini import Gemini
from tests.loopback.openai import OpenAI

ASKER = Asker("course")
PLAN = PlanCourse(brief=CourseBrief(topic="Optics"))
ASKED = TutorTask(turns=(Turn("user", "What is light?"),), resource_text="Light is a wave. A lens bends it.")
TIMEOUTS = Timeouts(first_token=1, token=1, total=20)
PRICES = {"gpt-s": Price(Decimal(1), Decimal(10)), "gpt-l": Price(Decimal(2), Decimal(20))}
OUTLINE = Route(Outline(), model="lyo-outline", model_complex="lyo-outline", free=True)


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


class HandClock:
    """A clock that a test moves on; deadlines go by the machine's all the same."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self._machine = SystemClock()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


def plan_of(topic: str) -> PlanCourse:
    """A request unlike those for other topics."""
    return PlanCourse(brief=CourseBrief(topic=topic))


class Providers:
    """Gemini and OpenAI, each on its loopback server, and the routes to them."""

    def __init__(self, gemini: Gemini, openai: OpenAI, routes: Sequence[Route]) -> None:
        self.gemini = gemini
        self.openai = openai
        self.to_gemini, self.to_openai = routes


@asynccontextmanager
async def providers(timeouts: Timeouts = TIMEOUTS) -> AsyncIterator[Providers]:
    """Both, running."""
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
        yield Providers(
            gemini,
            openai,
            [
                Route(first, model="gemini-f", model_complex="gemini-p", answer_tokens=8192),
                Route(second, model="gpt-s", model_complex="gpt-l", answer_tokens=4096),
            ],
        )


async def router(
    database: Database,
    *routes: Route,
    clock: Clock | None = None,
    broadcast: Broadcast | None = None,
    limits: Limits | None = None,
    timeouts: Timeouts = TIMEOUTS,
    instance: int = 1,
    shared_seconds: float = 3600,
) -> Router:
    """A router as an instance has it."""
    clock = clock or SystemClock()
    await breakers.add(database, [route.provider.name for route in routes if not route.free and not route.local])
    purchases = Purchases(
        database,
        clock,
        instance=instance,
        limits=limits or Limits(),
        prices=PRICES,
        shared_seconds=shared_seconds,
        longest_call=40,
    )
    answers = Answers(broadcast or InProcessBroadcast(clock), seconds=shared_seconds)
    return Router(routes, purchases, answers, clock, timeouts)


async def calls(database: Database) -> list[tuple[str, str, str | None]]:
    """The ledger: (provider, outcome, fault) in the order in which they began."""
    rows = await database.fetch("SELECT provider, outcome, fault FROM ai_usage ORDER BY started_at, attempt")
    return [(row["provider"], row["outcome"], row["fault"]) for row in rows]


async def breaker(database: Database, provider: str) -> dict[str, Any]:
    """A provider's breaker as stored."""
    row = await database.fetchrow("SELECT * FROM ai_breakers WHERE provider = $1", provider)
    assert row is not None
    return dict(row)


async def learner(database: Database, name: str = "ada") -> UUID:
    """A new learner."""
    user: UUID = await database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name) VALUES ($1, $1, '', $1) RETURNING id",
        f"{name}@example.com",
    )
    return user
