"""what calls cost and how work failed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_30_0840"
down_revision = "2026_11_30_0839"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "abilities",
        sa.Column("title", sa.Text(), server_default="", nullable=False, comment="of the newest quiz about it"),
    )
    op.add_column(
        "ai_answers",
        sa.Column(
            "written",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="by whom, with how many tokens, and what the gates did",
        ),
    )
    # of what was bought before nobody has kept what the gates did
    op.execute("""
        UPDATE ai_answers SET written = jsonb_build_object('provider', provider, 'model', model, 'usage',
            jsonb_build_object('prompt_tokens', prompt_tokens, 'answer_tokens', answer_tokens))
        FROM ai_usage WHERE ai_usage.id = call
    """)
    op.alter_column("ai_answers", "written", nullable=False)
    op.alter_column(
        "ai_usage",
        "reserved_cost",
        existing_type=sa.NUMERIC(precision=18, scale=9),
        nullable=True,
        comment="US dollars; null: the model has no price",
        existing_comment="US dollars",
        existing_server_default=sa.text("'0'::numeric"),
    )
    op.alter_column(
        "ai_usage",
        "cost",
        existing_type=sa.NUMERIC(precision=18, scale=9),
        nullable=True,
        comment="US dollars; null: the model has no price",
        existing_comment="US dollars",
        existing_server_default=sa.text("'0'::numeric"),
    )
    op.add_column("messages", sa.Column("code", sa.Text(), nullable=True, comment="of the problem it failed with"))
    op.add_column(
        "messages",
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True, comment="when it makes sense to ask again"),
    )
    op.add_column("quizzes", sa.Column("code", sa.Text(), nullable=True, comment="of the problem that this is"))
    op.add_column("tasks", sa.Column("code", sa.Text(), nullable=True, comment="of the problem it ended with"))
    op.add_column(
        "tasks",
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True, comment="when it makes sense to ask again"),
    )


def downgrade() -> None:
    op.execute("UPDATE ai_usage SET cost = coalesce(cost, 0), reserved_cost = coalesce(reserved_cost, 0)")
    op.drop_column("tasks", "retry_at")
    op.drop_column("tasks", "code")
    op.drop_column("quizzes", "code")
    op.drop_column("messages", "retry_at")
    op.drop_column("messages", "code")
    op.alter_column(
        "ai_usage",
        "cost",
        existing_type=sa.NUMERIC(precision=18, scale=9),
        nullable=False,
        comment="US dollars",
        existing_comment="US dollars; null: the model has no price",
        existing_server_default=sa.text("'0'::numeric"),
    )
    op.alter_column(
        "ai_usage",
        "reserved_cost",
        existing_type=sa.NUMERIC(precision=18, scale=9),
        nullable=False,
        comment="US dollars",
        existing_comment="US dollars; null: the model has no price",
        existing_server_default=sa.text("'0'::numeric"),
    )
    op.drop_column("ai_answers", "written")
    op.drop_column("abilities", "title")
