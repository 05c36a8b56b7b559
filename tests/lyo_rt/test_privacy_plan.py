"""The plan of exports and erasures against the schema: nothing that is of a person can be forgotten."""

import asyncpg
import pytest
import sqlalchemy as sa

from lyo_rt.database.pool import Database
from lyo_rt.database.schema import owner
from lyo_rt.privacy.plan import LINES, WITHOUT_PERSONS
from lyo_rt.privacy.repository import left
from migrations.tables import all_tables


def forgotten(tables: sa.MetaData) -> set[str]:
    """The tables that refer to a person, directly or through others, and have no line; and those nobody has placed."""
    planned = {line.table for line in LINES}
    return {table for table in tables.tables if table not in planned | WITHOUT_PERSONS.keys()} | (
        of_persons(tables) - planned
    )


def of_persons(tables: sa.MetaData) -> set[str]:
    """The tables from which foreign keys lead to a person, over however many others."""
    found: set[str] = {"users"}
    while more := {
        table.name
        for table in tables.tables.values()
        if table.name not in found and found & {key.column.table.name for key in table.foreign_keys}
    }:
        found |= more
    return found


def test_no_table_is_forgotten() -> None:
    assert forgotten(all_tables()) == set()
    assert {line.table for line in LINES} | WITHOUT_PERSONS.keys() == all_tables().tables.keys()
    assert not {line.table for line in LINES} & WITHOUT_PERSONS.keys()


def test_a_new_table_without_a_line_is_found() -> None:
    grown = sa.MetaData()
    for table in all_tables().tables.values():
        table.to_metadata(grown)
    sa.Table("posts", grown, sa.Column("id", sa.Integer, primary_key=True), owner())
    sa.Table("likes", grown, sa.Column("post_id", sa.ForeignKey("posts.id"), primary_key=True))
    sa.Table("weather", grown, sa.Column("id", sa.Integer, primary_key=True))
    assert of_persons(grown) >= {"posts", "likes"}
    assert forgotten(grown) == {"posts", "likes", "weather"}


def test_nothing_without_persons_leads_to_one() -> None:
    assert not of_persons(all_tables()) & WITHOUT_PERSONS.keys()
    for name in WITHOUT_PERSONS:
        columns = {column.name for column in all_tables().tables[name].columns}
        assert not {column for column in columns if "user" in column or "mail" in column}, name


def test_every_column_of_rows_that_stay_is_thought_about() -> None:
    staying = [line for line in LINES if line.erasing != "delete"]
    assert {line.table for line in staying} == {
        *("agreements", "ai_usage", "audit_log", "courses", "erasures", "stream_events"),
    }
    for line in staying:
        columns = {column.name for column in all_tables().tables[line.table].columns}
        assert set(line.cleared) | set(line.kept) == columns, line.table
        assert not set(line.cleared) & set(line.kept)
        assert line.why


def test_what_is_not_exported_has_a_reason_and_columns_left_out_exist() -> None:
    for line in LINES:
        assert line.file or line.why, line.table
        assert set(line.secret) <= {column.name for column in all_tables().tables[line.table].columns}, line.table


def test_rows_go_before_those_they_hang_on() -> None:
    order = [line.table for line in LINES if line.erasing == "delete"]
    for place, name in enumerate(order):
        for key in all_tables().tables[name].foreign_keys:
            parent = key.column.table.name
            if parent != name and parent in order:
                assert order.index(parent) >= place, (name, parent)
    assert order[-1] == "users"


@pytest.mark.anyio
async def test_every_condition_is_sql_and_finds_nothing_of_nobody(database: Database) -> None:
    assert await left(database, NOBODY) == {}
    for line in LINES:
        await database.fetch(f"SELECT * FROM {line.table} WHERE {line.whose}", NOBODY)  # noqa: S608
    with pytest.raises(asyncpg.UndefinedColumnError):
        await database.fetch("SELECT FROM users WHERE nobody = $1", NOBODY)


NOBODY = "7f8a4f0e-6f0e-4b06-9f5e-0d8c1f6b2f11"
