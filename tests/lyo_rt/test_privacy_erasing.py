"""An erasure goes on where it was stopped, and only one instance is at it."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from actors.erasing import Eraser
from lyo_rt import leases
from lyo_rt.accounts import repository as accounts
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.leases import Lease, LeaseLost
from lyo_rt.media.service import Library
from lyo_rt.privacy import repository
from lyo_rt.privacy.exports import Exports
from lyo_rt.privacy.plan import LINES
from lyo_rt.privacy.service import KIND, begin_due
from lyo_rt.settings import Settings
from lyo_rt.storage.store import open_storage
from lyo_rt.streams import append, user_stream

pytestmark = pytest.mark.anyio

HERE, THERE = 7, 8
CLOCK = SystemClock()


class Killed(Exception):
    """The instance is gone."""


@pytest.fixture
async def eraser(database: Database, tmp_path: Path) -> Eraser:
    storage = await open_storage(Settings(lyo_data_dir=tmp_path))
    return Eraser(
        database, InProcessBroadcast(CLOCK), Library(database, storage, CLOCK), Exports(database, storage, CLOCK), CLOCK
    )


@pytest.fixture
async def person(database: Database) -> UUID:
    """Somebody whose time is over, with more events than one batch."""
    user = await accounts.insert_user(
        database,
        email="ada@example.com",
        email_key="ada@example.com",
        password_hash="",
        full_name="Ada",
        now=CLOCK.now(),
    )
    assert user is not None
    async with database.transaction() as transaction:
        for number in range(7):
            await append(transaction, user_stream(user.id), "told", {"number": number})
    await database.execute("UPDATE users SET is_active = false, erase_at = $1", CLOCK.now() - timedelta(seconds=1))
    return user.id


async def claimed(database: Database, owner: int) -> Lease:
    """The erasure, which nobody live holds."""
    (lease,) = await leases.claim(database, [KIND], owner, limit=1, settling=0)
    return lease


def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Storing that so many lines are done kills the instance, the first time; the steps that were stored."""
    store, stored = repository.set_step, []

    async def kill(transaction: Transaction, id: UUID, done: int) -> None:
        if done == step and "killed" not in stored:
            stored.append("killed")
            raise Killed
        stored.append(done)
        await store(transaction, id, done)

    monkeypatch.setattr(repository, "set_step", kill)
    return stored


async def test_it_is_begun_once_when_its_time_has_come(database: Database, person: UUID) -> None:
    assert not await begin_due(database, now=CLOCK.now() - timedelta(days=1))
    assert await begin_due(database, now=CLOCK.now())
    assert not await begin_due(database, now=CLOCK.now())
    assert await database.fetchval("SELECT user_id FROM erasures") == person


@pytest.mark.parametrize("step", [1, 4, len(LINES) - 1, len(LINES)])
async def test_killed_anywhere_it_goes_on_from_there(
    database: Database, eraser: Eraser, person: UUID, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(repository, "BATCH", 3)
    await begin_due(database, now=CLOCK.now())
    stored = killed_at(monkeypatch, step)
    lease = await claimed(database, HERE)
    with pytest.raises(Killed):
        await eraser.erase(lease)
    assert await database.fetchval("SELECT step FROM erasures") == step - 1

    await eraser.erase(await claimed(database, THERE))
    assert stored == [*range(1, step), "killed", *range(step, len(LINES) + 1)], "nothing that is done is done again"
    assert await repository.left(database, person) == {}
    row = await database.fetchrow("SELECT user_id, rows, done_at IS NOT NULL AS done FROM erasures")
    assert row is not None
    assert (row["user_id"], row["done"]) == (None, True)
    assert row["rows"]["stream_events"] == 7
    assert row["rows"]["users"] == 1
    assert await database.fetchval("SELECT state FROM leases WHERE kind = $1", KIND) == "CLOSED"


async def test_who_has_lost_the_lease_erases_nothing(database: Database, eraser: Eraser, person: UUID) -> None:
    await begin_due(database, now=CLOCK.now())
    lost = await claimed(database, HERE)
    await claimed(database, THERE)
    before = await repository.left(database, person)
    with pytest.raises(LeaseLost):
        await eraser.erase(lost)
    assert await repository.left(database, person) == before


async def test_what_comes_late_is_erased_too(
    database: Database, eraser: Eraser, person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that was under way tells the person's devices something when their streams have been erased."""
    monkeypatch.setattr("actors.erasing.AGAIN_SECONDS", 0.01)
    await begin_due(database, now=CLOCK.now())
    ended, stored = repository.left, []

    async def late(transaction: Transaction, who: UUID) -> dict[str, int]:
        if not stored:
            await append(transaction, user_stream(who), "late", {})
        stored.append(found := await ended(transaction, who))
        return found

    monkeypatch.setattr(repository, "left", late)
    await eraser.erase(await claimed(database, HERE))
    assert stored == [{"stream_events": 1, "streams": 1}, {}]
    assert await database.fetchval("SELECT count(*) FROM streams") == 0
