"""children and their parents, agreements, links to exports"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_1153"
down_revision = "2026_11_30_0956"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    """
CREATE FUNCTION agreements_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL THEN
        IF to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'agreements is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$
""",
    """
CREATE TRIGGER agreements_append_only BEFORE UPDATE OR DELETE ON agreements
FOR EACH ROW EXECUTE FUNCTION agreements_append_only()
""",
    """
CREATE TRIGGER agreements_not_emptied BEFORE TRUNCATE ON agreements
FOR EACH STATEMENT EXECUTE FUNCTION agreements_append_only()
""",
)


def upgrade() -> None:
    op.create_table(
        "age_gates",
        sa.Column("address", sa.LargeBinary(), nullable=False, comment="blind index of an e-mail address"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_age_gates")),
        comment="addresses with which a child has registered: for a while nobody registers with them again",
    )
    op.create_index("ix_age_gates_until", "age_gates", ["until"], unique=False)
    op.create_table(
        "agreements",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "user_id",
            sa.UUID(),
            nullable=True,
            comment="null: erased since; no foreign key: the record outlives the account",
        ),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False, comment="of its text"),
        sa.Column("language", sa.Text(), nullable=False, comment="that it was read in"),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False, comment="how it is known that it was them"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("act IN ('agreed','withdrawn')", name=op.f("ck_agreements_act")),
        sa.CheckConstraint("by IN ('learner','parent')", name=op.f("ck_agreements_by")),
        sa.CheckConstraint("document IN ('terms','privacy','parental_consent')", name=op.f("ck_agreements_document")),
        sa.CheckConstraint("means IN ('registration','email_plus')", name=op.f("ck_agreements_means")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        comment="who has agreed to which text, when; append-only, but for whose it is, which erasure clears",
    )
    op.create_index("ix_agreements_user_id", "agreements", ["user_id", "created_at", "id"], unique=False)
    for statement in APPEND_ONLY:
        op.execute(statement)
    op.create_table(
        "guardian_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('agree','look_after')", name=op.f("ck_guardian_links_purpose")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_guardian_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_guardian_links")),
        comment="mailed to parents: to agree, once; or to see and take away, for as long as it is good",
    )
    op.create_index("ix_guardian_links_expires_at", "guardian_links", ["expires_at"], unique=False)
    op.create_index("ix_guardian_links_user_id", "guardian_links", ["user_id"], unique=False)
    op.create_table(
        "guardians",
        sa.Column("user_id", sa.UUID(), nullable=False, comment="the child"),
        sa.Column("email", sa.Text(), nullable=False, comment="sealed"),
        sa.Column("email_index", sa.LargeBinary(), nullable=False, comment="blind index of the address"),
        sa.Column("language", sa.Text(), nullable=False, comment="of the mails to them"),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "consented_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when they first agreed: from then on the child names nobody else",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_guardians_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_guardians")),
        comment="a parent of each child under 13, as long as the child is",
    )
    op.create_index("ix_guardians_email_index", "guardians", ["email_index"], unique=False)
    op.add_column(
        "exports",
        sa.Column(
            "for_parent",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="whom the link is mailed to",
        ),
    )
    op.add_column(
        "exports", sa.Column("link", sa.LargeBinary(), nullable=True, comment="SHA-256 of the token of the mailed link")
    )
    op.create_unique_constraint(op.f("uq_exports_link"), "exports", ["link"])
    op.alter_column(
        "mail_outbox",
        "recipient",
        existing_type=sa.TEXT(),
        comment="sealed; null once it is settled",
        existing_comment="null once it is settled",
        existing_nullable=True,
    )
    op.add_column(
        "users", sa.Column("birth_date", sa.Text(), nullable=True, comment="sealed; YYYY-MM-DD; null where nobody said")
    )
    op.add_column(
        "users",
        sa.Column(
            "consent", sa.Text(), server_default="none_needed", nullable=False, comment="a parent's, for a child"
        ),
    )
    op.add_column(
        "users",
        sa.Column(
            "consent_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="erased from then on, unless a parent has agreed",
        ),
    )
    op.create_index(
        "ix_users_consent_due_at",
        "users",
        ["consent_due_at"],
        unique=False,
        postgresql_where=sa.text("consent_due_at IS NOT NULL"),
    )
    op.create_check_constraint("consent", "users", "consent IN ('none_needed','pending','given')")


def downgrade() -> None:
    # nothing of before keeps a child from what is for others: they are suspended, and nobody mails a sealed address
    op.execute("UPDATE users SET is_active = false, suspended_at = now() WHERE consent <> 'none_needed' AND is_active")
    op.execute(
        """
        UPDATE mail_outbox SET state = 'GIVEN_UP', fault = 'downgraded', recipient = NULL, name = ''
        WHERE state = 'WAITING' AND starts_with(recipient, '$lyo1$')
        """
    )
    op.drop_constraint(op.f("ck_users_consent"), "users", type_="check")
    op.drop_index("ix_users_consent_due_at", table_name="users", postgresql_where=sa.text("consent_due_at IS NOT NULL"))
    op.drop_column("users", "consent_due_at")
    op.drop_column("users", "consent")
    op.drop_column("users", "birth_date")
    op.alter_column(
        "mail_outbox",
        "recipient",
        existing_type=sa.TEXT(),
        comment="null once it is settled",
        existing_comment="sealed; null once it is settled",
        existing_nullable=True,
    )
    op.drop_constraint(op.f("uq_exports_link"), "exports", type_="unique")
    op.drop_column("exports", "link")
    op.drop_column("exports", "for_parent")
    op.drop_index("ix_guardians_email_index", table_name="guardians")
    op.drop_table("guardians")
    op.drop_index("ix_guardian_links_user_id", table_name="guardian_links")
    op.drop_index("ix_guardian_links_expires_at", table_name="guardian_links")
    op.drop_table("guardian_links")
    op.drop_index("ix_agreements_user_id", table_name="agreements")
    op.drop_table("agreements")
    op.execute("DROP FUNCTION agreements_append_only()")
    op.drop_index("ix_age_gates_until", table_name="age_gates")
    op.drop_table("age_gates")
