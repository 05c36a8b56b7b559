"""How much may be used in a day: tokens by each learner, dollars by the deployment. A day is UTC's.

A call's most possible use is reserved before it is sent and settled when it has ended, in the statements of ledger.py;
here is what happens when it does not fit.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries
from lyo_rt.problems import BudgetExhausted

Whose = Literal["user", "deployment"]

_UNKNOWN = "outcome IN ('started', 'ambiguous')"
BOOKED_TOKENS = f"CASE WHEN {_UNKNOWN} THEN reserved_tokens ELSE prompt_tokens + answer_tokens END"
BOOKED_COST = f"CASE WHEN {_UNKNOWN} THEN reserved_cost ELSE cost END"
"""What a row of ai_usage counts against a budget."""


class Limits(msgspec.Struct, frozen=True):
    """The daily budgets; None is no limit, 0 refuses everything."""

    user_tokens: int | None = None
    dollars: Decimal | None = None


def resets_at(now: datetime) -> datetime:
    """The next midnight of UTC."""
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)


def refusal(whose: Whose, limits: Limits, now: datetime) -> BudgetExhausted:
    """The problem that says which budget is used up, and when it resets."""
    reset = resets_at(now)
    told = f"it resets at {reset:%Y-%m-%dT%H:%M:%SZ}"
    if whose == "user":
        detail = f"Your AI budget of {limits.user_tokens} tokens a day is used up; {told}."
    else:
        detail = f"The AI budget of this deployment is used up for today; {told}."
    return BudgetExhausted(detail, retry_after=(reset - now).total_seconds())


def refuses_everything(limits: Limits, user: UUID | None) -> Whose | None:
    """The budget that is 0, if one is."""
    if limits.user_tokens == 0 and user is not None:
        return "user"
    return "deployment" if limits.dollars == 0 else None


async def begin_user_day(queries: Queries, day: date, user: UUID) -> bool:
    """The learner's budget of a day, with what was used of it while it had no limit; False: the learner is gone."""
    found = await queries.fetchval(
        f"""
        WITH learner AS (
            SELECT id FROM users WHERE id = $2
        ), begun AS (
            INSERT INTO ai_user_budgets (day, user_id, tokens)
            SELECT $1, id, (SELECT coalesce(sum({BOOKED_TOKENS}), 0) FROM ai_usage WHERE day = $1 AND user_id = $2)
            FROM learner ON CONFLICT DO NOTHING
        )
        SELECT EXISTS (SELECT FROM learner)
        """,  # noqa: S608  (a constant)
        day,
        user,
    )
    return bool(found)


async def begin_day(queries: Queries, day: date) -> None:
    """The deployment's budget of a day, with what was spent of it while it had no limit."""
    await queries.execute(
        f"""
        INSERT INTO ai_budgets (day, cost) SELECT $1, coalesce(sum({BOOKED_COST}), 0) FROM ai_usage WHERE day = $1
        ON CONFLICT DO NOTHING
        """,  # noqa: S608  (a constant)
        day,
    )


async def user_tokens(queries: Queries, day: date, user: UUID) -> int:
    """What a learner has used of the day's budget, without what calls in flight have reserved."""
    used: int = await queries.fetchval(
        """
        SELECT tokens - (SELECT coalesce(sum(reserved_tokens), 0)::bigint FROM ai_usage
                         WHERE day = $1 AND user_id = $2 AND outcome = 'started')
        FROM ai_user_budgets WHERE day = $1 AND user_id = $2
        """,
        day,
        user,
    )
    return used


async def dollars(queries: Queries, day: date) -> Decimal:
    """What the deployment has spent of the day's budget, without what calls in flight have reserved."""
    spent: Decimal = await queries.fetchval(
        """
        SELECT cost - (SELECT coalesce(sum(reserved_cost), 0) FROM ai_usage WHERE day = $1 AND outcome = 'started')
        FROM ai_budgets WHERE day = $1
        """,
        day,
    )
    return spent
