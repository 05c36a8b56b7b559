"""Exports, and erasures: under way, and that they were done."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from lyo_rt.database.schema import document, happened, identity, metadata, moment, owner, uuid


def _several(name: str, type_: Any, comment: str) -> sa.Column[Any]:
    return sa.Column(name, pg.ARRAY(type_), nullable=False, server_default=sa.text("'{}'"), comment=comment)


erasures = sa.Table(
    "erasures",
    metadata,
    identity(),
    sa.Column("user_id", uuid, unique=True, comment="null once it is done; no foreign key: it outlives the account"),
    sa.Column("step", sa.Integer, nullable=False, server_default="0", comment="lines of the plan that are done"),
    _several("streams", sa.Text, "names; empty once it is done, as are the next three"),
    _several("drafts", uuid, "messages that may have a draft in the broadcast layer"),
    _several("answers", sa.LargeBinary, "what is shared of answers that the broadcast layer may hold"),
    _several("objects", uuid, "stored files the person has referred to"),
    document("rows"),
    sa.Column("due_at", moment, nullable=False, comment="when the cool-off was over"),
    happened("begun_at"),
    sa.Column("done_at", moment),
    comment="one row per erased person: while it is under way what is left to do, then only that it was done",
)

exports = sa.Table(
    "exports",
    metadata,
    sa.Column("id", uuid, primary_key=True, comment="the task that makes it, and the name of its file"),
    owner(),
    sa.Column("size", sa.BigInteger, comment="bytes; null until it is ready"),
    sa.Column("sha256", sa.LargeBinary),
    sa.Column(
        "for_parent", sa.Boolean, nullable=False, server_default=sa.false(), comment="whom the link is mailed to"
    ),
    sa.Column("link", sa.LargeBinary, unique=True, comment="SHA-256 of the token of the mailed link"),
    happened(),
    sa.Column("expires_at", moment, nullable=False),
    sa.Index("ix_exports_user_id", "user_id"),
    sa.Index("ix_exports_expires_at", "expires_at"),
    comment="there before the file is and until it has gone",
)
