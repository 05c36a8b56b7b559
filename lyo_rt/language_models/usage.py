"""What was used and what it cost, as learners and admins are told: read from the ledger."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries, many
from lyo_rt.language_models.budgets import BOOKED_COST, BOOKED_TOKENS
from lyo_rt.language_models.port import Reuse


class PurposeUsage(msgspec.Struct, frozen=True):
    """What one purpose has used. Calls in flight count as what they have reserved; `cost_usd` is null where no call has
    a known price, and `unpriced_calls` are those it does not tell of."""

    purpose: str
    calls: int
    tokens: int
    cost_usd: float | None
    unpriced_calls: int


class Usage(msgspec.Struct, frozen=True):
    """A learner's use of language models today (UTC), and what is left of it; null: there is no limit.

    Answers that were written before for the same request cost nothing and are not in it.
    """

    day: date
    calls: int
    tokens: int
    cost_usd: float
    unpriced_calls: int
    limit_tokens: int | None
    remaining_tokens: int | None
    resets_at: datetime
    purposes: list[PurposeUsage]


class ModelCosts(msgspec.Struct, frozen=True):
    """One model's calls of a day (UTC). `ambiguous`: in flight when their instance ended; they count as reserved.

    `cost_usd` is null where the model has no known price; `unpriced_calls` are those it does not tell of. An answer
    whose faults its author was asked to mend counts as `failed`, the mended one is the next call.
    """

    day: date
    provider: str
    model: str
    calls: int
    done: int
    failed: int
    cancelled: int
    ambiguous: int
    in_flight: int
    prompt_tokens: int
    answer_tokens: int
    cost_usd: float | None
    unpriced_calls: int
    latency_ms: float | None


class Costs(msgspec.Struct, frozen=True):
    """What the deployment has spent, newest day first, and what is left of today's budget; null: there is no limit.

    `unpriced_calls` of all days are of models without a known price: what they cost is not in any sum. `cache` is what
    this instance has counted since its start.
    """

    days: list[ModelCosts]
    cost_usd: float
    unpriced_calls: int
    cache: Reuse
    today_usd: float
    budget_usd: float | None
    remaining_usd: float | None
    resets_at: datetime


async def of_learner(queries: Queries, user: UUID, day: date) -> list[PurposeUsage]:
    """What a learner has used on a day, the most first."""
    rows = await queries.fetch(
        f"""
        SELECT purpose, count(*) AS calls, sum({BOOKED_TOKENS})::bigint AS tokens,
            sum({BOOKED_COST})::float8 AS cost_usd, count(*) FILTER (WHERE {BOOKED_COST} IS NULL) AS unpriced_calls
        FROM ai_usage WHERE user_id = $1 AND day = $2 GROUP BY purpose ORDER BY tokens DESC, purpose
        """,  # noqa: S608  (constants)
        user,
        day,
    )
    return many(PurposeUsage, rows)


async def by_model(queries: Queries, *, since: date) -> list[ModelCosts]:
    """What each model has cost on each day from `since` on, newest first; `latency_ms` is the mean of what was done."""
    rows = await queries.fetch(
        f"""
        SELECT day, provider, model, count(*) AS calls,
            count(*) FILTER (WHERE outcome = 'done') AS done,
            count(*) FILTER (WHERE outcome = 'failed') AS failed,
            count(*) FILTER (WHERE outcome = 'cancelled') AS cancelled,
            count(*) FILTER (WHERE outcome = 'ambiguous') AS ambiguous,
            count(*) FILTER (WHERE outcome = 'started') AS in_flight,
            sum(prompt_tokens)::bigint AS prompt_tokens, sum(answer_tokens)::bigint AS answer_tokens,
            sum({BOOKED_COST})::float8 AS cost_usd, count(*) FILTER (WHERE {BOOKED_COST} IS NULL) AS unpriced_calls,
            round(avg(latency_ms) FILTER (WHERE outcome = 'done'), 1)::float8 AS latency_ms
        FROM ai_usage WHERE day >= $1 GROUP BY day, provider, model
        ORDER BY day DESC, cost_usd DESC NULLS LAST, provider, model
        """,  # noqa: S608  (constants)
        since,
    )
    return many(ModelCosts, rows)


def spent(days: Sequence[ModelCosts], day: date | None = None) -> float:
    """US dollars of all `days`, or of one of them, as far as they are known."""
    return sum(one.cost_usd or 0.0 for one in days if day is None or one.day == day)


def remaining_dollars(budget: Decimal | None, today: float) -> float | None:
    """What is left of a day's budget, never below 0."""
    return None if budget is None else max(0.0, float(budget) - today)
