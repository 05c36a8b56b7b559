"""What language models were used for, and what that cost."""

from datetime import timedelta

from quart import Blueprint, Response, request

from api.authentication import signed_in, who
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt.language_models import usage
from lyo_rt.language_models.budgets import resets_at
from lyo_rt.language_models.usage import Costs, Usage
from lyo_rt.problems import Fault, InvalidInput

blueprint = Blueprint("ai_usage", __name__, url_prefix="/v1")

MOST_DAYS = 90
NOT_STORED = {"Cache-Control": "private, no-store"}


@blueprint.get("/ai/usage")
@answers(Usage, headers=NOT_STORED)
@signed_in
async def read_usage() -> Response:
    """Read what one has used today, and what is left.

    Days are UTC's. A request that would not fit into what is left is refused with 429 `budget-exhausted`.
    """
    now = services().clock.now()
    purposes = await usage.of_learner(services().database, who().user_id, now.date())
    tokens = sum(purpose.tokens for purpose in purposes)
    limit = services().settings.ai_user_daily_tokens
    return json_answer(
        Usage(
            day=now.date(),
            calls=sum(purpose.calls for purpose in purposes),
            tokens=tokens,
            cost_usd=sum(purpose.cost_usd or 0.0 for purpose in purposes),
            unpriced_calls=sum(purpose.unpriced_calls for purpose in purposes),
            limit_tokens=limit,
            remaining_tokens=None if limit is None else max(0, limit - tokens),
            resets_at=resets_at(now),
            purposes=purposes,
        ),
        headers=NOT_STORED,
    )


@blueprint.get("/admin/ai/costs")
@answers(
    Costs,
    headers=NOT_STORED,
    problems=(InvalidInput,),
    query={
        "days": (
            f"how many days back, 1 to {MOST_DAYS}; 30 when not given",
            {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": 30},
        )
    },
)
@signed_in
async def read_costs() -> Response:
    """Read what language models have cost the deployment, by day and model.

    For admins. Days are UTC's. `ambiguous` calls were in flight when their instance was killed: nobody knows whether
    they were answered, so they count as what was reserved for them.
    """
    now = services().clock.now()
    since = now.date() - timedelta(days=_days() - 1)
    days = await usage.by_model(services().database, since=since)
    today = usage.spent(days, now.date())
    budget = services().settings.ai_daily_budget_usd
    return json_answer(
        Costs(
            days=days,
            cost_usd=usage.spent(days),
            unpriced_calls=sum(one.unpriced_calls for one in days),
            cache=services().model.reuse(),
            today_usd=today,
            budget_usd=None if budget is None else float(budget),
            remaining_usd=usage.remaining_dollars(budget, today),
            resets_at=resets_at(now),
        ),
        headers=NOT_STORED,
    )


def _days() -> int:
    given = request.args.get("days", "30")
    if not (given.isascii() and given.isdecimal() and len(given) < 4 and 1 <= int(given) <= MOST_DAYS):
        raise InvalidInput(errors=[Fault("query:days", f"must be a whole number from 1 to {MOST_DAYS}")])
    return int(given)
