"""The tables that no feature owns: streams, leases, idempotency keys, secrets' fingerprints."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from lyo_rt.database.schema import Sealing, happened, metadata, moment, owner, sealed, uuid

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("name", sa.Text, primary_key=True, comment="task:<id>, conversation:<id>, user:<id>, course:<id>, ops"),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="1"),
    sa.Column("top", sa.BigInteger, nullable=False, server_default="0", comment="seq of the newest event"),
    happened("updated_at"),
)

stream_events = sa.Table(
    "stream_events",
    metadata,
    sa.Column("stream", sa.Text, sa.ForeignKey("streams.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sealed(
        "data",
        pg.JSONB,
        Sealing(legible=("message",), where="stream LIKE 'conversation:%'"),
        nullable=False,
        server_default=sa.text("'{}'::jsonb"),
        comment="in streams of conversations sealed, but for the message it is about",
    ),
    happened(),
    sa.Index("ix_stream_events_created_at", "created_at", postgresql_using="brin"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", uuid, primary_key=True),
    sa.Column("subject", uuid, comment="what the work belongs to where that is not id: a turn's conversation"),
    sa.Column("owner", sa.BigInteger, comment="instance id: the key of its advisory lock"),
    sa.Column("former_owner", sa.BigInteger, comment="the instance it was last taken over from"),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("lease_until", moment),
    sa.Column("state", sa.Text, nullable=False, server_default="OPEN"),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"),
    happened(),
    sa.CheckConstraint("state IN ('OPEN','CLOSED')", name="state"),
    sa.Index("ix_leases_open", "kind", "created_at", postgresql_where=sa.text("state = 'OPEN'")),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    owner(),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body_digest", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger, comment="null while the first request is still running"),
    sa.Column("headers", pg.JSONB),
    sa.Column("body", sa.LargeBinary),
    happened(),
    sa.PrimaryKeyConstraint("user_id", "route", "key"),
    sa.Index("ix_idempotency_keys_created_at", "created_at"),
)

secret_fingerprints = sa.Table(
    "secret_fingerprints",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, primary_key=True, comment="HMAC of a fixed text under the key"),
    happened(),
    comment="the keys every instance on this database must have: jwt, the newest; data, all that rows are sealed with",
)
