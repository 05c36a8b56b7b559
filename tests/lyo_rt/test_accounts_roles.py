"""A role that was given or taken away, as an instance learns of it: told, or by the next read of the database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import anyio
import pytest

from lyo_rt.accounts import repository
from lyo_rt.accounts.administration.service import Administration
from lyo_rt.accounts.records import Role
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.rules import email_key
from lyo_rt.audit.records import COMMAND_LINE
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.problems import Problem, TokenExpired
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.tokens import Identity, UserType

pytestmark = pytest.mark.anyio

ACCESS = timedelta(minutes=30)
PROMISED_SECONDS = 3.0
"""A second, and what two busy cores may add to it."""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SetClock:
    """A clock that is set."""

    moment = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


@pytest.fixture
async def database(database_url: str, cipher: Cipher) -> AsyncIterator[tuple[Database, InProcessBroadcast]]:
    broadcast = InProcessBroadcast(SystemClock())
    async with Database.open(database_url, broadcast, cipher=cipher) as opened:
        yield opened, broadcast


@pytest.fixture
async def identity(database: tuple[Database, InProcessBroadcast]) -> Identity:
    """What the token of a new student tells."""
    email = "a@example.com"
    user = await repository.insert_user(
        database[0], email=email, email_key=email_key(email), password_hash="", full_name="A", now=NOW
    )
    assert user is not None
    return identity_of(user.id)


def identity_of(user_id: object, role: UserType = "student") -> Identity:
    return Identity(user_id, uuid4(), "a@example.com", role, NOW + ACCESS)  # type: ignore[arg-type]


def revocations(database: Database, broadcast: InProcessBroadcast) -> Revocations:
    return Revocations(database, broadcast, SystemClock(), access_lifetime=ACCESS)


@pytest.mark.parametrize("hears", [True, False], ids=["by the broadcast", "by the database"])
async def test_another_instance_knows_and_tells_who_watches(
    database: tuple[Database, InProcessBroadcast], identity: Identity, hears: bool
) -> None:
    opened, broadcast = database
    here = revocations(opened, broadcast)
    elsewhere = revocations(opened, broadcast if hears else InProcessBroadcast(SystemClock()))
    administration = Administration(opened, here, SystemClock())
    told: list[Problem] = []
    known = anyio.Event()

    def tell(problem: Problem) -> None:
        told.append(problem)
        known.set()

    async with anyio.create_task_group() as tasks:
        await tasks.start(elsewhere.run)
        with elsewhere.watching(identity, tell), anyio.fail_after(PROMISED_SECONDS):
            await administration.change_role(COMMAND_LINE, identity.user_id, "teacher", reason=None)
            assert isinstance(here.fault_of(identity), TokenExpired)
            await known.wait()
        tasks.cancel_scope.cancel()
    assert [type(problem) for problem in told] == [TokenExpired]
    assert isinstance(elsewhere.fault_of(identity), TokenExpired)
    assert elsewhere.fault_of(identity_of(identity.user_id, "teacher")) is None
    assert elsewhere.fault_of(identity_of(uuid4())) is None


async def test_a_new_instance_knows_before_it_has_started(
    database: tuple[Database, InProcessBroadcast], identity: Identity
) -> None:
    opened, broadcast = database
    administration = Administration(opened, revocations(opened, broadcast), SystemClock())
    await administration.change_role(COMMAND_LINE, identity.user_id, "admin", reason=None)
    await opened.execute("UPDATE users SET role_changed_at = role_changed_at - interval '29 minutes'")
    elsewhere = revocations(opened, broadcast)
    async with anyio.create_task_group() as tasks:
        await tasks.start(elsewhere.run)
        assert isinstance(elsewhere.fault_of(identity), TokenExpired)
        tasks.cancel_scope.cancel()


async def test_of_two_changes_the_later_counts_in_whatever_order_they_are_told(
    database: tuple[Database, InProcessBroadcast], identity: Identity
) -> None:
    known = revocations(*database)
    first = Role(identity.user_id, "admin", NOW)
    second = Role(identity.user_id, "student", NOW + timedelta(microseconds=1))
    known.change(second)
    known.change(first)
    assert known.fault_of(identity) is None
    assert isinstance(known.fault_of(identity_of(identity.user_id, "admin")), TokenExpired)


async def test_a_watcher_whose_role_has_changed_already_is_told_at_once(
    database: tuple[Database, InProcessBroadcast], identity: Identity
) -> None:
    known = revocations(*database)
    known.change(Role(identity.user_id, "teacher", NOW))
    told: list[Problem] = []
    with known.watching(identity, told.append):
        assert [problem.close_code for problem in told] == [4301]
    with known.watching(identity_of(identity.user_id, "teacher"), told.append):
        known.change(Role(identity.user_id, "teacher", NOW + timedelta(seconds=1)))
    assert len(told) == 1
    assert known.statistics() == {"revoked": 0, "roles": 1, "watched": 0}


async def test_what_no_token_can_tell_any_more_is_forgotten(
    database: tuple[Database, InProcessBroadcast], identity: Identity
) -> None:
    clock = SetClock()
    known = Revocations(*database, clock, access_lifetime=ACCESS)
    known.change(Role(identity.user_id, "teacher", NOW))
    clock.moment += timedelta(minutes=32)
    async with anyio.create_task_group() as tasks:
        await tasks.start(known.run)
        assert known.statistics()["roles"] == 0
        tasks.cancel_scope.cancel()


async def test_roles_given_at_one_moment_have_moments_of_their_own(
    database: tuple[Database, InProcessBroadcast], identity: Identity
) -> None:
    """Were the database's clock set back, the later change would still be the later."""
    opened, broadcast = database
    administration = Administration(opened, revocations(opened, broadcast), SystemClock())
    await opened.execute("UPDATE users SET role_changed_at = clock_timestamp() + interval '1 hour'")
    await administration.change_role(COMMAND_LINE, identity.user_id, "admin", reason=None)
    ahead = await opened.fetchval("SELECT role_changed_at > clock_timestamp() + interval '59 minutes' FROM users")
    assert ahead
