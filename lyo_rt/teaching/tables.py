"""Teachers and their students."""

import sqlalchemy as sa

from lyo_rt.database.schema import happened, identity, metadata, moment, owner

teaching = sa.Table(
    "teaching",
    metadata,
    identity(),
    owner(name="teacher_id"),
    owner(name="student_id", nullable=True),
    sa.Column("email_key", sa.Text, comment="whom the invitation is addressed to; null once it has been answered"),
    sa.Column("email", sa.Text, comment="as the teacher wrote it; null with email_key"),
    sa.Column("state", sa.Text, nullable=False, server_default="invited"),
    happened(),
    sa.Column("accepted_at", moment),
    sa.Column("ended_at", moment),
    sa.CheckConstraint("state IN ('invited','active','declined','ended')", name="state"),
    sa.CheckConstraint("(state = 'invited') = (email_key IS NOT NULL)", name="addressed"),
    sa.CheckConstraint("state <> 'active' OR student_id IS NOT NULL", name="student"),
    sa.Index(
        "uq_teaching_invited", "teacher_id", "email_key", unique=True, postgresql_where=sa.text("state = 'invited'")
    ),
    sa.Index(
        "uq_teaching_active", "teacher_id", "student_id", unique=True, postgresql_where=sa.text("state = 'active'")
    ),
    sa.Index("ix_teaching_teacher_id", "teacher_id", "created_at", "id"),
    sa.Index("ix_teaching_student_id", "student_id", "created_at", "id"),
    sa.Index("ix_teaching_email_key", "email_key"),
    comment="a relation that has ended stays, so that both can see that it has",
)
