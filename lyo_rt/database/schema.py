"""The schema's one description: SQLAlchemy tables on one metadata; Alembic compares the migrated database with it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

SEALED = "sealed"
"""The mark of a sealed column in its `info`."""

uuid = pg.UUID(as_uuid=True)
moment = sa.DateTime(timezone=True)


def identity() -> sa.Column[Any]:
    """A UUIDv4 primary key."""
    return sa.Column("id", uuid, primary_key=True, server_default=sa.text("gen_random_uuid()"))


def happened(name: str = "created_at") -> sa.Column[Any]:
    """A moment that defaults to the transaction's start."""
    return sa.Column(name, moment, nullable=False, server_default=sa.func.now())


def owner(*, name: str = "user_id", nullable: bool = False) -> sa.Column[Any]:
    """The learner whose row this is; the row goes when the learner goes."""
    return sa.Column(name, uuid, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=nullable)


@dataclass(frozen=True)
class Sealing:
    """How a column is sealed. `legible`: members of its documents that stay so; `where`: only in these rows (SQL);
    `index`: the column of bytes beside it that holds the blind index of its text, by which it is looked up."""

    legible: tuple[str, ...] = ()
    where: str = "true"
    index: str | None = None


def sealed(
    name: str,
    type_: type[sa.Text | sa.LargeBinary | pg.JSONB],
    sealing: Sealing = Sealing(),
    *,
    comment: str = "sealed",
    **named: Any,
) -> sa.Column[Any]:
    """A column that holds what a learner wrote, or what else is theirs alone: sealed by lyo_rt.security.encryption,
    and found by `lyo-rt keys reencrypt` because it was made here."""
    return sa.Column(name, type_, info={SEALED: sealing}, comment=comment, **named)


def document(name: str, default: str = "{}") -> sa.Column[Any]:
    """A jsonb column."""
    return sa.Column(name, pg.JSONB, nullable=False, server_default=sa.text(f"'{default}'::jsonb"))
