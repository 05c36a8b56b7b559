"""The call ledger: two statements a call. One before the request is sent, one when it has ended.

The first looks for the answer (bought before for the same work, or within the cache's time for a request that may share
it), at the provider's breaker and at the budgets, and only if all let it through writes the row `started` and reserves.
The second writes what came of it, keeps the answer, settles the budgets and counts for the breaker. Rows are locked in
one order: the user's budget, the deployment's, the breaker. Both may be sent again when it is not known whether they
were carried out.

Neither waits for the disk (0.35 ms in place of 0.65): every later commit of its database writes them too, that of what
the answer is for among them, so nothing that was acknowledged stands on a call that is forgotten. A killed instance
loses nothing, and a PostgreSQL that crashes forgets at most the calls of its last half second.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Queries, Row
from lyo_rt.language_models.breakers import COUNT, Breaker, Verdict
from lyo_rt.language_models.port import Written
from lyo_rt.language_models.prices import Price

Outcome = Literal["done", "failed", "cancelled"]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call: who asks whom, on which instance, and the most it can use.

    `breaker` is the provider's name where it has a circuit breaker; `price` and `cost` are None where nobody knows.
    """

    id: UUID
    user: UUID | None
    instance: int
    purpose: str
    work: UUID | None
    request: bytes
    shared: bytes | None
    attempt: int
    provider: str
    breaker: str | None
    model: str
    price: Price | None
    tokens: int
    cost: Decimal | None
    day: date
    began: datetime


class Free(msgspec.Struct, frozen=True, kw_only=True):
    """A call that cost nothing."""

    id: UUID
    user: UUID | None
    instance: int
    purpose: str
    work: UUID | None
    attempt: int
    provider: str
    model: str
    began: datetime
    ended: datetime


class Kept(msgspec.Struct, frozen=True):
    """An answer that was bought before."""

    answer: bytes
    written: Written


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What `begin` found.

    `admitted`: the row is written, the request may be sent. Otherwise `kept` has the answer, or `elsewhere` a call is
    in flight whose answer it may share, or `breaker` keeps it back, or the budgets do (`user_tokens` and `cost` are
    what is booked on them now; None where there is a limit: not begun yet).
    """

    admitted: bool
    elsewhere: bool
    kept: Kept | None
    breaker: Breaker
    user_tokens: int | None
    cost: Decimal | None


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call. `rest` is the provider's own Retry-After in seconds; `written` goes with the answer."""

    outcome: Outcome
    model: str
    prompt_tokens: int
    answer_tokens: int
    cost: Decimal | None
    latency_ms: int
    ended: datetime
    verdict: Verdict
    fault: str | None = None
    rest: float | None = None
    answer: bytes | None = None
    written: Written | None = None


ANSWER = "ai_answers.answer"
_KEPT = "SELECT call, answer, written FROM ai_answers a"
_UNHURRIED = "unhurried AS (SELECT set_config('synchronous_commit', 'off', true))"
_BEGIN = f"""
WITH {_UNHURRIED}, kept AS (
    {_KEPT} WHERE a.work = $4 AND a.request = $5
    UNION ALL
    {_KEPT} WHERE a.shared = $6 AND a.created_at > $16
    LIMIT 1
), again AS (
    SELECT FROM ai_usage WHERE id = $1
), elsewhere AS (
    SELECT FROM ai_usage WHERE shared = $6 AND outcome = 'started' AND id <> $1 AND (work = $4) IS NOT TRUE
), orphaned AS (
    UPDATE ai_usage SET outcome = 'ambiguous', ended_at = $12
    WHERE work = $4 AND request = $5 AND outcome = 'started' AND id <> $1 RETURNING id
), wanted AS (
    SELECT WHERE NOT EXISTS (SELECT FROM kept) AND NOT EXISTS (SELECT FROM again) AND NOT EXISTS (SELECT FROM elsewhere)
), user_budget AS (
    SELECT tokens FROM ai_user_budgets
    WHERE day = $13 AND user_id = $2 AND $17::bigint IS NOT NULL AND EXISTS (SELECT FROM wanted) FOR UPDATE
), budget AS (
    SELECT cost FROM ai_budgets
    WHERE day = $13 AND $18::numeric IS NOT NULL AND EXISTS (SELECT FROM wanted)
        AND (SELECT count(*) FROM user_budget) >= 0 FOR UPDATE
), breaker AS (
    SELECT open_until, rest_until, probe_until FROM ai_breakers
    WHERE provider = $19 AND (open_until IS NOT NULL OR rest_until > $12) AND EXISTS (SELECT FROM wanted)
        AND (SELECT count(*) FROM budget) >= 0 FOR UPDATE
), begun AS (
    INSERT INTO ai_usage (id, user_id, instance, work, request, shared, attempt, provider, model, reserved_tokens,
        reserved_cost, started_at, day, purpose, outcome)
    SELECT $1, (SELECT id FROM users WHERE id = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'started'
    FROM wanted
    WHERE NOT EXISTS (SELECT FROM breaker WHERE open_until > $12 OR rest_until > $12 OR probe_until > $12)
        AND ($17 IS NULL OR (SELECT tokens + $10 <= $17 FROM user_budget))
        AND ($18 IS NULL OR (SELECT cost + coalesce($11::numeric, 0) <= $18 FROM budget))
        AND (SELECT count(*) FROM orphaned) >= 0
    ON CONFLICT DO NOTHING RETURNING id
), reserved_by_user AS (
    UPDATE ai_user_budgets SET tokens = tokens + $10
    WHERE day = $13 AND user_id = $2 AND EXISTS (SELECT FROM begun)
), reserved AS (
    UPDATE ai_budgets SET cost = cost + coalesce($11, 0) WHERE day = $13 AND EXISTS (SELECT FROM begun)
), probed AS (
    UPDATE ai_breakers SET probe = $1, probe_until = $15
    WHERE provider = $19 AND open_until IS NOT NULL AND EXISTS (SELECT FROM begun)
)
SELECT EXISTS (SELECT FROM begun) OR EXISTS (SELECT FROM again) AS admitted,
    EXISTS (SELECT FROM elsewhere) AS elsewhere, kept.*, breaker.*, user_budget.tokens AS user_tokens, budget.cost
FROM unhurried LEFT JOIN kept ON true LEFT JOIN breaker ON true LEFT JOIN user_budget ON true
    LEFT JOIN budget ON true
"""  # noqa: S608  (constants)

