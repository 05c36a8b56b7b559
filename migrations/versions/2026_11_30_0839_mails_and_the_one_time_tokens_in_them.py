"""mails, and the one-time tokens in them"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_0839"
down_revision = "2026_11_30_0838"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forgotten_passwords",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "email_key", sa.Text(), nullable=False, comment="as it was asked for, whether there is an account or not"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forgotten_passwords")),
        comment="asked for and not answered yet: deleted in the transaction that posts the mail, or finds no account",
    )
    op.create_index("ix_forgotten_passwords_created_at", "forgotten_passwords", ["created_at"], unique=False)
    op.create_table(
        "mail_outbox",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True, comment="null once it is settled"),
        sa.Column("name", sa.Text(), nullable=False, comment="how the recipient is greeted; empty once it is settled"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=True, comment="where its link leads"),
        sa.Column("key_id", sa.Text(), nullable=False, comment="of the key that its one-time token is made with"),
        sa.Column("state", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="not to be taken before"),
        sa.Column("useless_at", sa.DateTime(timezone=True), nullable=False, comment="not to be sent from then on"),
        sa.Column("fault", sa.Text(), nullable=True, comment="what the last attempt failed of"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('WAITING','SENT','GIVEN_UP')", name=op.f("ck_mail_outbox_state")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mail_outbox_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_outbox")),
        comment="written in the transaction of the fact that the mail tells of; tokens are not in it",
    )
    op.create_index(
        "ix_mail_outbox_due_at", "mail_outbox", ["due_at"], unique=False, postgresql_where=sa.text("state = 'WAITING'")
    )
    op.create_index("ix_mail_outbox_user_id", "mail_outbox", ["user_id"], unique=False)
    op.create_table(
        "mailed_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False, comment="the address it was mailed to"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('verify_email','reset_password')", name=op.f("ck_mailed_tokens_purpose")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mailed_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_mailed_tokens")),
        comment="each verifies an e-mail or sets a password, once; deleted by its use",
    )
    op.create_index("ix_mailed_tokens_expires_at", "mailed_tokens", ["expires_at"], unique=False)
    op.create_index("ix_mailed_tokens_user_id", "mailed_tokens", ["user_id"], unique=False)
    op.alter_column(
        "auth_sessions",
        "revoked_for",
        existing_type=sa.TEXT(),
        comment="logout, signed_out_elsewhere, password_reset, password_changed",
        existing_comment="logout, ...",
        existing_nullable=True,
    )


def downgrade() -> None:
    op.alter_column(
        "auth_sessions",
        "revoked_for",
        existing_type=sa.TEXT(),
        comment="logout, ...",
        existing_comment="logout, signed_out_elsewhere, password_reset, password_changed",
        existing_nullable=True,
    )
    op.drop_index("ix_mailed_tokens_user_id", table_name="mailed_tokens")
    op.drop_index("ix_mailed_tokens_expires_at", table_name="mailed_tokens")
    op.drop_table("mailed_tokens")
    op.drop_index("ix_mail_outbox_user_id", table_name="mail_outbox")
    op.drop_index("ix_mail_outbox_due_at", table_name="mail_outbox", postgresql_where=sa.text("state = 'WAITING'"))
    op.drop_table("mail_outbox")
    op.drop_index("ix_forgotten_passwords_created_at", table_name="forgotten_passwords")
    op.drop_table("forgotten_passwords")
