"""Study rooms on a real PostgreSQL: who is there, by learner, told exactly once however many instances have a part."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest

from actors.attendance import Attendance
from lyo_rt import leases, streams
from lyo_rt.attendance import service
from lyo_rt.attendance.records import Roster
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.courses import repository as courses
from lyo_rt.database.changes import Changes
from lyo_rt.database.pool import Database
from lyo_rt.leases import RETURN_SECONDS, Presence
from lyo_rt.problems import NotFound
from lyo_rt.streams import StreamEvent
from tests.conftest import Announcements

pytestmark = pytest.mark.anyio

HERE, THERE, DEAD = 7, 2**62 + 11, 2**61 + 5
GRACE = 0.2
NEVER = 3600.0


@pytest.fixture
async def rivals(database: Database, database_url: str) -> AsyncIterator[list[Attendance]]:
    """The rooms as two instances that live have them; each on its own connections, nothing sweeps by itself."""
    async with (
        Presence(database_url, HERE).held(),
        Presence(database_url, THERE).held(),
        Database.open(database_url, Announcements()) as other,
    ):
        yield [attendance(database, HERE), attendance(other, THERE)]


def attendance(database: Database, instance: int, grace: float = NEVER) -> Attendance:
    return Attendance(database, InProcessBroadcast(SystemClock()), instance=instance, grace=grace, sweep_seconds=0.02)


@asynccontextmanager
async def running(*some: Attendance) -> AsyncIterator[None]:
    """They sweep and compare, as the instance's root tasks do."""
    async with anyio.create_task_group() as tasks:
        for one in some:
            tasks.start_soon(one.run)
        yield
        tasks.cancel_scope.cancel()


async def a_learner(database: Database, name: str) -> UUID:
    user: UUID = await database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name) VALUES ($1, $1, '', $2) RETURNING id",
        f"{uuid4()}@example.com",
        name,
    )
    return user


@pytest.fixture
async def ada(database: Database) -> UUID:
    return await a_learner(database, "Ada")


@pytest.fixture
async def ben(database: Database) -> UUID:
    return await a_learner(database, "Ben")


@pytest.fixture
async def course(database: Database, ada: UUID) -> UUID:
    return await a_course(database, ada)


async def a_course(database: Database, owner: UUID) -> UUID:
    id = uuid4()
    async with database.transaction() as transaction:
        changes = Changes()
        courses.add_course(changes, id, owner, title="Maths", difficulty="beginner", locale="en")
        await transaction.carry_out(changes)
    return id


async def told(database: Database, course: UUID) -> list[StreamEvent]:
    return list(await streams.read_after(database, streams.course_stream(course), 0, limit=10_000))


def short(events: list[StreamEvent]) -> list[tuple[str, str, int]]:
    return [(event.name.removeprefix("presence."), event.data["name"], event.data["members"]) for event in events]


async def until_told(database: Database, course: UUID, count: int) -> list[tuple[str, str, int]]:
    """What has been told, once it is so many events."""

    async def enough() -> bool:
        return len(await told(database, course)) >= count

    await until(enough)
    return short(await told(database, course))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    with anyio.fail_after(10):
        while not await condition():  # noqa: ASYNC110  (what is waited for is in the database)
            await anyio.sleep(0.01)


async def until_rows(database: Database, count: int) -> None:
    async def so_many() -> bool:
        found: int = await database.fetchval("SELECT count(*) FROM course_attendance")
        return found == count

    await until(so_many)


async def settled(database: Database) -> None:
    """A server that has just started takes nobody for dead yet."""
    await database.execute(
        """
        SELECT pg_sleep(extract(epoch FROM greatest(interval '0',
            pg_postmaster_start_time() + $1 * interval '1 second' - clock_timestamp())))
        """,
        RETURN_SECONDS + 0.1,
    )


async def sit_with_the_dead(database: Database, course: UUID, user: UUID) -> UUID:
    """A session by way of an instance that does not live any more."""
    session = uuid4()
    async with database.transaction() as transaction:
        await service.attend(transaction, course=course, session=session, user=user, instance=DEAD, grace=NEVER)
    return session


def names(roster: Roster) -> list[str]:
    return [member.name for member in roster.members]


# -- by learner, not by socket


async def test_the_first_device_joins_and_the_last_one_leaves(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID, ben: UUID
) -> None:
    here, there = rivals
    phone, tablet, laptop = uuid4(), uuid4(), uuid4()
    assert names(await here.attend(course=course, session=phone, user=ada)) == ["Ada"]
    assert names(await there.attend(course=course, session=tablet, user=ada)) == ["Ada"]
    roster = await there.attend(course=course, session=laptop, user=ben)
    assert (names(roster), roster.count, roster.epoch, roster.seq) == (["Ada", "Ben"], 2, 1, 2)
    await here.depart(course=course, session=phone)
    assert short(await told(database, course)) == [("joined", "Ada", 1), ("joined", "Ben", 2)]
    await there.depart(course=course, session=tablet)
    await there.depart(course=course, session=laptop)
    events = await told(database, course)
    assert short(events[2:]) == [("left", "Ada", 1), ("left", "Ben", 0)]
    joined, left = events[0].data, events[2].data
    assert joined == {"user": str(ada), "name": "Ada", "since": joined["since"], "members": 1}
    assert left == {"user": str(ada), "name": "Ada", "members": 1}
    assert roster.members[0].since.isoformat().startswith(joined["since"].rstrip("Z"))


