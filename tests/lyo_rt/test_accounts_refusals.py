"""Refused sign-ins on their way to the audit log."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from lyo_rt.accounts.refusals import MOST_ACCOUNTS, Refusals
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.problems import Unavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url, InProcessBroadcast(SystemClock())) as opened:
        yield opened


async def written(database: Database) -> dict[tuple[str, UUID | None], int]:
    rows = await database.fetch("SELECT act, subject_id, details FROM audit_log")
    return {(row["act"], row["subject_id"]): row["details"]["times"] for row in rows}


async def test_a_flood_is_a_bounded_number_of_entries(database: Database) -> None:
    refusals = Refusals(database, SystemClock())
    for _ in range(3 * MOST_ACCOUNTS):
        refusals.wrong(uuid4())
    assert await refusals.write() == MOST_ACCOUNTS + 1
    found = await written(database)
    assert len(found) == MOST_ACCOUNTS + 1
    assert found["user.sign_in_failed", None] == 2 * MOST_ACCOUNTS


async def test_a_database_that_is_away_loses_none(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals, user = Refusals(database, SystemClock()), uuid4()

    async def away(*_: object, **__: object) -> None:
        raise Unavailable("away")

    refusals.wrong(user)
    with monkeypatch.context() as patched:
        patched.setattr("lyo_rt.audit.repository.record", away)
        with pytest.raises(Unavailable):
            await refusals.write()
    refusals.wrong(user)
    refusals.held_off(user)
    assert await refusals.write() == 2
    assert await written(database) == {("user.sign_in_failed", user): 2, ("user.sign_in_held_off", user): 1}
