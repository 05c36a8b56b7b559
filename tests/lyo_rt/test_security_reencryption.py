import hashlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import anyio
import pytest
import sqlalchemy as sa

from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.database.schema import Sealing, sealed
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.reencryption import BATCH, SealedTable, count_due, reencrypt, sealed_tables
from lyo_rt.streams import append, conversation_stream, find_end, read_after
from lyo_rt.tutoring import repository
from migrations.tables import all_tables
from tests.conftest import Announcements

OLD, NEW = b"o" * 32, b"n" * 32

pytestmark = pytest.mark.anyio


@pytest.fixture
def tables() -> list[SealedTable]:
    return sealed_tables(all_tables().tables.values())


@pytest.fixture
def cipher() -> Cipher:
    """Of the time before the rotation."""
    return Cipher(KeyRing([OLD]), SystemClock())


@pytest.fixture
async def rotated(database_url: str) -> AsyncIterator[Database]:
    cipher = Cipher(KeyRing([NEW, OLD]), SystemClock())
    async with Database.open(database_url, Announcements(), cipher=cipher, pool_max=4) as opened:
        yield opened


async def conversation(database: Database, messages: int) -> tuple[UUID, list[UUID]]:
    """A conversation whose every other message was stored before columns were sealed."""
    user = await database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name) VALUES ($1, $1, '', '') RETURNING id",
        uuid4().hex,
    )
    made = await repository.add_conversation(database, user, None, "the title")
    assert made is not None
    ids = [uuid4() for _ in range(messages)]
    await database.execute(
        "INSERT INTO messages (id, conversation_id, position, role, text)"
        " SELECT id, $1, at, 'user', text FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS n (id, text, at)",
        made.id,
        ids,
        [
            f"text {number}" if number % 2 else database.cipher.seal(f"text {number}", repository.TEXT, id)
            for number, id in enumerate(ids)
        ],
    )
    return made.id, ids


def test_every_sealed_column_is_found(tables: list[SealedTable]) -> None:
    assert {column.place for table in tables for column in table.columns} == {
        "ai_answers.answer",
        "conversation_summaries.text",
        "conversations.title",
        "guardians.email",
        "mail_outbox.recipient",
        "messages.text",
        "stream_events.data",
        "tutor_flags.kind",
        "tutor_problems.tried",
        "users.birth_date",
    }


async def test_every_row_is_carried_over_once_and_read_as_before(
    database: Database, rotated: Database, tables: list[SealedTable]
) -> None:
    talk, ids = await conversation(database, 2 * BATCH + 7)
    assert await count_due(rotated, tables) == len(ids) + 1
    steps: list[int] = []
    assert await reencrypt(rotated, tables, steps.append) == 0
    assert sum(steps) == len(ids) + 1
    assert await count_due(rotated, tables) == 0
    stored = await rotated.fetch("SELECT text FROM messages")
    assert all(row["text"].startswith(rotated.cipher.prefix) for row in stored)
    told = await repository.list_messages(rotated, talk, after=0, limit=1000)
    assert [message.text for message in told] == [f"text {number}" for number in range(len(ids))]
    assert told[0].sha256 == hashlib.sha256(b"text 0").hexdigest()
    again: list[int] = []
    await reencrypt(rotated, tables, again.append)
    assert sum(again) == 0


async def test_every_kind_of_column_is_carried_over(
    database: Database, rotated: Database, tables: list[SealedTable]
) -> None:
    talk, ids = await conversation(database, 1)
    stream, message = conversation_stream(talk), str(ids[0])
    async with database.transaction() as transaction:
        await append(transaction, stream, "message", {"id": message, "text": "secret text"})
        await append(transaction, stream, "end", {"message": message, "length": 4})
        user = await transaction.fetchval("SELECT user_id FROM conversations")
        for _ in range(2):
            await repository.add_flag(
                transaction, user=user, conversation=talk, message=ids[0], kind="self_harm", source="learner"
            )
    await database.execute(
        "INSERT INTO stream_events (stream, seq, name, data) VALUES ($1, 3, 'end', $2)",
        stream,
        {"message": "stored before", "length": 9},
    )
    await database.execute(
        "INSERT INTO tutor_problems (conversation_id, problem, question, tried) VALUES ($1, 'p', 'q', $2)",
        talk,
        ["an attempt"],
    )
    before = [event.data for event in await read_after(database, stream, 0)]
    due = await count_due(rotated, tables)
    steps: list[int] = []
    assert await reencrypt(rotated, tables, steps.append) == 0
    assert sum(steps) == due == 1 + 1 + 3 + 1 + 1
    assert [event.data for event in await read_after(rotated, stream, 0)] == before
    assert before[0] == {"id": message, "text": "secret text"}
    assert [await find_end(rotated, stream, id) for id in (message, "stored before", "none")] == [2, 3, None]
    (problem,) = await repository.list_problems(rotated, talk)
    assert problem.tried == ("an attempt",)
    dump = str([dict(row) for table in tables for row in await rotated.fetch(f"SELECT * FROM {table.name}")])  # noqa: S608
    for word in ("secret text", "an attempt", "self_harm", "the title"):
        assert word not in dump
    async with rotated.transaction() as transaction:  # a flag of the former key is known by its index
        await repository.add_flag(
            transaction, user=user, conversation=talk, message=ids[0], kind="self_harm", source="learner"
        )
    assert await rotated.fetchval("SELECT count(*) FROM tutor_flags") == 1