async def test_coming_or_leaving_again_changes_nothing(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    here, phone = rivals[0], uuid4()
    first = await here.attend(course=course, session=phone, user=ada)
    assert await here.attend(course=course, session=phone, user=ada) == first
    for _ in range(2):
        await here.depart(course=course, session=phone)
    assert short(await told(database, course)) == [("joined", "Ada", 1), ("left", "Ada", 0)]


async def test_there_is_no_room_without_its_course(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    here, phone = rivals[0], uuid4()
    with pytest.raises(NotFound):
        await here.attend(course=uuid4(), session=phone, user=ada)
    assert here.statistics()["here"] == 0
    await here.attend(course=course, session=phone, user=ada)
    async with database.transaction() as transaction:
        await courses.remove_course(transaction, course)
    await here.depart(course=course, session=phone)
    assert short(await told(database, course)) == [("joined", "Ada", 1)]


# -- at the same moment, on several instances


async def test_two_devices_that_leave_at_the_same_moment_leave_once(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    for _ in range(50):
        sessions = [(one, uuid4()) for one in rivals]
        async with anyio.create_task_group() as tasks:
            for one, session in sessions:
                tasks.start_soon(lambda one=one, session=session: one.attend(course=course, session=session, user=ada))
        async with anyio.create_task_group() as tasks:
            for one, session in sessions:
                tasks.start_soon(lambda one=one, session=session: one.depart(course=course, session=session))
    assert short(await told(database, course)) == [("joined", "Ada", 1), ("left", "Ada", 0)] * 50


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_at_once_the_log_and_every_roster_tell_one_story(
    database: Database, database_url: str, ada: UUID, course: UUID, seed: int
) -> None:
    """Learners with several devices come, leave, get lost and are swept, on three instances, all at the same time."""
    chance = random.Random(seed)  # noqa: S311  (whatever happens, again)
    users = [ada, *[await a_learner(database, f"Learner {number}") for number in range(4)]]
    rosters: list[Roster] = []
    async with Presence(database_url, 1).held(), Presence(database_url, 2).held(), Presence(database_url, 3).held():
        some = [attendance(database, instance, grace=0.01) for instance in (1, 2, 3)]

        async def device(user: UUID, one: Attendance, steps: list[str]) -> None:
            session = uuid4()
            for step in steps:
                match step:
                    case "attend":
                        rosters.append(await one.attend(course=course, session=session, user=user))
                    case "depart":
                        await one.depart(course=course, session=session)
                    case _:
                        await one.lose(course=course, session=session)
                        session = uuid4()

        async with running(*some):
            async with anyio.create_task_group() as devices:
                for user in users:
                    for one in some:
                        steps = chance.choices(["attend", "attend", "depart", "lose"], k=60)
                        devices.start_soon(device, user, one, [*steps, "lose"])
            await until_rows(database, 0)
    story = retold(await told(database, course))
    assert story[-1] == {}
    assert len(story) > 20
    for roster in rosters:
        assert {member.user: member.name for member in roster.members} == story[roster.seq]
        assert roster.count == len(roster.members)


def retold(events: list[StreamEvent]) -> list[dict[UUID, str]]:
    """Who was in the room after each event; nobody joins who is there, nobody leaves who is not, all are counted."""
    story: list[dict[UUID, str]] = [{}]
    for event in events:
        user = UUID(event.data["user"])
        room = dict(story[-1])
        assert (user in room) is (event.name == "presence.left")
        if event.name == "presence.joined":
            room[user] = event.data["name"]
        else:
            del room[user]
        assert event.data["members"] == len(room)
        story.append(room)
    return story


# -- lost sockets, dead instances


async def test_a_learner_who_is_back_in_a_moment_has_never_been_away(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID, ben: UUID
) -> None:
    here, there = rivals
    phone = uuid4()
    await here.attend(course=course, session=phone, user=ada)
    await here.lose(course=course, session=phone)
    roster = await there.attend(course=course, session=uuid4(), user=ben)
    assert names(roster) == ["Ada", "Ben"]
    await there.attend(course=course, session=uuid4(), user=ada)
    async with running(attendance(database, HERE, grace=0)):
        await until_rows(database, 2)
    assert short(await told(database, course)) == [("joined", "Ada", 1), ("joined", "Ben", 2)]


async def test_a_learner_who_is_not_back_leaves_by_any_instance(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    phone = uuid4()
    await rivals[0].attend(course=course, session=phone, user=ada)
    await rivals[0].lose(course=course, session=phone)
    began = anyio.current_time()
    async with running(attendance(database, THERE, GRACE)):
        assert await until_told(database, course, 2) == [("joined", "Ada", 1), ("left", "Ada", 0)]
    assert anyio.current_time() - began >= GRACE - 0.05


async def test_leaving_is_at_once_although_another_device_was_just_lost(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    here, phone, tablet = rivals[0], uuid4(), uuid4()
    for session in (phone, tablet):
        await here.attend(course=course, session=session, user=ada)
    await here.lose(course=course, session=phone)
    await here.depart(course=course, session=tablet)
    assert short(await told(database, course)) == [("joined", "Ada", 1), ("left", "Ada", 0)]


async def test_a_draining_instance_loses_all_its_sockets_in_one_go(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID, ben: UUID
) -> None:
    here, there = rivals
    for user in (ada, ben):
        await here.attend(course=course, session=uuid4(), user=user)
    await here.drain()
    assert here.statistics()["here"] == 0
    await there.attend(course=course, session=uuid4(), user=ben)
    async with running(attendance(database, THERE, GRACE)):
        assert (await until_told(database, course, 3))[2:] == [("left", "Ada", 1)]


async def test_who_was_there_by_way_of_a_dead_instance_is_told_of_once_whoever_sweeps(
    database: Database, database_url: str, course: UUID, ada: UUID, ben: UUID
) -> None:
    await settled(database)
    for user in (ada, ben, ada):
        await sit_with_the_dead(database, course, user)
    async with Presence(database_url, HERE).held():
        await attendance(database, HERE).attend(course=course, session=uuid4(), user=ben)
        # Ben's coming has swept Ada; now for several at once.
        others = [await a_learner(database, f"Learner {number}") for number in range(20)]
        for user in others:
            await sit_with_the_dead(database, course, user)
        async with running(*[attendance(database, HERE) for _ in range(5)]):
            events = await until_told(database, course, 3 + 40)
    assert events[:3] == [("joined", "Ada", 1), ("joined", "Ben", 2), ("left", "Ada", 1)]
    assert len(retold(await told(database, course))[-1]) == 1


async def test_nobody_is_taken_for_dead_while_all_take_their_locks_again(
    database: Database, rivals: list[Attendance]
) -> None:
    """The first seconds of a PostgreSQL server."""
    assert await leases.dead(database, [HERE, DEAD, THERE], settling=0) == [DEAD]
    assert await leases.dead(database, [HERE, DEAD, THERE], settling=NEVER) == []


async def test_a_roster_shows_nobody_of_a_dead_instance(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID, ben: UUID
) -> None:
    await settled(database)
    await sit_with_the_dead(database, course, ada)
    roster = await rivals[0].attend(course=course, session=uuid4(), user=ben)
    assert names(roster) == ["Ben"]
    assert short(await told(database, course))[-1] == ("left", "Ada", 1)
    assert roster.seq == 3


async def test_a_large_room_is_swept_in_several_transactions(
    database: Database, database_url: str, course: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SWEPT_AT_ONCE", 10)
    await settled(database)
    for number in range(25):
        await sit_with_the_dead(database, course, await a_learner(database, f"Learner {number:02}"))
    one = attendance(database, HERE)
    async with running(one):
        events = await until_told(database, course, 50)
    assert [members for _, _, members in events[25:]] == list(range(24, -1, -1))
    assert one.statistics()["swept"] == 3


# -- what the database missed


async def test_an_instance_that_was_taken_for_dead_brings_its_learners_back(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    here = rivals[0]
    await here.attend(course=course, session=uuid4(), user=ada)
    async with database.transaction() as transaction:
        await service.sweep(transaction, course, [HERE])
    async with running(here):
        events = await until_told(database, course, 3)
    assert events == [("joined", "Ada", 1), ("left", "Ada", 0), ("joined", "Ada", 1)]


async def test_a_row_whose_session_is_not_here_any_more_is_found(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    """Its socket went while the database was away."""
    await rivals[0].attend(course=course, session=uuid4(), user=ada)
    async with running(attendance(database, HERE, GRACE)):
        assert await until_told(database, course, 2) == [("joined", "Ada", 1), ("left", "Ada", 0)]


async def test_a_session_in_the_room_of_a_course_that_is_gone_is_forgotten(
    database: Database, rivals: list[Attendance], course: UUID, ada: UUID
) -> None:
    here = rivals[0]
    await here.attend(course=course, session=uuid4(), user=ada)
    async with database.transaction() as transaction:
        await courses.remove_course(transaction, course)

    async def forgotten() -> bool:
        return here.statistics()["here"] == 0

    async with running(here):
        await until(forgotten)


async def test_looking_is_cheap(database: Database, rivals: list[Attendance], course: UUID, ada: UUID) -> None:
    """One look asks two short questions, and the locks only when others are in a room."""
    asked: list[str] = []

    class Counted:
        def __getattr__(self, name: str) -> Any:
            def ask(query: str, *arguments: Any) -> Any:
                asked.append(query)
                return getattr(database, name)(query, *arguments)

            return ask

    await rivals[0].attend(course=course, session=uuid4(), user=ada)
    assert await service.due(Counted(), HERE, NEVER) == ([], [])
    assert len(asked) == 2
    assert not any("pg_locks" in query for query in asked)
    assert await service.due(Counted(), THERE, NEVER) == ([], [])
    assert any("pg_locks" in query for query in asked)
