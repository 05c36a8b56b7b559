"""What is kept for a while only, by the settings that say how long."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import pytest

from actors.housekeeping import keep_house
from lyo_rt.accounts import repository as accounts
from lyo_rt.accounts.minors import repository as minors
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.media.service import Library
from lyo_rt.privacy.exports import Exports
from lyo_rt.settings import Settings
from lyo_rt.storage.store import open_storage

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()
COUNTS = """
    SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM task_steps),
        (SELECT count(*) FROM stream_events WHERE stream LIKE 'task:%'), (SELECT count(*) FROM streams),
        (SELECT count(*) FROM stream_events WHERE stream LIKE 'user:%'), (SELECT count(*) FROM mail_outbox),
        (SELECT count(*) FROM guardian_links), (SELECT count(*) FROM age_gates)"""


@pytest.fixture
async def person(database: Database) -> UUID:
    user = await accounts.insert_user(
        database,
        email="ada@example.com",
        email_key="ada@example.com",
        password_hash="",
        full_name="Ada",
        now=CLOCK.now(),
    )
    assert user is not None
    return user.id


async def happened(database: Database, person: UUID, days: int, state: str = "DONE") -> None:
    """A task with a step and an event, an event of the person's, a mail, a link and a held address, all so old."""
    task, moment = uuid4(), CLOCK.now() - timedelta(days=days)
    await database.execute(
        "INSERT INTO tasks (id, user_id, kind, state, updated_at) VALUES ($1, $2, 'generation', $3, $4)",
        task,
        person,
        state,
        moment,
    )
    await database.execute("INSERT INTO task_steps (task_id, step) VALUES ($1, 'outline')", task)
    for stream in (f"task:{task}", f"user:{person}"):
        await database.execute("INSERT INTO streams (name) VALUES ($1) ON CONFLICT DO NOTHING", stream)
        await database.execute(
            "INSERT INTO stream_events (stream, seq, name, created_at) VALUES ($1, $2, 'told', $3)",
            stream,
            days,
            moment,
        )
    await database.execute(
        """
        INSERT INTO mail_outbox (user_id, kind, name, language, key_id, state, due_at, useless_at, created_at)
        VALUES ($1, 'verify_email', '', 'en', '', 'SENT', $2, $2, $2)
        """,
        person,
        moment,
    )
    await minors.keep_link(database, uuid4().bytes, "agree", person, now=moment, expires_at=moment)
    await minors.hold(database, str(task), until=moment)


async def kept(database: Database, folder: Path, **settings: int) -> tuple[int, ...]:
    """What is left when the house was kept once under these settings."""
    read = Settings(lyo_data_dir=folder, **settings)  # type: ignore[arg-type]
    storage = await open_storage(read)
    library, exports = Library(database, storage, CLOCK), Exports(database, storage, CLOCK)
    held = await database.fetchval("SELECT count(*) FROM guardian_links")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_house, database, library, exports, read.retention, CLOCK)
        with anyio.fail_after(30):
            while held and await database.fetchval("SELECT count(*) FROM guardian_links"):  # noqa: ASYNC110
                await anyio.sleep(0.02)
            # Behind the links come mails, events and tasks; files are the last.
            while await database.fetchval("SELECT count(*) FROM exports"):  # noqa: ASYNC110
                await anyio.sleep(0.02)
        tasks.cancel_scope.cancel()
    row = await database.fetchrow(COUNTS)
    assert row is not None
    return tuple(row)


async def overdue(database: Database, person: UUID) -> None:
    """An export whose time is over: when it has gone, the round has come to its end."""
    moment = CLOCK.now() - timedelta(days=1)
    await database.execute(
        "INSERT INTO exports (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $3)", uuid4(), person, moment
    )


async def test_everything_goes_when_its_time_is_over(database: Database, person: UUID, tmp_path: Path) -> None:
    for days in (1, 8, 40, 100):
        await happened(database, person, days)
    await happened(database, person, 101, "RUNNING")
    await overdue(database, person)
    assert await kept(database, tmp_path) == (5, 5, 5, 6, 3, 1, 0, 0), "tasks stay, unless it is said how long"
    await overdue(database, person)
    settings = {"retention_task_days": 30, "retention_stream_days": 5, "retention_mail_days": 1}
    assert await kept(database, tmp_path, **settings) == (3, 3, 3, 4, 1, 0, 0, 0), "what runs is no old task"
