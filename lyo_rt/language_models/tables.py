"""What was asked of language models: every call and its price, the answers for a while, budgets, circuit breakers."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from lyo_rt.database.schema import happened, identity, metadata, moment, owner, sealed, uuid

OUTCOMES = ("started", "done", "failed", "cancelled", "ambiguous")
"""Of a call. `ambiguous`: it was in flight when its instance ended, so nobody knows; it counts as reserved."""


def _dollars(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(18, 9), server_default="0", comment="US dollars; null: the model has no price")


def _tokens(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


ai_usage = sa.Table(
    "ai_usage",
    metadata,
    identity(),
    sa.Column("user_id", uuid, sa.ForeignKey("users.id", ondelete="SET NULL"), comment="null: the deployment's own"),
    sa.Column("instance", sa.BigInteger, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("work", uuid, comment="the task or the answer it is part of"),
    sa.Column("request", sa.LargeBinary, comment="SHA-256 of the normalised request; null where that costs nothing"),
    sa.Column("shared", sa.LargeBinary, comment="what requests that may share an answer have in common"),
    sa.Column("attempt", sa.SmallInteger, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("fault", sa.Text, comment="the kind of ModelFault"),
    _tokens("reserved_tokens"),
    _dollars("reserved_cost"),
    _tokens("prompt_tokens"),
    _tokens("answer_tokens"),
    _dollars("cost"),
    sa.Column("latency_ms", sa.Integer),
    sa.Column("day", sa.Date, nullable=False, comment="UTC: whose budget it is on"),
    happened("started_at"),
    sa.Column("ended_at", moment),
    sa.CheckConstraint(f"outcome IN ({','.join(repr(outcome) for outcome in OUTCOMES)})", name="outcome"),
    sa.Index("ix_ai_usage_day", "day", postgresql_using="brin"),
    sa.Index("ix_ai_usage_user_id_day", "user_id", "day"),
    sa.Index("ix_ai_usage_work_started", "work", "request", postgresql_where=sa.text("outcome = 'started'")),
    sa.Index("ix_ai_usage_instance_started", "instance", postgresql_where=sa.text("outcome = 'started'")),
    sa.Index("uq_ai_usage_shared_started", "shared", unique=True, postgresql_where=sa.text("outcome = 'started'")),
    comment="the call ledger: a row is committed before the request is sent",
)

ai_answers = sa.Table(
    "ai_answers",
    metadata,
    sa.Column("call", uuid, sa.ForeignKey("ai_usage.id", ondelete="CASCADE"), primary_key=True),
    owner(nullable=True),
    sa.Column("work", uuid),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("shared", sa.LargeBinary),
    sa.Column("written", pg.JSONB, nullable=False, comment="by whom, with how many tokens, and what the gates did"),
    sealed("answer", sa.LargeBinary, nullable=False, comment="sealed: JSON, or text in UTF-8"),
    happened(),
    sa.Index("ix_ai_answers_work", "work", "request"),
    sa.Index("ix_ai_answers_shared", "shared", "created_at"),
    sa.Index("ix_ai_answers_user_id", "user_id"),
    sa.Index("ix_ai_answers_created_at", "created_at", postgresql_using="brin"),
    comment="what has been bought, kept for a day: never bought again for the same work",
)

ai_user_budgets = sa.Table(
    "ai_user_budgets",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("user_id", uuid, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tokens", sa.BigInteger, nullable=False, comment="used, and reserved by calls in flight"),
    sa.Index("ix_ai_user_budgets_user_id", "user_id"),
)

ai_budgets = sa.Table(
    "ai_budgets",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("cost", sa.Numeric(18, 9), nullable=False, comment="US dollars spent, and reserved by calls in flight"),
    comment="of the deployment",
)

ai_breakers = sa.Table(
    "ai_breakers",
    metadata,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0", comment="in a row"),
    sa.Column("successes", sa.Integer, nullable=False, server_default="0", comment="of probes, in a row"),
    sa.Column("open_until", moment, comment="null: closed; past: half-open"),
    sa.Column("rest_until", moment, comment="the provider's own Retry-After"),
    sa.Column("probe", uuid, comment="the one call a half-open breaker lets through"),
    sa.Column("probe_until", moment, comment="when that call counts as lost"),
)