_SETTLE = f"""
WITH {_UNHURRIED}, call AS (
    UPDATE ai_usage SET outcome = $2, fault = $3, model = $4, prompt_tokens = $5, answer_tokens = $6, cost = $7,
        latency_ms = $8, ended_at = $9
    WHERE id = $1 AND outcome IN ('started', 'ambiguous') AND (SELECT count(*) FROM unhurried) = 1
    RETURNING id, user_id, work, request, shared, day, reserved_tokens, reserved_cost
), kept AS (
    INSERT INTO ai_answers (call, user_id, work, request, shared, answer, written, created_at)
    SELECT id, user_id, work, request, shared, $10, $14, $9 FROM call WHERE $10::bytea IS NOT NULL
), user_budget AS (
    UPDATE ai_user_budgets AS b SET tokens = b.tokens + $5 + $6 - call.reserved_tokens FROM call
    WHERE b.day = call.day AND b.user_id = call.user_id RETURNING b.day
), budget AS (
    UPDATE ai_budgets AS b SET cost = b.cost + coalesce($7, 0) - coalesce(call.reserved_cost, 0) FROM call
    WHERE b.day = call.day AND (SELECT count(*) FROM user_budget) >= 0 RETURNING b.day
)
{COUNT}
"""  # noqa: S608  (constants)


async def begin(
    queries: Queries,
    call: Call,
    *,
    user_tokens: int | None,
    dollars: Decimal | None,
    probe_until: datetime,
    kept_since: datetime,
) -> Admission:
    """Whether the request may be sent; its row is committed then.

    `user_tokens` and `dollars` are the budgets, None where there is no limit; `kept_since`: no older answer is shared;
    `probe_until`: as the one call of a half-open breaker it is waited for until then.
    """
    row = await queries.fetchrow(
        _BEGIN,
        call.id,
        call.user,
        call.instance,
        call.work,
        call.request,
        call.shared,
        call.attempt,
        call.provider,
        call.model,
        call.tokens,
        call.cost,
        call.began,
        call.day,
        call.purpose,
        probe_until,
        kept_since,
        user_tokens,
        dollars,
        call.breaker,
    )
    if row is None:
        raise RuntimeError("one row is always selected")
    return _admission(queries, row)


async def settle(queries: Queries, call: Call, ending: Ending) -> None:
    """The call has ended. A call that has been settled stays as it is."""
    await queries.execute(
        _SETTLE,
        call.id,
        ending.outcome,
        ending.fault,
        ending.model,
        ending.prompt_tokens,
        ending.answer_tokens,
        ending.cost,
        ending.latency_ms,
        ending.ended,
        None if ending.answer is None else queries.cipher.seal_bytes(ending.answer, ANSWER, call.id),
        call.breaker,
        ending.verdict,
        ending.rest,
        None if ending.written is None else msgspec.to_builtins(ending.written),
    )


async def add_free(queries: Queries, free: Free) -> None:
    """A call that cost nothing has ended."""
    await queries.execute(
        """
        INSERT INTO ai_usage (id, user_id, instance, work, attempt, provider, model, day, purpose, started_at,
            ended_at, latency_ms, outcome)
        SELECT $1, (SELECT id FROM users WHERE id = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'done'
        ON CONFLICT DO NOTHING
        """,
        free.id,
        free.user,
        free.instance,
        free.work,
        free.attempt,
        free.provider,
        free.model,
        free.began.date(),
        free.purpose,
        free.began,
        free.ended,
        latency_ms(free.began, free.ended),
    )


def latency_ms(began: datetime, ended: datetime) -> int:
    """How long a call took, in milliseconds."""
    return round((ended - began).total_seconds() * 1000)


def _admission(queries: Queries, row: Row) -> Admission:
    kept = None
    if row["answer"] is not None:
        answer = queries.cipher.open_bytes(row["answer"], ANSWER, row["call"])
        kept = Kept(answer, msgspec.convert(row["written"], Written))
    breaker = Breaker(row["open_until"], row["rest_until"], row["probe_until"])
    return Admission(
        admitted=row["admitted"],
        elsewhere=row["elsewhere"],
        kept=kept,
        breaker=breaker,
        user_tokens=row["user_tokens"],
        cost=row["cost"],
    )
