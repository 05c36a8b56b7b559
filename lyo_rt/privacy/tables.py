"""Erasures: under way, and that they were done."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from lyo_rt.database.schema import document, happened, identity, metadata, moment, uuid


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
