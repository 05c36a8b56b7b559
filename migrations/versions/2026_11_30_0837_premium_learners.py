"""premium learners"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_0837"
down_revision = "2026_11_30_0836"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column(
            "is_premium", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="may ask more often"
        ),
    )


def downgrade() -> None:
    op.drop_column("users", "is_premium")
