"""Several changes as one statement on a real PostgreSQL: all of them or none, and told of only when committed."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import anyio
import asyncpg
import msgspec
import pytest

from lyo_rt import leases, streams
from lyo_rt.database.changes import ONCE, Changes, Returned
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.generation import service as generation
from lyo_rt.language_models.port import Written
from lyo_rt.language_models.tasks import CourseBrief
from lyo_rt.leases import Lease, LeaseLost, held_still
from lyo_rt.streams import Head, Hint, course_stream, task_stream, topic
from tests.conftest import Announcements
from tests.lyo_rt.locks import until_someone_waits

pytestmark = pytest.mark.anyio

WRITERS = 30
STREAM = course_stream(uuid4())
WRITTEN = Written("outline", "lyo-outline")


class Regret(Exception):
    """Why a transaction of a test is rolled back."""


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another instance's pool."""
    async with Database.open(database_url, Announcements(), pool_max=4) as opened:
        yield opened


@pytest.fixture
async def notes(database: Database) -> None:
    """A table of the test's own, in which the 13 stands already."""
    await database.execute("CREATE TABLE notes (number int PRIMARY KEY)")
    await database.execute("INSERT INTO notes VALUES (13)")


async def noted(database: Database) -> list[int]:
    return [row["number"] for row in await database.fetch("SELECT number FROM notes WHERE number <> 13 ORDER BY 1")]


def noting(changes: Changes, part: str, number: int, behind: str = ONCE) -> None:
    """A part that notes the number, unless it stands there already."""
    changes.add(
        part,
        f"INSERT INTO notes SELECT $1 FROM {behind} ON CONFLICT DO NOTHING RETURNING number",  # noqa: S608
        number,
    )


class Told(list[str]):
    """What was continued with, and told of nearby, in order."""

    def continuation(self, text: str) -> Callable[[], None]:
        return lambda: self.append(text)

    def nearby(self, topic: str, payload: bytes) -> None:
        self.append(f"{topic} {payload.decode()}")


@pytest.fixture
def told(database: Database) -> Told:
    told = Told()
    database.nearby = told.nearby
    return told


def telling(changes: Changes, told: Told, part: str) -> None:
    """When the part has happened, continue and announce."""
    changes.afterwards(part, told.continuation(f"after {part}"))
    changes.announce(part, lambda row: (part, str(row["number"]).encode()))


# -- the statement


async def test_each_part_counts_its_parameters_from_one(database: Database) -> None:
    changes = Changes()
    changes.add("first", "SELECT $1::text AS text, $2::int AS number", "a", 1)
    changes.add("second", "SELECT $2::text AS text, $1::int + first.number AS number FROM first", 10, "b")
    places = ", ".join(f"${place}::int" for place in range(12, 0, -1))
    changes.add("many", f"SELECT ARRAY[{places}] AS numbers, $1::int AS again", *range(101, 113))
    changes.add("last", "SELECT $1::text || second.text AS text FROM second", "$1")
    for part in ("first", "second", "many", "last"):
        changes.want(part)
    assert await database.carry_out(changes) == {
        "first": {"text": "a", "number": 1},
        "second": {"text": "b", "number": 11},
        "many": {"numbers": list(range(112, 100, -1)), "again": 101},
        "last": {"text": "$1b"},
    }


@pytest.mark.usefixtures("notes")
async def test_the_same_parts_make_the_same_text_whatever_their_arguments(database: Database) -> None:
    one, same, longer = Changes(), Changes(), Changes()
    for changes, number in ((one, 1), (same, 2), (longer, 3)):
        noting(changes, "note", number)
        changes.want("note")
    noting(longer, "more", 4, behind="note")
    assert one.sql == same.sql != longer.sql
    assert [(await database.carry_out(changes))["note"] for changes in (one, same, longer)] == [
        {"number": 1},
        {"number": 2},
        {"number": 3},
    ]
    assert await noted(database) == [1, 2, 3, 4]


