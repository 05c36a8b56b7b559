"""The migrations make the tables the code describes, go back, and are run by one instance at a time."""

import subprocess
import sys

import anyio
import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from lyo_rt.database.migrate import LOCK, MigrationFault, differences, downgrade, newest, revisions, upgrade, version
from lyo_rt.problems import Unavailable
from migrations.tables import all_tables
from tests.lyo_rt.embedding import ROOT

CATALOG = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, col_description(c.oid, a.attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r','v','m')
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal""",
    "functions": "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "tables": """
        SELECT relname, obj_description(oid, 'pg_class') FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r','v','m')""",
}


async def catalog(url: str) -> dict[str, set[tuple[object, ...]]]:
    """All that PostgreSQL knows of the schema, but for Alembic's own table."""
    connection = await asyncpg.connect(url)
    try:
        return {
            name: {tuple(row) for row in await connection.fetch(sql) if "alembic_version" not in str(row[0])}
            for name, sql in CATALOG.items()
        }
    finally:
        await connection.close()


async def create_all(url: str) -> None:
    """The tables straight from the code, without migrations."""
    engine = create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: asyncpg.connect(url)
    )
    async with engine.begin() as connection:
        await connection.run_sync(all_tables().create_all)
    await engine.dispose()


@pytest.mark.anyio
async def test_a_migrated_database_is_what_the_tables_say(database_url: str, empty_database_url: str) -> None:
    assert await differences(database_url) is None
    await create_all(empty_database_url)
    migrated, described = await catalog(database_url), await catalog(empty_database_url)
    for kind in CATALOG:
        assert migrated[kind] ^ described[kind] == set(), kind


@pytest.mark.anyio
async def test_a_difference_is_told(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE users DROP COLUMN learning_style")
    await connection.close()
    assert "learning_style" in (await differences(database_url) or "")


@pytest.mark.anyio
async def test_every_migration_goes_down_and_up_again(database_url: str) -> None:
    at_the_top = await catalog(database_url)
    order = list(revisions())
    for lower, upper in zip(["base", *order][:-1][::-1], order[::-1], strict=True):
        assert await version(database_url) == upper
        await downgrade(database_url, lower)
    assert await version(database_url) is None
    assert {name: rows for name, rows in (await catalog(database_url)).items() if rows} == {}
    assert await upgrade(database_url)
    assert await catalog(database_url) == at_the_top


@pytest.mark.anyio
async def test_upgrading_what_is_up_to_date_does_nothing(database_url: str) -> None:
    assert not await upgrade(database_url)
    assert await version(database_url) == newest(revisions())


@pytest.mark.anyio
async def test_a_version_this_program_does_not_know_is_refused(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '2999_01_01_0000'")
    await connection.close()
    with pytest.raises(MigrationFault, match="2999_01_01_0000"):
        await upgrade(database_url)


@pytest.mark.anyio
async def test_going_back_to_what_never_was_is_refused(database_url: str) -> None:
    with pytest.raises(MigrationFault, match="there is no version 1999"):
        await downgrade(database_url, "1999")


@pytest.mark.anyio
async def test_a_database_that_is_away_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await upgrade("postgresql://127.0.0.1:1/lyo")


UPGRADE = """
import sys, anyio
from lyo_rt.database.migrate import upgrade, version
assert not anyio.run(version, sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
anyio.run(upgrade, sys.argv[1])
print(anyio.run(version, sys.argv[1]))
"""


def test_of_several_instances_one_migrates_and_the_others_wait(empty_database_url: str) -> None:
    instances = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", UPGRADE, empty_database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(3)
    ]
    for instance in instances:
        assert instance.stdout is not None
        assert instance.stdout.readline() == "ready\n"
    for instance in instances:
        assert instance.stdin is not None
        instance.stdin.write("go\n")
        instance.stdin.flush()
    for instance in instances:
        said, complaints = instance.communicate(timeout=60)
        assert (instance.returncode, said.strip(), complaints) == (0, newest(revisions()), "")


WAITING = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@pytest.mark.anyio
async def test_an_instance_waits_while_another_holds_the_lock(empty_database_url: str) -> None:
    holder = await asyncpg.connect(empty_database_url)
    await holder.execute("SELECT pg_advisory_lock($1)", LOCK)
    async with anyio.create_task_group() as instance:
        instance.start_soon(upgrade, empty_database_url)
        with anyio.fail_after(30):
            while not await holder.fetchval(WAITING):
                await holder.execute("SELECT pg_sleep(0.01)")
        assert await version(empty_database_url) is None
        await holder.execute("SELECT pg_advisory_unlock($1)", LOCK)
    await holder.close()
    assert await version(empty_database_url) == newest(revisions())


def test_migrations_are_named_by_their_date() -> None:
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        assert file.name[:15] in revisions()
        assert file.name[15] == "_"
