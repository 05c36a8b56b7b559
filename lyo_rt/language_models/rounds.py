"""A request's next call in the ledger: what came of the one before is written, and the next is reserved for, at once.

One statement, so that nobody else's call for the same answer comes between the two, and no budget is charged twice.
"""

from lyo_rt.database.pool import Queries
from lyo_rt.language_models.booking import Room
from lyo_rt.language_models.budgets import Limits
from lyo_rt.language_models.ledger import Call, Ending

_FOLLOW = """
WITH former AS (
    UPDATE ai_usage SET outcome = 'failed', fault = $3, prompt_tokens = $4, answer_tokens = $5, cost = $6,
        latency_ms = $7, ended_at = $8
    WHERE id = $2 AND outcome IN ('started', 'ambiguous') RETURNING reserved_tokens, reserved_cost
), request AS (
    SELECT id, user_id, instance, work, request, shared, attempt, provider, model, day, purpose FROM ai_usage
    WHERE id = $2
), again AS (
    SELECT FROM ai_usage WHERE id = $1
), settled AS (
    SELECT coalesce((SELECT $4::bigint + $5::bigint - reserved_tokens FROM former), 0) AS tokens,
        coalesce((SELECT coalesce($6::numeric, 0) - coalesce(reserved_cost, 0) FROM former), 0) AS cost
), user_budget AS (
    SELECT b.tokens + settled.tokens AS tokens FROM ai_user_budgets b, request, settled
    WHERE b.day = request.day AND b.user_id = request.user_id FOR UPDATE OF b
), budget AS (
    SELECT b.cost + settled.cost AS cost FROM ai_budgets b, request, settled
    WHERE b.day = request.day AND (SELECT count(*) FROM user_budget) >= 0 FOR UPDATE OF b
), begun AS (
    INSERT INTO ai_usage (id, user_id, instance, work, request, shared, attempt, provider, model, reserved_tokens,
        reserved_cost, started_at, day, purpose, outcome)
    SELECT $1, user_id, instance, work, request, shared, attempt, provider, model, $9, $10, $11, day, purpose, 'started'
    FROM request
    WHERE (SELECT count(*) FROM former) >= 0 AND NOT EXISTS (SELECT FROM again)
        AND ($12::bigint IS NULL OR (SELECT tokens + $9 <= $12 FROM user_budget))
        AND ($13::numeric IS NULL OR (SELECT cost + coalesce($10::numeric, 0) <= $13 FROM budget))
    RETURNING id
), booked_on_user AS (
    UPDATE ai_user_budgets b SET tokens = b.tokens + settled.tokens
        + CASE WHEN EXISTS (SELECT FROM begun) THEN $9 ELSE 0 END
    FROM request, settled WHERE b.day = request.day AND b.user_id = request.user_id
), booked AS (
    UPDATE ai_budgets b SET cost = b.cost + settled.cost
        + CASE WHEN EXISTS (SELECT FROM begun) THEN coalesce($10, 0) ELSE 0 END
    FROM request, settled WHERE b.day = request.day
), probing AS (
    UPDATE ai_breakers SET probe = $1 WHERE provider = $14 AND probe = $2 AND EXISTS (SELECT FROM begun)
)
SELECT EXISTS (SELECT FROM begun) OR EXISTS (SELECT FROM again) AS admitted,
    (SELECT tokens FROM user_budget) AS user_tokens, (SELECT cost FROM budget) AS cost
"""


async def follow(queries: Queries, former: Call, ending: Ending, call: Call, *, limits: Limits) -> Room | None:
    """Settle `former` and begin `call`; None once it may be sent, else what is booked on the budgets it does not fit
    into. May be sent again: what has been settled or begun stays as it is."""
    row = await queries.fetchrow(
        _FOLLOW,
        call.id,
        former.id,
        ending.fault,
        ending.prompt_tokens,
        ending.answer_tokens,
        ending.cost,
        ending.latency_ms,
        ending.ended,
        call.tokens,
        call.cost,
        call.began,
        limits.user_tokens if call.user else None,
        limits.dollars,
        call.breaker,
    )
    if row is None:
        raise RuntimeError("one row is always selected")
    return None if row["admitted"] else Room(row["user_tokens"], row["cost"])