async def test_broken_off_it_goes_on_with_the_rest(
    database: Database, rotated: Database, tables: list[SealedTable]
) -> None:
    _, ids = await conversation(database, 3 * BATCH)
    steps: list[int] = []
    with anyio.CancelScope() as scope:

        def done(more: int) -> None:
            steps.append(more)
            if sum(steps) > BATCH:
                scope.cancel()

        await reencrypt(rotated, tables, done)
    assert scope.cancelled_caught
    told, due = sum(steps), await count_due(rotated, tables)
    # a batch that was under way then may have been carried through
    assert due in {len(ids) + 1 - told, len(ids) + 1 - told - BATCH}
    assert due > 0
    await reencrypt(rotated, tables, steps.append)
    assert sum(steps) == told + due


async def test_what_is_written_meanwhile_is_not_lost(
    database: Database, rotated: Database, tables: list[SealedTable]
) -> None:
    """A writer with the old key goes through all rows while they are carried over, one locked for a while."""
    talk, ids = await conversation(database, 2 * BATCH)
    written: dict[UUID, str] = {}
    let_go = anyio.Event()

    async def write() -> None:
        for number, id in enumerate(reversed(ids)):
            text = f"written meanwhile {number}"
            await database.execute(
                "UPDATE messages SET text = $2 WHERE id = $1", id, database.cipher.seal(text, repository.TEXT, id)
            )
            written[id] = text
        let_go.set()

    async def hold() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE conversations SET updated_at = now() WHERE id = $1", talk)
            await let_go.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold)
        tasks.start_soon(write)
        assert await reencrypt(rotated, tables, lambda _: None) == 0
    assert await reencrypt(rotated, tables, lambda _: None) == 0
    told = await repository.list_messages(rotated, talk, after=0, limit=1000)
    assert {message.id: message.text for message in told} == written
    stored = await rotated.fetch("SELECT text FROM messages")
    assert all(row["text"].startswith(rotated.cipher.prefix) for row in stored)


async def test_what_does_not_open_is_left_as_it_is_and_counted(
    database: Database, rotated: Database, tables: list[SealedTable]
) -> None:
    _, ids = await conversation(database, 3)
    strange = Cipher(KeyRing([b"x" * 32]), SystemClock()).seal("lost", repository.TEXT, ids[0])
    await database.execute("UPDATE messages SET text = $2 WHERE id = $1", ids[0], strange)
    assert await reencrypt(rotated, tables, lambda _: None) == 1
    assert await rotated.fetchval("SELECT text FROM messages WHERE id = $1", ids[0]) == strange
    assert await count_due(rotated, tables) == 1


async def test_a_column_that_is_looked_up_gets_its_index(database: Database, rotated: Database) -> None:
    parents = sa.Table(
        "parents",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sealed("email", sa.Text, Sealing(index="email_index")),
        sa.Column("email_index", sa.LargeBinary),
        sealed("birth_date", sa.Text),
    )
    await database.execute("CREATE TABLE parents (id int PRIMARY KEY, email text, email_index bytea, birth_date text)")
    old = database.cipher
    await database.execute(
        "INSERT INTO parents VALUES (1, $1, $2, NULL), (2, 'b@example.com', NULL, '2015-01-01'), (3, NULL, NULL, NULL)",
        old.seal("a@example.com", "parents.email", 1),
        old.indexes("parents.email", "a@example.com")[0],
    )
    steps: list[int] = []
    assert await reencrypt(rotated, sealed_tables([parents]), steps.append) == 0
    assert sum(steps) == 2
    for id, email in ((1, "a@example.com"), (2, "b@example.com")):
        wanted = rotated.cipher.indexes("parents.email", email)
        row = await rotated.fetchrow("SELECT * FROM parents WHERE email_index = ANY ($1)", wanted)
        assert row is not None
        assert (row["id"], row["email_index"]) == (id, wanted[0])
        assert rotated.cipher.open(row["email"], "parents.email", id) == email
