"""websocket tickets"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_0457"
down_revision = "2026_11_21_0200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "websocket_tickets",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the ticket"),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column(
            "token_expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the access token that asked for it ends",
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_sessions.id"],
            name=op.f("fk_websocket_tickets_session_id_auth_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_websocket_tickets")),
        comment="each opens one WebSocket as the session that asked for it; deleted by its use",
    )
    op.create_index("ix_websocket_tickets_expires_at", "websocket_tickets", ["expires_at"], unique=False)
    op.create_index("ix_websocket_tickets_session_id", "websocket_tickets", ["session_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_websocket_tickets_session_id", table_name="websocket_tickets")
    op.drop_index("ix_websocket_tickets_expires_at", table_name="websocket_tickets")
    op.drop_table("websocket_tickets")
