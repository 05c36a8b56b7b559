"""profiles, roles, audit, teaching"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_30_0829"
down_revision = "2026_11_30_0421"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('lyo.erasing_from_audit_log', true) = 'yes' THEN
        IF (NEW.id, NEW.act, NEW.created_at) = (OLD.id, OLD.act, OLD.created_at)
            AND NEW.request_id IS NOT DISTINCT FROM OLD.request_id
            AND (NEW.actor_id IS NULL OR NEW.actor_id = OLD.actor_id)
            AND (NEW.subject_id IS NULL OR NEW.subject_id = OLD.subject_id)
            AND (NEW.details = OLD.details OR NEW.details = '{}')
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""
REFUSE_CHANGES = """
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION audit_log_append_only()
"""
REFUSE_EMPTYING = """
CREATE TRIGGER audit_log_not_emptied BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_append_only()
"""
ERASE = """
CREATE FUNCTION erase_from_audit_log(person uuid) RETURNS bigint LANGUAGE plpgsql
SET lyo.erasing_from_audit_log = 'yes' AS $$
DECLARE
    entries bigint;
BEGIN
    UPDATE audit_log SET
        actor_id = nullif(actor_id, person),
        details = CASE WHEN subject_id = person THEN '{}' ELSE details END,
        subject_id = nullif(subject_id, person)
    WHERE actor_id = person OR subject_id = person;
    GET DIAGNOSTICS entries = ROW_COUNT;
    RETURN entries;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column(
            "actor_id",
            sa.UUID(),
            nullable=True,
            comment="null: the command line, the server itself, or a person who was erased",
        ),
        sa.Column(
            "subject_id",
            sa.UUID(),
            nullable=True,
            comment="the person it was done to; no foreign key: the entry outlives them",
        ),
        sa.Column(
            "details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        comment="append-only; erase_from_audit_log(person) clears identities",
    )
    op.create_index("ix_audit_log_actor_id", "audit_log", ["actor_id", "created_at", "id"], unique=False)
    op.create_index("ix_audit_log_created_at", "audit_log", ["created_at", "id"], unique=False)
    op.create_index("ix_audit_log_subject_id", "audit_log", ["subject_id", "created_at", "id"], unique=False)
    for statement in (APPEND_ONLY, REFUSE_CHANGES, REFUSE_EMPTYING, ERASE):
        op.execute(statement)
    op.create_table(
        "teaching",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("teacher_id", sa.UUID(), nullable=False),
        sa.Column("student_id", sa.UUID(), nullable=True),
        sa.Column(
            "email_key",
            sa.Text(),
            nullable=True,
            comment="whom the invitation is addressed to; null once it has been answered",
        ),
        sa.Column("email", sa.Text(), nullable=True, comment="as the teacher wrote it; null with email_key"),
        sa.Column("state", sa.Text(), server_default="invited", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'invited') = (email_key IS NOT NULL)", name=op.f("ck_teaching_addressed")),
        sa.CheckConstraint("state <> 'active' OR student_id IS NOT NULL", name=op.f("ck_teaching_student")),
        sa.CheckConstraint("state IN ('invited','active','declined','ended')", name=op.f("ck_teaching_state")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["users.id"], name=op.f("fk_teaching_student_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["teacher_id"], ["users.id"], name=op.f("fk_teaching_teacher_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teaching")),
        comment="a relation that has ended stays, so that both can see that it has",
    )
    op.create_index("ix_teaching_email_key", "teaching", ["email_key"], unique=False)
    op.create_index("ix_teaching_student_id", "teaching", ["student_id", "created_at", "id"], unique=False)
    op.create_index("ix_teaching_teacher_id", "teaching", ["teacher_id", "created_at", "id"], unique=False)
    op.create_index(
        "uq_teaching_active",
        "teaching",
        ["teacher_id", "student_id"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "uq_teaching_invited",
        "teaching",
        ["teacher_id", "email_key"],
        unique=True,
        postgresql_where=sa.text("state = 'invited'"),
    )
    op.add_column("users", sa.Column("bio", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("avatar_url", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False, comment="IANA name"))
    op.add_column(
        "users",
        sa.Column(
            "notification_preferences",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column(
        "users",
        sa.Column(
            "privacy_settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column(
        "users",
        sa.Column(
            "role_changed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="by the database's clock; tokens issued before tell another role",
        ),
    )
    op.add_column(
        "users",
        sa.Column(
            "suspended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="not active since, until a super admin lifts it",
        ),
    )
    op.create_index("ix_users_created_at", "users", ["created_at", "id"], unique=False)
    op.create_index("ix_users_role_changed_at", "users", ["role_changed_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_users_role_changed_at", table_name="users")
    op.drop_index("ix_users_created_at", table_name="users")
    op.drop_column("users", "suspended_at")
    op.drop_column("users", "role_changed_at")
    op.drop_column("users", "privacy_settings")
    op.drop_column("users", "notification_preferences")
    op.drop_column("users", "timezone")
    op.drop_column("users", "avatar_url")
    op.drop_column("users", "bio")
    op.drop_index("uq_teaching_invited", table_name="teaching", postgresql_where=sa.text("state = 'invited'"))
    op.drop_index("uq_teaching_active", table_name="teaching", postgresql_where=sa.text("state = 'active'"))
    op.drop_index("ix_teaching_teacher_id", table_name="teaching")
    op.drop_index("ix_teaching_student_id", table_name="teaching")
    op.drop_index("ix_teaching_email_key", table_name="teaching")
    op.drop_table("teaching")
    op.drop_index("ix_audit_log_subject_id", table_name="audit_log")
    op.drop_index("ix_audit_log_created_at", table_name="audit_log")
    op.drop_index("ix_audit_log_actor_id", table_name="audit_log")
    op.drop_table("audit_log")
    op.execute("DROP FUNCTION erase_from_audit_log(uuid)")
    op.execute("DROP FUNCTION audit_log_append_only()")
