"""Every sealed column under the present key, beside servers that go on reading and writing.

What is done stands in the rows themselves: a value names its key. So it can be broken off anywhere and begun again, and
what is done is not done twice. A batch of rows is locked, opened, sealed and written in one transaction; who writes one
of them waits some milliseconds, and no write is lost. Rows that somebody else has locked are left for the next pass.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql as pg

from lyo_rt.database.pool import Database, Queries, Row
from lyo_rt.database.schema import SEALED, Sealing
from lyo_rt.security.encryption import Cipher, Unreadable

BATCH = 200
"""Rows; sealed in about 5 ms."""
PASS_SECONDS = 0.5
"""Between passes over rows that were locked."""

log = structlog.get_logger()


@dataclass(frozen=True)
class SealedColumn:
    """A sealed column: how to ask which values are due (`prefix` is $1), how to carry one over, and its SQL type."""

    name: str
    place: str
    sealing: Sealing
    due: str
    type: str

    @property
    def written(self) -> dict[str, str]:
        """The columns that are written with it, and their types."""
        return {self.name: self.type} | ({self.sealing.index: "bytea"} if self.sealing.index else {})

    def resealed(self, cipher: Cipher, stored: Any, row: Sequence[object]) -> list[Any]:
        """The value under the present key, and its blind index where it has one. Raises Unreadable."""
        if stored is None:
            return [None] * len(self.written)
        match self.type:
            case "bytea":
                return [cipher.seal_bytes(cipher.open_bytes(stored, self.place, *row), self.place, *row)]
            case "jsonb":
                value = cipher.open_document(stored, self.place, *row)
                sealed = cipher.seal_document(value, self.place, *row, legible=self.sealing.legible)
                return [msgspec.json.encode(sealed).decode()]
            case _:
                text = cipher.open(stored, self.place, *row)
                index = [cipher.indexes(self.place, text)[0]] if self.sealing.index else []
                return [cipher.seal(text, self.place, *row), *index]


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns, and its primary key."""

    name: str
    key: tuple[str, ...]
    columns: tuple[SealedColumn, ...]

    @property
    def due(self) -> str:
        """SQL: which rows have something to be done."""
        return " OR ".join(f"({column.due} AND {column.sealing.where})" for column in self.columns)


def sealed_tables(tables: Iterable[sa.Table]) -> list[SealedTable]:
    """Those of the tables that have sealed columns."""
    found = []
    for table in tables:
        columns = tuple(_column(table, column) for column in table.columns if SEALED in column.info)
        if columns:
            found.append(SealedTable(table.name, tuple(key.name for key in table.primary_key), columns))
    return found


def _column(table: sa.Table, column: sa.Column[Any]) -> SealedColumn:
    name, sealing = column.name, column.info[SEALED]
    place = f"{table.name}.{name}"
    match column.type:
        case sa.LargeBinary():
            due = f"substring({name} FOR length($1)) <> convert_to($1, 'UTF8')"
            return SealedColumn(name, place, sealing, due, "bytea")
        case pg.JSONB():
            return SealedColumn(name, place, sealing, f"NOT starts_with(coalesce({name}->>'sealed', ''), $1)", "jsonb")
        case _:
            return SealedColumn(name, place, sealing, f"({name} <> '' AND NOT starts_with({name}, $1))", "text")


async def count_due(queries: Queries, tables: Sequence[SealedTable]) -> int:
    """Rows with a value that is not sealed with the present key."""
    counts = [
        await queries.fetchval(f"SELECT count(*) FROM {table.name} WHERE {table.due}", queries.cipher.prefix)  # noqa: S608  (names of tables)
        for table in tables
    ]
    return sum(counts)


async def reencrypt(database: Database, tables: Sequence[SealedTable], done: Callable[[int], None]) -> int:
    """Seal every value with the present key; tells `done` how many more rows are.

    Returns how many rows are left because they do not open; each is logged, by its place.
    """
    while True:
        unreadable = sum([await _over(database, table, done) for table in tables])
        if await count_due(database, tables) <= unreadable:
            return unreadable
        await anyio.sleep(PASS_SECONDS)


async def _over(database: Database, table: SealedTable, done: Callable[[int], None]) -> int:
    """One pass over the table, in the order of its key."""
    after: tuple[Any, ...] = ()
    unreadable = 0
    while True:
        async with database.transaction() as transaction:
            rows = await _locked(transaction, table, after)
            carried = [(row["place"], values) for row in rows if (values := _resealed(transaction, table, row))]
            await _write(transaction, table, carried)
        done(len(carried))
        unreadable += len(rows) - len(carried)
        if len(rows) < BATCH:
            return unreadable
        after = tuple(rows[-1][name] for name in table.key)


async def _locked(transaction: Queries, table: SealedTable, after: tuple[Any, ...]) -> Sequence[Row]:
    names = ", ".join([*table.key, *(column.name for column in table.columns)])
    key = ", ".join(table.key)
    behind = f"AND ({key}) > ({', '.join(f'${number}' for number in range(2, len(after) + 2))})" if after else ""
    return await transaction.fetch(
        f"""
        SELECT ctid AS place, {names} FROM {table.name} WHERE ({table.due}) {behind}
        ORDER BY {key} LIMIT {BATCH} FOR NO KEY UPDATE SKIP LOCKED
        """,  # noqa: S608  (names of tables and columns)
        transaction.cipher.prefix,
        *after,
    )


def _resealed(queries: Queries, table: SealedTable, row: Row) -> list[Any] | None:
    """The row's sealed values under the present key; None when one of them does not open."""
    place = [row[name] for name in table.key]
    try:
        cipher = queries.cipher
        return [value for column in table.columns for value in column.resealed(cipher, row[column.name], place)]
    except Unreadable as fault:
        log.error("row left as it is", table=table.name, row=[str(part) for part in place], error=str(fault))
        return None


async def _write(transaction: Queries, table: SealedTable, rows: Sequence[tuple[Any, list[Any]]]) -> None:
    written = {name: type for column in table.columns for name, type in column.written.items()}
    kinds = ["bytea" if type == "bytea" else "text" for type in written.values()]
    parameters = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, 2))
    names = ", ".join(written)
    changes = ", ".join(f"{name} = new.{name}::{type}" for name, type in written.items())
    await transaction.execute(
        f"""
        UPDATE {table.name} AS kept SET {changes} FROM unnest($1::tid[], {parameters}) AS new (place, {names})
        WHERE kept.ctid = new.place
        """,  # noqa: S608  (names of tables and columns)
        [place for place, _ in rows],
        *[[values[number] for _, values in rows] for number in range(len(kinds))],
    )
