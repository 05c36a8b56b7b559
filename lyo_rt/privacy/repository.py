"""The SQL of erasures: one statement per function. What is erased how says the plan."""

from datetime import datetime
from uuid import UUID

from lyo_rt.database.pool import Queries, Transaction, one
from lyo_rt.leases import Lease
from lyo_rt.privacy.conditions import STREAMS, WORK
from lyo_rt.privacy.plan import LINES
from lyo_rt.privacy.records import Erasure, Line

BATCH = 1000
"""Rows that one transaction erases."""


async def take_due(transaction: Transaction, *, now: datetime) -> tuple[UUID, datetime] | None:
    """Who is to be erased by now, and since when: a closed account, or a child's for which no parent has agreed in
    time. Nobody takes it back any more. The longest waiting first."""
    row = await transaction.fetchrow(
        """
        WITH due AS (
            SELECT id, least(erase_at, consent_due_at) AS erase_at FROM users
            WHERE erase_at <= $1 OR consent_due_at <= $1
            ORDER BY 2 LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE users SET erase_at = NULL, consent_due_at = NULL, is_active = false
        FROM due WHERE users.id = due.id RETURNING due.id, due.erase_at
        """,
        now,
    )
    return None if row is None else (row["id"], row["erase_at"])


async def insert_erasure(transaction: Transaction, person: UUID, *, due_at: datetime, now: datetime) -> UUID:
    """An erasure that begins."""
    id: UUID = await transaction.fetchval(
        "INSERT INTO erasures (user_id, due_at, begun_at) VALUES ($1, $2, $3) RETURNING id", person, due_at, now
    )
    return id


async def find_erasure(queries: Queries, id: UUID) -> Erasure | None:
    """An erasure under way; None once it is done."""
    row = await queries.fetchrow(
        """
        SELECT id, user_id, step, streams, drafts, answers, objects FROM erasures
        WHERE id = $1 AND user_id IS NOT NULL
        """,
        id,
    )
    return one(Erasure, row)


async def open_work(queries: Queries, person: UUID) -> list[Lease]:
    """The leases of the person's work that has not ended."""
    rows = await queries.fetch(
        f"SELECT kind, id, epoch FROM leases WHERE state = 'OPEN' AND owner IS NOT NULL AND ({WORK})",  # noqa: S608
        person,
    )
    return [Lease(row["kind"], row["id"], row["epoch"]) for row in rows]


async def note_traces(transaction: Transaction, id: UUID, person: UUID) -> None:
    """Keep what nothing leads to once the person's rows have gone; what was noted before stays noted."""
    await transaction.execute(
        f"""
        UPDATE erasures SET
            streams = ARRAY(SELECT DISTINCT name FROM streams WHERE {STREAMS.format(name="name")}),
            drafts = ARRAY(
                SELECT unnest(drafts) UNION SELECT m.id FROM messages m JOIN conversations c ON c.id = conversation_id
                WHERE c.user_id = $1 AND role = 'assistant'),
            answers = ARRAY(SELECT unnest(answers) UNION SELECT shared FROM ai_answers
                WHERE user_id = $1 AND shared IS NOT NULL),
            objects = ARRAY(SELECT unnest(objects) UNION SELECT object_id FROM media WHERE user_id = $1)
        WHERE id = $2
        """,  # noqa: S608  (a constant)
        person,
        id,
    )


async def erase_batch(transaction: Transaction, line: Line, person: UUID) -> int:
    """Erase some of the rows of a line; how many. None are left when they are fewer than a batch."""
    rows = f"ctid = ANY(ARRAY(SELECT ctid FROM {line.table} WHERE {line.whose} LIMIT {BATCH}))"  # noqa: S608
    if line.erasing == "delete":
        tag = await transaction.execute(f"DELETE FROM {line.table} WHERE {rows}", person)  # noqa: S608
    else:
        values = ", ".join(f"{column} = {value}" for column, value in line.cleared.items())
        tag = await transaction.execute(f"UPDATE {line.table} SET {values} WHERE {rows}", person)  # noqa: S608
    return int(tag.rpartition(" ")[2])


async def count_rows(transaction: Transaction, id: UUID, line: Line, rows: int) -> None:
    """So many more rows of the line's table have been erased."""
    await transaction.execute(
        """
        UPDATE erasures SET rows = rows || jsonb_build_object($2::text, coalesce((rows ->> $2)::bigint, 0) + $3)
        WHERE id = $1
        """,
        id,
        line.table,
        rows,
    )


async def set_step(transaction: Transaction, id: UUID, step: int) -> None:
    """So many lines of the plan are done."""
    await transaction.execute("UPDATE erasures SET step = $2 WHERE id = $1", id, step)


async def left(queries: Queries, person: UUID) -> dict[str, int]:
    """How many rows of a person there still are, by table: nothing once they are erased."""
    asked = [line for line in LINES if line.by != "end"]
    counts = [f"(SELECT count(*) FROM {line.table} WHERE {line.whose})" for line in asked]  # noqa: S608  (the plan)
    row: list[int] = await queries.fetchval(f"SELECT ARRAY[{', '.join(counts)}]", person)
    found: dict[str, int] = {}
    for line, count in zip(asked, row, strict=True):
        if count:
            found[line.table] = found.get(line.table, 0) + count
    return found


async def count_kept(queries: Queries, person: UUID) -> dict[str, dict[str, int]]:
    """How many rows an export would have, by its files and their tables; without those that have none."""
    asked = [line for line in LINES if line.file is not None]
    counts = [f"(SELECT count(*) FROM {line.table} WHERE {line.whose})" for line in asked]  # noqa: S608  (the plan)
    row: list[int] = await queries.fetchval(f"SELECT ARRAY[{', '.join(counts)}]", person)
    found: dict[str, dict[str, int]] = {}
    for line, count in zip(asked, row, strict=True):
        if count and line.file is not None:
            tables = found.setdefault(line.file, {})
            tables[line.table] = tables.get(line.table, 0) + count
    return found


async def finish(transaction: Transaction, id: UUID, *, now: datetime) -> None:
    """It is done: whom it was about is forgotten."""
    await transaction.execute(
        """
        UPDATE erasures SET user_id = NULL, streams = '{}', drafts = '{}', answers = '{}', objects = '{}', done_at = $2
        WHERE id = $1
        """,
        id,
        now,
    )
