"""Which instances there are."""

import sqlalchemy as sa

from lyo_rt.database.schema import happened, metadata

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment="the key of its advisory lock"),
    happened("started_at"),
    comment="those that have started and not stopped; one whose lock is missing is lost",
)
