"""known addresses"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_1207"
down_revision = "2026_11_30_1153"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_addresses",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="blind index of the e-mail and the address"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_known_addresses_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_known_addresses")),
        comment="where the learner has signed in from: guesses elsewhere do not hold off who comes from there",
    )
    op.create_index("ix_known_addresses_seen_at", "known_addresses", ["seen_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_known_addresses_seen_at", table_name="known_addresses")
    op.drop_table("known_addresses")
