"""the tutor's problems, summaries and flags"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_30_0421"
down_revision = "2026_11_30_0420"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversation_summaries",
        sa.Column("conversation_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="of the last message it stands for"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False, comment="who wrote it"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_summaries_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_conversation_summaries")),
        comment="stands for the older messages in the prompts; the messages stay",
    )
    op.create_table(
        "tutor_flags",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("conversation_id", sa.UUID(), nullable=True),
        sa.Column("message_id", sa.UUID(), nullable=False, comment="the learner's message, or the tutor's answer"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "told_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a parent on file was told; until then it is to be done",
        ),
        sa.CheckConstraint(
            "kind IN ('self_harm','violence','abuse','danger','harmful_answer')", name=op.f("ck_tutor_flags_kind")
        ),
        sa.CheckConstraint("source IN ('learner','tutor')", name=op.f("ck_tutor_flags_source")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_tutor_flags_conversation_id_conversations"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_tutor_flags_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tutor_flags")),
        sa.UniqueConstraint("message_id", "source", "kind", name=op.f("uq_tutor_flags_message_id_source_kind")),
        comment="harm seen in a conversation; kept when the conversation is deleted",
    )
    op.create_index("ix_tutor_flags_conversation_id", "tutor_flags", ["conversation_id"], unique=False)
    op.create_index(
        "ix_tutor_flags_told_at",
        "tutor_flags",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("told_at IS NULL"),
    )
    op.create_index("ix_tutor_flags_user_id", "tutor_flags", ["user_id"], unique=False)
    op.create_table(
        "tutor_problems",
        sa.Column("conversation_id", sa.UUID(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False, comment="<item id>:<question id>, or quiz:<question id>"),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("rung", sa.SmallInteger(), server_default="0", nullable=False, comment="of the hint ladder"),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False, comment="different real ones"),
        sa.Column(
            "tried", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("verdict", sa.Text(), server_default="talk", nullable=False, comment="of the message counted last"),
        sa.Column("begun", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "credit",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="false once the answer was told",
        ),
        sa.Column(
            "counted", sa.Integer(), server_default="0", nullable=False, comment="position of the message counted last"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('open','right','revealed','mastered','closed')", name=op.f("ck_tutor_problems_state")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_tutor_problems_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "problem", name=op.f("pk_tutor_problems")),
        comment="a problem in a conversation: the hint ladder, the attempts, and whether it was mastered",
    )
    op.create_index("ix_tutor_problems_updated_at", "tutor_problems", ["conversation_id", "updated_at"], unique=False)
    op.add_column(
        "messages", sa.Column("prompt", sa.Text(), nullable=True, comment="the version of the texts it was written by")
    )


def downgrade() -> None:
    op.drop_column("messages", "prompt")
    op.drop_index("ix_tutor_problems_updated_at", table_name="tutor_problems")
    op.drop_table("tutor_problems")
    op.drop_index("ix_tutor_flags_user_id", table_name="tutor_flags")
    op.drop_index("ix_tutor_flags_told_at", table_name="tutor_flags", postgresql_where=sa.text("told_at IS NULL"))
    op.drop_index("ix_tutor_flags_conversation_id", table_name="tutor_flags")
    op.drop_table("tutor_flags")
    op.drop_table("conversation_summaries")