async def test_a_part_wanted_for_several_reasons_is_answered_once(database: Database) -> None:
    changes, told = Changes(), Told()
    changes.add("part", "SELECT 1 AS number")
    telling(changes, told, "part")
    telling(changes, told, "part")
    assert await database.carry_out(changes) == {"part": {"number": 1}}
    assert told == ["after part"] * 2


@pytest.mark.usefixtures("notes")
async def test_behind_a_part_that_returned_nothing_nothing_happens(
    database: Database, announcements: Announcements, told: Told
) -> None:
    changes = Changes()
    noting(changes, "known", 13)
    noting(changes, "behind_known", 1, behind="known")
    noting(changes, "far_behind", 2, behind="behind_known")
    streams.appending(changes, "event", STREAM, "noted", {}, behind="far_behind")
    noting(changes, "new", 3)
    noting(changes, "behind_new", 4, behind="new")
    parts = ("known", "behind_known", "far_behind", "new", "behind_new")
    for part in parts:
        telling(changes, told, part)
    returned = await database.carry_out(changes)
    assert {part: returned[part] is not None for part in (*parts, "event")} == {
        "known": False,
        "behind_known": False,
        "far_behind": False,
        "event": False,
        "new": True,
        "behind_new": True,
    }
    assert await noted(database) == [3, 4]
    assert await streams.head(database, STREAM) == Head(1, 0)
    assert announcements == [("new", b"3"), ("behind_new", b"4")]
    assert told == ["after new", "after behind_new", "new 3", "behind_new 4"]


@pytest.mark.usefixtures("notes")
async def test_one_violated_constraint_undoes_it_all_and_nobody_is_told(
    database: Database, announcements: Announcements, told: Told
) -> None:
    changes = Changes()
    noting(changes, "note", 1)
    telling(changes, told, "note")
    streams.appending(changes, "event", STREAM, "noted", {"number": 1}, behind="note")
    changes.add("clash", "INSERT INTO notes SELECT 13 FROM note")
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.carry_out(changes)
    assert await noted(database) == []
    assert await streams.head(database, STREAM) == Head(1, 0)
    assert (announcements, told) == ([], [])


# -- told of


@pytest.mark.usefixtures("notes")
async def test_what_is_told_can_be_read_by_everybody(database_url: str, other: Database) -> None:
    class Reader(Announcements):
        async def publish(self, topic: str, payload: bytes) -> None:
            await super().publish(topic, b"%s of %r" % (payload, await noted(other)))

    read = Reader()
    async with Database.open(database_url, read, pool_max=2) as database:
        changes = Changes()
        noting(changes, "note", 1)
        changes.announce("note", lambda row: ("note", b"%d" % row["number"]))
        await database.carry_out(changes)
    assert read == [("note", b"1 of [1]")]


@pytest.mark.usefixtures("notes")
async def test_in_a_transaction_it_is_told_behind_the_commit(
    database: Database, announcements: Announcements, told: Told
) -> None:
    async with database.transaction() as transaction:
        for number in (1, 2):
            changes = Changes()
            noting(changes, "note", number)
            telling(changes, told, "note")
            assert (await transaction.carry_out(changes))["note"] == {"number": number}
        assert (announcements, told) == ([], [])
    assert announcements == [("note", b"1"), ("note", b"2")]
    assert told == ["after note", "after note", "note 1", "note 2"]


@pytest.mark.usefixtures("notes")
async def test_what_is_rolled_back_is_never_told(database: Database, announcements: Announcements, told: Told) -> None:
    async def regretted() -> Returned:
        async with database.transaction() as transaction:
            changes = Changes()
            noting(changes, "note", 1)
            telling(changes, told, "note")
            streams.appending(changes, "event", STREAM, "noted", {}, behind="note")
            assert (await transaction.carry_out(changes))["event"] is not None
            raise Regret

    with pytest.raises(Regret):
        await regretted()
    assert (announcements, told, await noted(database)) == ([], [], [])
    assert await streams.head(database, STREAM) == Head(1, 0)


# -- checkpoints


