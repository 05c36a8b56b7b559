"""What learners have uploaded, and the stored files that it refers to."""

import sqlalchemy as sa

from lyo_rt.database.schema import happened, identity, metadata, owner, uuid

media_objects = sa.Table(
    "media_objects",
    metadata,
    identity(),
    sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the stored bytes"),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False, comment="bytes"),
    sa.Column("width", sa.Integer, comment="pixels, of images"),
    sa.Column("height", sa.Integer),
    sa.Column("state", sa.Text, nullable=False, comment="writing: no media has it yet; doomed: none will have it"),
    happened("changed_at"),
    sa.CheckConstraint("state IN ('writing','kept','doomed')", name="state"),
    sa.Index("uq_media_objects_digest", "digest", unique=True, postgresql_where=sa.text("state = 'kept'")),
    sa.Index("ix_media_objects_leaving", "changed_at", postgresql_where=sa.text("state <> 'kept'")),
    comment="one row per stored file, there before the file is and until it has gone; the id is the file's name",
)

media = sa.Table(
    "media",
    metadata,
    identity(),
    owner(),
    sa.Column("object_id", uuid, sa.ForeignKey("media_objects.id"), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("course_id", uuid, sa.ForeignKey("courses.id", ondelete="CASCADE")),
    sa.Column("name", sa.Text, nullable=False, comment="shown to who downloads it; never part of a path"),
    happened(),
    sa.CheckConstraint("purpose IN ('avatar','lesson')", name="purpose"),
    sa.CheckConstraint("(purpose = 'lesson') = (course_id IS NOT NULL)", name="course"),
    sa.Index("uq_media_avatar", "user_id", unique=True, postgresql_where=sa.text("purpose = 'avatar'")),
    sa.Index("ix_media_user_id", "user_id"),
    sa.Index("ix_media_object_id", "object_id"),
    sa.Index("ix_media_course_id", "course_id"),
    comment="one row per upload: a reference to its stored file, which goes with the last of them",
)
