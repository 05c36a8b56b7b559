from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from lyo_rt.accounts.mailed_links import AccountMail
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.service import Accounts
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.database.pool import Database
from lyo_rt.limits.in_process import InProcessStore
from lyo_rt.limits.service import Limits
from lyo_rt.mail.outbox import Outbox
from lyo_rt.mail.tokens import MailedTokens
from lyo_rt.problems import Problem, SessionRevoked
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.tokens import Identity, Tokens

ACCESS = timedelta(minutes=30)
PROMISED_SECONDS = 2.0
"""A second, and what two busy cores may add to it."""

pytestmark = pytest.mark.anyio


class MovedClock:
    """The machine's clock, moved forward by `ahead`."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return self.now().timestamp()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def database(
    database_url: str, clock: MovedClock, cipher: Cipher
) -> AsyncIterator[tuple[Database, InProcessBroadcast]]:
    broadcast = InProcessBroadcast(clock)
    async with Database.open(database_url, broadcast, cipher=cipher) as opened:
        yield opened, broadcast


@pytest.fixture
def accounts(database: tuple[Database, InProcessBroadcast], clock: MovedClock) -> Accounts:
    """The instance that is logged out on."""
    opened, broadcast = database
    keys = KeyRing([b"k" * 32])
    return Accounts(
        opened,
        Tokens(keys, clock, access_lifetime=ACCESS),
        Passwords(cost=4),
        clock,
        Revocations(opened, broadcast, clock, access_lifetime=ACCESS),
        AccountMail(Outbox(MailedTokens(keys, clock), clock), clock),
        Limits(InProcessStore(clock), {}),
        refresh_lifetime=timedelta(days=7),
    )


@pytest.fixture
async def identity(accounts: Accounts) -> Identity:
    new = await accounts.register(email="a@example.com", password="Correct-Horse7battery", full_name="A")
    return accounts.identify(new.access_token)


async def told_of_logout(accounts: Accounts, elsewhere: Revocations, identity: Identity) -> None:
    """Log out on one instance; returns when the other knows, fails when it takes too long."""
    told = anyio.Event()
    async with anyio.create_task_group() as tasks:
        await tasks.start(elsewhere.run)
        assert identity.session_id not in elsewhere
        with elsewhere.watching(identity, lambda _: told.set()):
            await accounts.logout(identity)
            with anyio.fail_after(PROMISED_SECONDS):
                await told.wait()
        assert identity.session_id in elsewhere
        tasks.cancel_scope.cancel()
    assert elsewhere.statistics() == {"revoked": 1, "roles": 0, "watched": 0}


async def test_another_instance_is_told_by_the_broadcast(
    accounts: Accounts, database: tuple[Database, InProcessBroadcast], clock: MovedClock, identity: Identity
) -> None:
    opened, broadcast = database
    elsewhere = Revocations(opened, broadcast, clock, access_lifetime=ACCESS)
    async with anyio.create_task_group() as tasks:
        await tasks.start(elsewhere.run)
        await accounts.logout(identity)
        assert identity.session_id in elsewhere
        tasks.cancel_scope.cancel()


async def test_another_instance_reads_it_when_the_broadcast_is_silent(
    accounts: Accounts, database: tuple[Database, InProcessBroadcast], clock: MovedClock, identity: Identity
) -> None:
    silent = InProcessBroadcast(clock)
    elsewhere = Revocations(database[0], silent, clock, access_lifetime=ACCESS)
    await told_of_logout(accounts, elsewhere, identity)


async def test_a_new_instance_knows_before_it_has_started(
    accounts: Accounts, database: tuple[Database, InProcessBroadcast], clock: MovedClock, identity: Identity
) -> None:
    await accounts.logout(identity)
    await database[0].execute("UPDATE auth_sessions SET revoked_at = revoked_at - interval '29 minutes'")
    elsewhere = Revocations(*database, clock, access_lifetime=ACCESS)
    async with anyio.create_task_group() as tasks:
        await tasks.start(elsewhere.run)
        assert identity.session_id in elsewhere
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("signal", ["lost", "rubbish"])
async def test_after_a_loss_everything_is_read_again(
    accounts: Accounts,
    database: tuple[Database, InProcessBroadcast],
    clock: MovedClock,
    identity: Identity,
    signal: str,
) -> None:
    silent = InProcessBroadcast(clock)
    elsewhere = Revocations(database[0], silent, clock, access_lifetime=ACCESS)
    told = anyio.Event()
    async with anyio.create_task_group() as tasks:
        await tasks.start(elsewhere.run)
        # Older than the polls look back: only a whole reading finds it.
        await database[0].execute(
            "UPDATE auth_sessions SET revoked_at = clock_timestamp() - interval '20 minutes', revoked_for = 'logout'"
        )
        with elsewhere.watching(identity, lambda _: told.set()), anyio.fail_after(PROMISED_SECONDS):
            if signal == "lost":
                elsewhere.lost()
            else:
                await silent.publish("revocations", b"not a session")
            await told.wait()
        tasks.cancel_scope.cancel()


async def test_it_outlives_a_database_that_goes_and_comes_back(
    accounts: Accounts,
    database: tuple[Database, InProcessBroadcast],
    database_url: str,
    clock: MovedClock,
    identity: Identity,
) -> None:
    silent = InProcessBroadcast(clock)
    told = anyio.Event()
    async with Database.open(database_url, silent, pool_max=2) as severed, anyio.create_task_group() as tasks:
        elsewhere = Revocations(severed, silent, clock, access_lifetime=ACCESS)
        await tasks.start(elsewhere.run)
        own = await database[0].fetchval("SELECT pg_backend_pid()")
        await database[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1",
            own,
        )
        with elsewhere.watching(identity, lambda _: told.set()):
            await accounts.logout(identity)
            with anyio.fail_after(PROMISED_SECONDS + 2):
                await told.wait()
        tasks.cancel_scope.cancel()


async def test_a_watcher_of_a_session_that_is_gone_already_is_told_at_once(
    accounts: Accounts, identity: Identity
) -> None:
    await accounts.logout(identity)
    told: list[str] = []
    with accounts.revocations.watching(identity, lambda _: told.append("gone")):
        assert told == ["gone"]
    accounts.revocations.add(identity.session_id)
    assert told == ["gone"]


async def test_every_watcher_is_told_and_those_who_left_are_not(accounts: Accounts, identity: Identity) -> None:
    told: list[str] = []
    watching = accounts.revocations.watching
    with watching(identity, lambda _: told.append("left")):
        pass
    with (
        watching(identity, lambda _: told.append("one")),
        watching(identity, lambda _: told.append("two")),
    ):
        await accounts.logout(identity)
    assert sorted(told) == ["one", "two"]


async def test_what_no_token_can_need_any_more_is_forgotten(
    accounts: Accounts, database: tuple[Database, InProcessBroadcast], clock: MovedClock, identity: Identity
) -> None:
    await accounts.logout(identity)
    await database[0].execute("UPDATE auth_sessions SET revoked_at = revoked_at - interval '40 minutes'")
    assert accounts.revocations.statistics()["revoked"] == 1
    clock.ahead = timedelta(minutes=32)
    async with anyio.create_task_group() as tasks:
        await tasks.start(accounts.revocations.run)
        assert accounts.revocations.statistics()["revoked"] == 0
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("hears", [True, False], ids=["by the broadcast", "by the database"])
async def test_a_refresh_token_used_twice_is_told_to_watchers_once_and_the_access_token_stays_good(
    accounts: Accounts, database: tuple[Database, InProcessBroadcast], clock: MovedClock, hears: bool
) -> None:
    pair = await accounts.register(email="b@example.com", password="Correct-Horse7battery", full_name="B")
    identity = accounts.identify(pair.access_token)
    broadcast = database[1] if hears else InProcessBroadcast(clock)
    elsewhere = Revocations(database[0], broadcast, clock, access_lifetime=ACCESS)
    told, times = anyio.Event(), list[int]()

    def count(_: Problem) -> None:
        times.append(1)
        told.set()

    async with anyio.create_task_group() as tasks:
        await tasks.start(elsewhere.run)
        with elsewhere.watching(identity, count):
            await accounts.refresh(pair.refresh_token)
            assert times == []
            with pytest.raises(SessionRevoked):
                await accounts.refresh(pair.refresh_token)
            with anyio.fail_after(PROMISED_SECONDS):
                await told.wait()
            elsewhere.lost()
            await anyio.sleep(0.1)
            assert times == [1]
        tasks.cancel_scope.cancel()
    assert identity.session_id not in elsewhere
    assert accounts.identify(pair.access_token) == identity