@pytest.fixture
async def lease(database: Database, announcements: Announcements) -> Lease:
    """That of a task which has begun, with nobody told of it any more."""
    user = await database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name)"
        " VALUES ('a@b.c', 'a@b.c', 'x', 'A') RETURNING id"
    )
    changes, brief = Changes(), CourseBrief(topic="Bees")
    lease = generation.create(changes, id=uuid4(), user=user, course=uuid4(), brief=brief, owner=7)
    await database.carry_out(changes)
    announcements.clear()
    return lease


def checkpoint(lease: Lease, step: str = "plan", percent: int = 10) -> Changes:
    """A step's result, the progress, and an event of the course, behind the fence."""
    changes = Changes()
    generation.store_step(changes, lease, step, CourseBrief(topic="Bees"), WRITTEN)
    generation.advance(changes, lease.id, percent, f"{step} is ready")
    streams.appending(changes, "landed", STREAM, "lesson", {"step": step}, behind="step")
    return changes


class State(msgspec.Struct):
    """All that a checkpoint changes."""

    steps: list[str]
    percent: int
    events: int
    landed: int


async def state(database: Database, task: UUID) -> State:
    steps = await generation.finished_steps(database, task)
    record = await generation.get(database, task)
    assert record is not None
    events, landed = await streams.head(database, task_stream(task)), await streams.head(database, STREAM)
    return State(sorted(steps), record.progress_pct, events.top, landed.top)


async def take_over(rival: Transaction, lease: Lease) -> None:
    await rival.execute("UPDATE leases SET epoch = epoch + 1, owner = 8 WHERE id = $1", lease.id)


async def rivalled(
    database: Database, other: Database, changes: Changes, rival: Callable[[Transaction], object]
) -> Returned:
    """Carry out the changes while a rival's transaction has the lock that they wait for, and let that end."""
    returned: list[Returned] = []

    async def carry_out() -> None:
        returned.append(await database.carry_out(changes))

    async with anyio.create_task_group() as tasks:
        try:
            async with other.transaction() as transaction:
                await rival(transaction)  # type: ignore[misc]
                tasks.start_soon(carry_out)
                await until_someone_waits(other)
                assert returned == []
                if rival is regretful:
                    raise Regret
        except Regret:
            pass
    return returned[0]


async def regretful(rival: Transaction) -> None:
    await rival.execute("UPDATE leases SET epoch = epoch + 1, owner = 8")


async def test_a_checkpoint_is_stored_whole_and_told(
    database: Database, announcements: Announcements, lease: Lease
) -> None:
    assert held_still(await database.carry_out(checkpoint(lease)), lease) is False
    assert await state(database, lease.id) == State(["plan"], 10, events=2, landed=1)
    hints = [(name, msgspec.json.decode(payload, type=Hint)) for name, payload in announcements]
    assert [(name, hint.seq) for name, hint in hints] == [(topic(task_stream(lease.id)), 2), (topic(STREAM), 1)]
    assert [hint.event for _, hint in hints] == [
        *(await streams.read_after(database, task_stream(lease.id), 1)),
        *(await streams.read_after(database, STREAM, 0)),
    ]


async def test_a_step_stored_again_moves_nothing_and_is_not_told(
    database: Database, announcements: Announcements, lease: Lease
) -> None:
    await database.carry_out(checkpoint(lease))
    announcements.clear()
    again = await database.carry_out(checkpoint(lease, percent=90))
    assert held_still(again, lease) is False
    assert (again["progress"], again["landed"]) == (None, None)
    assert await state(database, lease.id) == State(["plan"], 10, events=2, landed=1)
    assert announcements == []


async def test_a_step_stored_twice_at_once_is_stored_once(
    database: Database, announcements: Announcements, lease: Lease
) -> None:
    returned: list[Returned] = []

    async def store() -> None:
        returned.append(await database.carry_out(checkpoint(lease)))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(store)
    assert [held_still(one, lease) for one in returned] == [False] * 8
    assert sum(one["landed"] is not None for one in returned) == 1
    assert await state(database, lease.id) == State(["plan"], 10, events=2, landed=1)
    assert len(announcements) == 2


