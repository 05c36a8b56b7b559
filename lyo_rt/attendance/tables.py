"""Which sessions are in the study room of which course."""

import sqlalchemy as sa

from lyo_rt.database.schema import happened, metadata, moment, owner, uuid

course_attendance = sa.Table(
    "course_attendance",
    metadata,
    sa.Column("course_id", uuid, sa.ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("session", uuid, primary_key=True, comment="one socket of /v1/ws"),
    owner(),
    sa.Column("instance", sa.BigInteger, nullable=False, comment="where the socket is: the key of its advisory lock"),
    happened("joined_at"),
    sa.Column("gone_at", moment, comment="the socket was lost; the learner leaves if not back in a moment"),
    sa.Index("ix_course_attendance_user_id", "user_id"),
    sa.Index("ix_course_attendance_instance", "instance"),
    sa.Index("ix_course_attendance_gone_at", "gone_at", postgresql_where=sa.text("gone_at IS NOT NULL")),
    comment="a learner is in the room while any row of theirs is: the stream has told of the first and of the last",
)
