"""course attendance"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_0510"
down_revision = "2026_11_21_0457"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "instances",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="the key of its advisory lock"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instances")),
        comment="those that have started and not stopped; one whose lock is missing is lost",
    )
    op.create_table(
        "course_attendance",
        sa.Column("course_id", sa.UUID(), nullable=False),
        sa.Column("session", sa.UUID(), nullable=False, comment="one socket of /v1/ws"),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column(
            "instance", sa.BigInteger(), nullable=False, comment="where the socket is: the key of its advisory lock"
        ),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "gone_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the socket was lost; the learner leaves if not back in a moment",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_course_attendance_course_id_courses"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_course_attendance_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course_id", "session", name=op.f("pk_course_attendance")),
        comment="a learner is in the room while any row of theirs is: the stream has told of the first and of the last",
    )
    op.create_index(
        "ix_course_attendance_gone_at",
        "course_attendance",
        ["gone_at"],
        unique=False,
        postgresql_where=sa.text("gone_at IS NOT NULL"),
    )
    op.create_index("ix_course_attendance_instance", "course_attendance", ["instance"], unique=False)
    op.create_index("ix_course_attendance_user_id", "course_attendance", ["user_id"], unique=False)
    op.add_column(
        "leases",
        sa.Column("former_owner", sa.BigInteger(), nullable=True, comment="the instance it was last taken over from"),
    )
    op.create_index(
        "ix_stream_events_created_at", "stream_events", ["created_at"], unique=False, postgresql_using="brin"
    )
    op.alter_column(
        "streams",
        "name",
        existing_type=sa.TEXT(),
        comment="task:<id>, conversation:<id>, user:<id>, course:<id>, ops",
        existing_comment="task:<id>, conversation:<id>, user:<id>, course:<id>",
        existing_nullable=False,
    )


def downgrade() -> None:
    op.alter_column(
        "streams",
        "name",
        existing_type=sa.TEXT(),
        comment="task:<id>, conversation:<id>, user:<id>, course:<id>",
        existing_comment="task:<id>, conversation:<id>, user:<id>, course:<id>, ops",
        existing_nullable=False,
    )
    op.drop_index("ix_stream_events_created_at", table_name="stream_events", postgresql_using="brin")
    op.drop_column("leases", "former_owner")
    op.drop_index("ix_course_attendance_user_id", table_name="course_attendance")
    op.drop_index("ix_course_attendance_instance", table_name="course_attendance")
    op.drop_index(
        "ix_course_attendance_gone_at", table_name="course_attendance", postgresql_where=sa.text("gone_at IS NOT NULL")
    )
    op.drop_table("course_attendance")
    op.drop_table("instances")