async def test_a_lost_fence_writes_nothing(database: Database, announcements: Announcements, lease: Lease) -> None:
    before = await state(database, lease.id)
    async with database.transaction() as transaction:
        await take_over(transaction, lease)
    with pytest.raises(LeaseLost):
        held_still(await database.carry_out(checkpoint(lease)), lease)
    assert await state(database, lease.id) == before
    assert announcements == []


async def test_a_fence_lost_while_the_statement_waits_writes_nothing(
    database: Database, other: Database, announcements: Announcements, lease: Lease
) -> None:
    before = await state(database, lease.id)
    returned = await rivalled(database, other, checkpoint(lease), lambda rival: take_over(rival, lease))
    with pytest.raises(LeaseLost):
        held_still(returned, lease)
    assert not any(returned.values())
    assert await state(database, lease.id) == before
    assert announcements == []


async def test_the_heirs_checkpoint_and_the_zombies_are_never_both_stored(
    database: Database, other: Database, lease: Lease
) -> None:
    """The takeover and its first step are committed while the zombie's statement waits with its older snapshot."""
    heir = msgspec.structs.replace(lease, epoch=lease.epoch + 1)

    async def go_on(rival: Transaction) -> None:
        await take_over(rival, lease)
        await rival.carry_out(checkpoint(heir, percent=40))

    returned = await rivalled(database, other, checkpoint(lease, "zombie", 90), go_on)
    assert not any(returned.values())
    assert await state(database, lease.id) == State(["plan"], 40, events=2, landed=1)


async def test_a_takeover_that_is_rolled_back_and_a_renewal_cost_a_waiting_checkpoint_nothing(
    database: Database, other: Database, lease: Lease
) -> None:
    assert held_still(await rivalled(database, other, checkpoint(lease), regretful), lease) is False

    async def renew(rival: Transaction) -> None:
        assert await leases.renew(rival, [lease]) == [lease]

    async def cancel(rival: Transaction) -> None:
        assert await generation.request_cancel(rival, lease.id)

    assert held_still(await rivalled(database, other, checkpoint(lease, "one", 20), renew), lease) is False
    assert held_still(await rivalled(database, other, checkpoint(lease, "two", 30), cancel), lease) is True
    assert await state(database, lease.id) == State(["one", "plan", "two"], 30, events=4, landed=3)


async def test_the_end_closes_the_lease_and_nothing_is_stored_behind_it(database: Database, lease: Lease) -> None:
    changes = Changes()
    generation.finish(changes, lease, "ERROR", "It was not to be", None)
    held_still(await database.carry_out(changes), lease)
    with pytest.raises(LeaseLost):
        held_still(await database.carry_out(checkpoint(lease)), lease)
    assert await state(database, lease.id) == State([], 0, events=2, landed=0)


@pytest.mark.usefixtures("notes")
async def test_thirty_writers_at_once_leave_no_gap(
    database: Database, announcements: Announcements, other: Database
) -> None:
    """Every third one's clash is undone, with the seq that it had."""
    undone: list[int] = []

    async def write(number: int) -> None:
        changes = Changes()
        streams.appending(changes, "event", STREAM, "noted", {"number": number})
        sql = "INSERT INTO notes SELECT CASE WHEN $1 % 3 = 0 THEN 13 ELSE $1 + 100 END FROM event RETURNING number"
        changes.add("note", sql, number)
        try:
            await (database, other)[number % 2].carry_out(changes)
        except asyncpg.UniqueViolationError:
            undone.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(WRITERS):
            tasks.start_soon(write, number)
    assert sorted(undone) == list(range(0, WRITERS, 3))
    events = await streams.read_after(database, STREAM, 0)
    assert [event.seq for event in events] == list(range(1, WRITERS - len(undone) + 1))
    assert {event.data["number"] for event in events} == set(range(WRITERS)) - set(undone)
    told = [msgspec.json.decode(payload, type=Hint).event for _, payload in announcements]
    assert sorted(event.seq for event in told if event) == [
        event.seq for event in events if event.data["number"] % 2 == 0
    ]
