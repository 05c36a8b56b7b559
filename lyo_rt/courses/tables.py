"""Course, module, lesson, item."""

import sqlalchemy as sa

from lyo_rt.database.schema import document, happened, identity, metadata, owner, uuid

courses = sa.Table(
    "courses",
    metadata,
    identity(),
    owner(nullable=True),
    sa.Column("slug", sa.Text, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.Column("status", sa.Text, nullable=False, server_default="draft"),
    sa.Column("difficulty", sa.Text, nullable=False, server_default="beginner"),
    sa.Column("locale", sa.Text, nullable=False, server_default="en"),
    sa.Column("estimated_minutes", sa.Integer, nullable=False, server_default="0"),
    document("objectives", "[]"),
    document("prerequisites", "[]"),
    document("generation", "{}"),
    sa.Column("is_published", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_ai_generated", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("content_version", sa.Integer, nullable=False, server_default="1"),
    happened(),
    happened("updated_at"),
    sa.CheckConstraint("status IN ('draft','generating','completed','failed')", name="status"),
    sa.CheckConstraint("user_id IS NOT NULL OR is_published", name="owner"),
    sa.Index("ix_courses_user_id_created_at", "user_id", "created_at", "id"),
)

modules = sa.Table(
    "modules",
    metadata,
    identity(),
    sa.Column("course_id", uuid, sa.ForeignKey("courses.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False, comment="1-based"),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    document("objectives", "[]"),
    document("planned", "[]"),
    sa.Column("estimated_minutes", sa.Integer, nullable=False, server_default="0"),
    happened(),
    sa.UniqueConstraint("course_id", "position"),
)

lessons = sa.Table(
    "lessons",
    metadata,
    identity(),
    sa.Column("course_id", uuid, sa.ForeignKey("courses.id", ondelete="CASCADE"), nullable=False),
    sa.Column("module_id", uuid, sa.ForeignKey("modules.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False, comment="1-based within the course"),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False, server_default=""),
    sa.Column("kind", sa.Text, nullable=False, server_default="lesson", comment="lesson or assessment"),
    sa.Column("estimated_minutes", sa.Integer, nullable=False, server_default="0"),
    happened(),
    sa.UniqueConstraint("course_id", "position"),
    sa.Index("ix_lessons_module_id", "module_id"),
)

items = sa.Table(
    "items",
    metadata,
    identity(),
    sa.Column("course_id", uuid, sa.ForeignKey("courses.id", ondelete="CASCADE"), nullable=False),
    sa.Column("lesson_id", uuid, sa.ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False, comment="1-based within the lesson"),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("content", sa.Text),
    document("detail", "{}"),
    sa.Column("source", sa.Text, nullable=False, server_default="generated"),
    sa.Column("source_url", sa.Text),
    sa.Column("duration", sa.Integer, comment="seconds"),
    happened(),
    sa.UniqueConstraint("lesson_id", "position"),
    sa.Index("ix_items_course_id", "course_id"),
    sa.CheckConstraint("type IN ('text','video','quiz','exercise','link','key_terms')", name="type"),
    sa.CheckConstraint("source_url IS NULL OR source_url LIKE 'https://%'", name="source_url"),
)
