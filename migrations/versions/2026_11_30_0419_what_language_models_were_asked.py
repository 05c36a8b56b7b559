"""what language models were asked"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_0419"
down_revision = "2026_11_21_0611"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ai_breakers",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="in a row"),
        sa.Column("successes", sa.Integer(), server_default="0", nullable=False, comment="of probes, in a row"),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True, comment="null: closed; past: half-open"),
        sa.Column("rest_until", sa.DateTime(timezone=True), nullable=True, comment="the provider's own Retry-After"),
        sa.Column("probe", sa.UUID(), nullable=True, comment="the one call a half-open breaker lets through"),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True, comment="when that call counts as lost"),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_ai_breakers")),
    )
    op.create_table(
        "ai_budgets",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "cost",
            sa.Numeric(precision=18, scale=9),
            nullable=False,
            comment="US dollars spent, and reserved by calls in flight",
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ai_budgets")),
        comment="of the deployment",
    )
    op.create_table(
        "ai_usage",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True, comment="null: the deployment's own"),
        sa.Column("instance", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("work", sa.UUID(), nullable=True, comment="the task or the answer it is part of"),
        sa.Column(
            "request",
            sa.LargeBinary(),
            nullable=True,
            comment="SHA-256 of the normalised request; null where that costs nothing",
        ),
        sa.Column(
            "shared", sa.LargeBinary(), nullable=True, comment="what requests that may share an answer have in common"
        ),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True, comment="the kind of ModelFault"),
        sa.Column("reserved_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "reserved_cost", sa.Numeric(precision=18, scale=9), server_default="0", nullable=False, comment="US dollars"
        ),
        sa.Column("prompt_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("answer_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=9), server_default="0", nullable=False, comment="US dollars"),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False, comment="UTC: whose budget it is on"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('started','done','failed','cancelled','ambiguous')", name=op.f("ck_ai_usage_outcome")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ai_usage_user_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_usage")),
        comment="the call ledger: a row is committed before the request is sent",
    )
    op.create_index("ix_ai_usage_day", "ai_usage", ["day"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_ai_usage_instance_started",
        "ai_usage",
        ["instance"],
        unique=False,
        postgresql_where=sa.text("outcome = 'started'"),
    )
    op.create_index("ix_ai_usage_user_id_day", "ai_usage", ["user_id", "day"], unique=False)
    op.create_index(
        "ix_ai_usage_work_started",
        "ai_usage",
        ["work", "request"],
        unique=False,
        postgresql_where=sa.text("outcome = 'started'"),
    )
    op.create_index(
        "uq_ai_usage_shared_started",
        "ai_usage",
        ["shared"],
        unique=True,
        postgresql_where=sa.text("outcome = 'started'"),
    )
    op.create_table(
        "ai_user_budgets",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False, comment="used, and reserved by calls in flight"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_ai_user_budgets_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("day", "user_id", name=op.f("pk_ai_user_budgets")),
    )
    op.create_index("ix_ai_user_budgets_user_id", "ai_user_budgets", ["user_id"], unique=False)
    op.create_table(
        "ai_answers",
        sa.Column("call", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("work", sa.UUID(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("shared", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False, comment="JSON, or text in UTF-8"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["call"], ["ai_usage.id"], name=op.f("fk_ai_answers_call_ai_usage"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_ai_answers_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call", name=op.f("pk_ai_answers")),
        comment="what has been bought, kept for a day: never bought again for the same work",
    )
    op.create_index("ix_ai_answers_created_at", "ai_answers", ["created_at"], unique=False, postgresql_using="brin")
    op.create_index("ix_ai_answers_shared", "ai_answers", ["shared", "created_at"], unique=False)
    op.create_index("ix_ai_answers_user_id", "ai_answers", ["user_id"], unique=False)
    op.create_index("ix_ai_answers_work", "ai_answers", ["work", "request"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_ai_answers_work", table_name="ai_answers")
    op.drop_index("ix_ai_answers_user_id", table_name="ai_answers")
    op.drop_index("ix_ai_answers_shared", table_name="ai_answers")
    op.drop_index("ix_ai_answers_created_at", table_name="ai_answers", postgresql_using="brin")
    op.drop_table("ai_answers")
    op.drop_index("ix_ai_user_budgets_user_id", table_name="ai_user_budgets")
    op.drop_table("ai_user_budgets")
    op.drop_index("uq_ai_usage_shared_started", table_name="ai_usage", postgresql_where=sa.text("outcome = 'started'"))
    op.drop_index("ix_ai_usage_work_started", table_name="ai_usage", postgresql_where=sa.text("outcome = 'started'"))
    op.drop_index("ix_ai_usage_user_id_day", table_name="ai_usage")
    op.drop_index(
        "ix_ai_usage_instance_started", table_name="ai_usage", postgresql_where=sa.text("outcome = 'started'")
    )
    op.drop_index("ix_ai_usage_day", table_name="ai_usage", postgresql_using="brin")
    op.drop_table("ai_usage")
    op.drop_table("ai_budgets")
    op.drop_table("ai_breakers")
