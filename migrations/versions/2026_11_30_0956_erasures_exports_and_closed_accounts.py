"""erasures, exports and closed accounts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_30_0956"
down_revision = "2026_11_30_0840"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "user_id", sa.UUID(), nullable=True, comment="null once it is done; no foreign key: it outlives the account"
        ),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False, comment="lines of the plan that are done"),
        sa.Column(
            "streams",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="names; empty once it is done, as are the next three",
        ),
        sa.Column(
            "drafts",
            postgresql.ARRAY(sa.UUID()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="messages that may have a draft in the broadcast layer",
        ),
        sa.Column(
            "answers",
            postgresql.ARRAY(sa.LargeBinary()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what is shared of answers that the broadcast layer may hold",
        ),
        sa.Column(
            "objects",
            postgresql.ARRAY(sa.UUID()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="stored files the person has referred to",
        ),
        sa.Column(
            "rows", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="when the cool-off was over"),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("user_id", name=op.f("uq_erasures_user_id")),
        comment="one row per erased person: while it is under way what is left to do, then only that it was done",
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.UUID(), nullable=False, comment="the task that makes it, and the name of its file"),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True, comment="bytes; null until it is ready"),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_exports_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        comment="there before the file is and until it has gone",
    )
    op.create_index("ix_exports_expires_at", "exports", ["expires_at"], unique=False)
    op.create_index("ix_exports_user_id", "exports", ["user_id"], unique=False)
    op.alter_column("courses", "user_id", existing_type=sa.UUID(), nullable=True)
    op.create_check_constraint("owner", "courses", "user_id IS NOT NULL OR is_published")
    op.add_column(
        "users",
        sa.Column(
            "erase_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="not active, and erased from then on; who signs in before takes it back",
        ),
    )
    op.create_index(
        "ix_users_erase_at", "users", ["erase_at"], unique=False, postgresql_where=sa.text("erase_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_users_erase_at", table_name="users", postgresql_where=sa.text("erase_at IS NOT NULL"))
    op.drop_column("users", "erase_at")
    op.drop_constraint(op.f("ck_courses_owner"), "courses", type_="check")
    # of erased authors: before, there was no course without one
    op.execute("DELETE FROM courses WHERE user_id IS NULL")
    op.alter_column("courses", "user_id", existing_type=sa.UUID(), nullable=False)
    op.drop_table("exports")
    op.drop_table("erasures")
