"""A task is what a client watches; its steps are what has been paid for."""

import sqlalchemy as sa

from lyo_rt.database.schema import document, happened, identity, metadata, moment, owner, uuid

tasks = sa.Table(
    "tasks",
    metadata,
    identity(),
    owner(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="PENDING"),
    sa.Column("progress_pct", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("message", sa.Text),
    sa.Column("code", sa.Text, comment="of the problem it ended with"),
    sa.Column("retry_at", moment, comment="when it makes sense to ask again"),
    sa.Column("result_id", uuid),
    sa.Column("provisional_course_id", uuid),
    document("request"),
    happened(),
    happened("updated_at"),
    sa.CheckConstraint("state IN ('PENDING','RUNNING','DONE','ERROR','CANCELLED')", name="state"),
    sa.CheckConstraint("progress_pct BETWEEN 0 AND 100", name="progress_pct"),
    sa.Index("ix_tasks_user_id_created_at", "user_id", "created_at", "id"),
)

task_steps = sa.Table(
    "task_steps",
    metadata,
    sa.Column("task_id", uuid, sa.ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("step", sa.Text, primary_key=True, comment="outline, lesson:<module>.<lesson>, quiz:<module>, assemble"),
    document("result"),
    document("written"),
    happened(),
)
