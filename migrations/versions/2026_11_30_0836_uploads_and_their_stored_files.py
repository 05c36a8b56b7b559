"""uploads and their stored files"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_0836"
down_revision = "2026_11_30_0829"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "media_objects",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the stored bytes"),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes"),
        sa.Column("width", sa.Integer(), nullable=True, comment="pixels, of images"),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="writing: no media has it yet; doomed: none will have it"
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('writing','kept','doomed')", name=op.f("ck_media_objects_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_objects")),
        comment="one row per stored file, there before the file is and until it has gone; the id is the file's name",
    )
    op.create_index(
        "ix_media_objects_leaving",
        "media_objects",
        ["changed_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'kept'"),
    )
    op.create_index(
        "uq_media_objects_digest", "media_objects", ["digest"], unique=True, postgresql_where=sa.text("state = 'kept'")
    )
    op.create_table(
        "media",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("object_id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("course_id", sa.UUID(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False, comment="shown to who downloads it; never part of a path"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(purpose = 'lesson') = (course_id IS NOT NULL)", name=op.f("ck_media_course")),
        sa.CheckConstraint("purpose IN ('avatar','lesson')", name=op.f("ck_media_purpose")),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_media_course_id_courses"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["object_id"], ["media_objects.id"], name=op.f("fk_media_object_id_media_objects")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_media_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        comment="one row per upload: a reference to its stored file, which goes with the last of them",
    )
    op.create_index("ix_media_course_id", "media", ["course_id"], unique=False)
    op.create_index("ix_media_object_id", "media", ["object_id"], unique=False)
    op.create_index("ix_media_user_id", "media", ["user_id"], unique=False)
    op.create_index(
        "uq_media_avatar", "media", ["user_id"], unique=True, postgresql_where=sa.text("purpose = 'avatar'")
    )


def downgrade() -> None:
    op.drop_index("uq_media_avatar", table_name="media", postgresql_where=sa.text("purpose = 'avatar'"))
    op.drop_index("ix_media_user_id", table_name="media")
    op.drop_index("ix_media_object_id", table_name="media")
    op.drop_index("ix_media_course_id", table_name="media")
    op.drop_table("media")
    op.drop_index("uq_media_objects_digest", table_name="media_objects", postgresql_where=sa.text("state = 'kept'"))
    op.drop_index("ix_media_objects_leaving", table_name="media_objects", postgresql_where=sa.text("state <> 'kept'"))
    op.drop_table("media_objects")
