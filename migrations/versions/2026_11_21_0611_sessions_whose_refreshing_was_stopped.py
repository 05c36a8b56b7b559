"""sessions whose refreshing was stopped"""

from alembic import op

revision = "2026_11_21_0611"
down_revision = "2026_11_21_0510"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_auth_sessions_refresh_revoked_at", "auth_sessions", ["refresh_revoked_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_auth_sessions_refresh_revoked_at", table_name="auth_sessions")
