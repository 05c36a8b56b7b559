"""Lines of the plan, and an erasure under way."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import msgspec

Erasing = Literal["delete", "anonymise", "keep"]
"""What becomes of rows: they go; they stay for others, whose they were is forgotten; they stay for the books, without
whom and what they were about."""

Means = Literal["statement", "audit", "library", "exports", "end"]
"""By what rows are erased: a statement made from the line, the audit log's own function, what deletes their files
first, or the end of the erasure itself."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of a person's rows is exported, and how it is erased.

    `whose` is SQL over the table's columns, in which $1 is the person: once they are erased it must find nothing.
    """

    table: str
    holds: str
    """What of a person is in it, in words."""
    whose: str
    erasing: Erasing
    by: Means = "statement"
    file: str | None = None
    """The file of the export that has these rows; None: `why` says why there is none."""
    secret: tuple[str, ...] = ()
    """Columns that are not exported: what opens an account, or says nothing to a person."""
    cleared: Mapping[str, str] = {}
    """Of rows that stay: the columns that are cleared, and the SQL of what they hold then."""
    kept: tuple[str, ...] = ()
    """Of rows that stay: the columns that stay as they are. With those that are cleared they are all there are."""
    why: str = ""
    """Why rows stay, or are not exported."""


class Traces(msgspec.Struct, frozen=True):
    """What of a person has no row that leads to it once their rows have gone."""

    streams: list[str]
    drafts: list[UUID]
    answers: list[bytes]
    objects: list[UUID]


class Erasure(Traces, frozen=True):
    """An erasure under way: `step` lines of the plan are done."""

    id: UUID
    user_id: UUID
    step: int
