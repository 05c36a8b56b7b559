from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from lyo_rt.accounts.demo import LEARNERS, PASSWORD, seed_demo
from lyo_rt.accounts.mailed_links import AccountMail
from lyo_rt.accounts.profiles.service import own
from lyo_rt.accounts.records import RefreshedTokens
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.service import Accounts
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.database.pool import Database
from lyo_rt.limits.in_process import InProcessStore
from lyo_rt.limits.service import Limits
from lyo_rt.mail.outbox import Outbox
from lyo_rt.mail.tokens import MailedTokens
from lyo_rt.problems import (
    EmailTaken,
    InvalidInput,
    NotAuthenticated,
    Problem,
    SessionRevoked,
    TokenExpired,
    WrongCredentials,
)
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.tokens import Tokens

GOOD = "Correct-Horse7battery"
RACES = 10


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def pass_by(self, **time: float) -> None:
        self.time += timedelta(**time)


def instance(database: Database, broadcast: InProcessBroadcast, clock: SetClock) -> Accounts:
    """The accounts of one instance; all of them share one signing key."""
    access_lifetime, keys = timedelta(minutes=30), KeyRing([b"k" * 32])
    return Accounts(
        database,
        Tokens(keys, clock, access_lifetime=access_lifetime),
        Passwords(cost=4),
        clock,
        Revocations(database, broadcast, clock, access_lifetime=access_lifetime),
        AccountMail(Outbox(MailedTokens(keys, clock), clock), clock),
        Limits(InProcessStore(clock), {}),
        refresh_lifetime=timedelta(days=7),
    )


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def broadcast(clock: SetClock) -> InProcessBroadcast:
    return InProcessBroadcast(clock)


@pytest.fixture
async def database(database_url: str, broadcast: InProcessBroadcast, cipher: Cipher) -> AsyncIterator[Database]:
    async with Database.open(database_url, broadcast, cipher=cipher) as opened:
        yield opened


@pytest.fixture
def accounts(database: Database, broadcast: InProcessBroadcast, clock: SetClock) -> Accounts:
    return instance(database, broadcast, clock)


@pytest.fixture
async def other(
    database_url: str, broadcast: InProcessBroadcast, clock: SetClock, cipher: Cipher
) -> AsyncIterator[Accounts]:
    """Another instance on the same database and the same broadcast."""
    async with Database.open(database_url, broadcast, cipher=cipher) as opened:
        yield instance(opened, broadcast, clock)


async def registered(accounts: Accounts, email: str = "student@example.com") -> RefreshedTokens:
    return await accounts.register(email=email, password=GOOD, full_name="John Student")


pytestmark = pytest.mark.anyio


async def test_a_registered_learner_is_signed_in_and_can_log_in(accounts: Accounts, clock: SetClock) -> None:
    new = await accounts.register(email=" Student@Example.com ", password=GOOD, full_name="  John Student ")
    assert (new.email, new.full_name) == ("Student@example.com", "John Student")
    assert (new.token_type, new.expires_in, new.refresh_expires_in) == ("bearer", 1800, 7 * 86400)
    assert accounts.identify(new.access_token).user_id == new.user_id
    signed = await accounts.login(email="STUDENT@EXAMPLE.COM", password=GOOD)
    assert signed.user.id == new.user_id
    assert signed.user.created_at == clock.now()
    assert accounts.identify(signed.access_token).session_id != accounts.identify(new.access_token).session_id


async def test_nobody_registers_as_anything_but_a_student(accounts: Accounts) -> None:
    new = await registered(accounts)
    assert accounts.identify(new.access_token).user_type == "student"


async def test_a_registration_is_told_every_fault_at_once(accounts: Accounts) -> None:
    with pytest.raises(InvalidInput) as caught:
        await accounts.register(email="nobody", password="short", full_name=" ")
    told = [fault.pointer for fault in caught.value.errors]
    assert told == ["/password"] * 5 + ["/email", "/full_name"]


@pytest.mark.parametrize(
    "same", ["student@example.com", "STUDENT@example.COM", " student@example.com", "ｓtudent@example.com"]
)
async def test_one_account_for_one_address_however_it_is_written(accounts: Accounts, same: str) -> None:
    await registered(accounts)
    with pytest.raises(EmailTaken):
        await registered(accounts, same)


async def test_of_two_registrations_at_once_one_wins(accounts: Accounts, other: Accounts) -> None:
    outcomes: list[object] = []

    async def register(at: Accounts) -> None:
        try:
            outcomes.append(await registered(at))
        except EmailTaken as refusal:
            outcomes.append(type(refusal))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(register, accounts)
        tasks.start_soon(register, other)
    assert outcomes.count(EmailTaken) == 1


@pytest.mark.parametrize("email", ["nobody@example.com", "no address", "", "nul\0@example.com", "a" * 5000])
async def test_unknown_and_wrong_are_refused_alike(accounts: Accounts, email: str) -> None:
    await registered(accounts)
    with pytest.raises(WrongCredentials) as wrong:
        await accounts.login(email="student@example.com", password="Wrong-Horse7battery")
    with pytest.raises(WrongCredentials) as unknown:
        await accounts.login(email=email, password=GOOD)
    assert wrong.value.body() == unknown.value.body()
    assert wrong.value.headers == unknown.value.headers


async def test_an_inactive_account_neither_logs_in_nor_refreshes_nor_reads(
    accounts: Accounts, database: Database
) -> None:
    new = await registered(accounts)
    await database.execute("UPDATE users SET is_active = false")
    with pytest.raises(WrongCredentials):
        await accounts.login(email="student@example.com", password=GOOD)
    with pytest.raises(NotAuthenticated):
        await accounts.refresh(new.refresh_token)
    with pytest.raises(NotAuthenticated):
        await own(database, new.user_id)


async def test_a_deleted_account_neither_logs_in_nor_refreshes(accounts: Accounts, database: Database) -> None:
    new = await registered(accounts)
    await database.execute("DELETE FROM users")
    with pytest.raises(WrongCredentials):
        await accounts.login(email="student@example.com", password=GOOD)
    with pytest.raises(NotAuthenticated):
        await accounts.refresh(new.refresh_token)


async def test_a_profile_tells_what_is_stored(accounts: Accounts, database: Database, clock: SetClock) -> None:
    new = await registered(accounts)
    profile = await own(database, new.user_id)
    assert (profile.email, profile.user_type, profile.language) == ("student@example.com", "student", "en")
    assert (profile.created_at, profile.is_verified) == (clock.now(), False)


async def test_refresh_rotates_within_the_session(accounts: Accounts, other: Accounts, clock: SetClock) -> None:
    first = await registered(accounts)
    clock.pass_by(minutes=29)
    second = await other.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    before, after = accounts.identify(first.access_token), accounts.identify(second.access_token)
    assert after.session_id == before.session_id
    assert after.expires_at == before.expires_at + timedelta(minutes=29)
    third = await accounts.refresh(second.refresh_token)
    assert accounts.identify(third.access_token).user_id == before.user_id


async def test_a_spent_refresh_token_ends_its_family_but_not_the_access_tokens(
    accounts: Accounts, other: Accounts, clock: SetClock
) -> None:
    first = await registered(accounts)
    elsewhere = await accounts.login(email="student@example.com", password=GOOD)
    second = await accounts.refresh(first.refresh_token)
    third = await accounts.refresh(second.refresh_token)
    with pytest.raises(SessionRevoked):
        await other.refresh(first.refresh_token)
    for token in (third.refresh_token, second.refresh_token, first.refresh_token):
        with pytest.raises(SessionRevoked):
            await accounts.refresh(token)
    for pair in (first, second, third):
        accounts.identify(pair.access_token)
    clock.pass_by(minutes=31)
    with pytest.raises(TokenExpired):
        accounts.identify(third.access_token)
    await accounts.refresh(elsewhere.refresh_token)


async def test_a_session_whose_family_was_ended_can_still_be_logged_out(accounts: Accounts) -> None:
    first = await registered(accounts)
    second = await accounts.refresh(first.refresh_token)
    with pytest.raises(SessionRevoked):
        await accounts.refresh(first.refresh_token)
    await accounts.logout(accounts.identify(second.access_token))
    with pytest.raises(SessionRevoked):
        accounts.identify(second.access_token)


@pytest.mark.parametrize("attempt", range(RACES))
async def test_of_two_refreshes_at_once_one_wins_and_the_family_ends(
    accounts: Accounts, other: Accounts, attempt: int
) -> None:
    first = await registered(accounts)
    pairs: list[RefreshedTokens] = []
    refusals: list[Problem] = []

    async def refresh(at: Accounts) -> None:
        try:
            pairs.append(await at.refresh(first.refresh_token))
        except Problem as refusal:
            refusals.append(refusal)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refresh, (accounts, other)[attempt % 2])
        tasks.start_soon(refresh, (other, accounts)[attempt % 2])
    assert (len(pairs), [type(refusal) for refusal in refusals]) == (1, [SessionRevoked])
    accounts.identify(pairs[0].access_token)
    with pytest.raises(SessionRevoked):
        await accounts.refresh(pairs[0].refresh_token)


@pytest.mark.parametrize("token", ["", "unknown", "\ud800", "x" * 100_000])
async def test_an_unknown_refresh_token_is_refused(accounts: Accounts, token: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        await accounts.refresh(token)
    assert type(caught.value) is NotAuthenticated


async def test_an_access_token_does_not_refresh_and_a_refresh_token_does_not_identify(accounts: Accounts) -> None:
    new = await registered(accounts)
    with pytest.raises(NotAuthenticated):
        await accounts.refresh(new.access_token)
    with pytest.raises(NotAuthenticated):
        accounts.identify(new.refresh_token)


async def test_a_refresh_token_expires_and_the_refusal_is_not_the_access_tokens(
    accounts: Accounts, clock: SetClock
) -> None:
    new = await registered(accounts)
    clock.pass_by(days=7)
    with pytest.raises(NotAuthenticated) as caught:
        await accounts.refresh(new.refresh_token)
    assert type(caught.value) is NotAuthenticated


async def test_what_is_dead_is_not_kept(accounts: Accounts, database: Database, clock: SetClock) -> None:
    pair = await registered(accounts)
    await accounts.login(email="student@example.com", password=GOOD)
    for _ in range(4):
        clock.pass_by(days=3)
        pair = await accounts.refresh(pair.refresh_token)
    tokens = "SELECT count(*) FROM refresh_tokens WHERE session_id = $1"
    assert await database.fetchval(tokens, accounts.identify(pair.access_token).session_id) == 3
    assert await database.fetchval("SELECT count(*) FROM auth_sessions") == 2
    await accounts.login(email="student@example.com", password=GOOD)
    assert await database.fetchval("SELECT count(*) FROM auth_sessions") == 2
    await accounts.refresh(pair.refresh_token)


async def test_the_database_holds_no_token_and_no_password(accounts: Accounts, database: Database) -> None:
    new = await registered(accounts)
    for table in ("users", "auth_sessions", "refresh_tokens"):
        stored = str(await database.fetch(f"SELECT * FROM {table}"))  # noqa: S608
        for secret in (new.refresh_token, new.access_token, GOOD):
            assert secret not in stored


async def test_logout_ends_access_and_refresh_of_that_device_only(accounts: Accounts) -> None:
    here = await registered(accounts)
    elsewhere = await accounts.login(email="student@example.com", password=GOOD)
    await accounts.logout(accounts.identify(here.access_token))
    with pytest.raises(SessionRevoked):
        accounts.identify(here.access_token)
    with pytest.raises(SessionRevoked):
        await accounts.refresh(here.refresh_token)
    accounts.identify(elsewhere.access_token)
    await accounts.refresh(elsewhere.refresh_token)


async def test_the_demo_learners_log_in_and_seeding_again_changes_nothing(
    accounts: Accounts, database: Database, clock: SetClock
) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(seed_demo, database, Passwords(cost=4), clock)
    await seed_demo(database, Passwords(cost=4), clock)
    assert await database.fetchval("SELECT count(*) FROM users") == len(LEARNERS)
    for email, full_name in LEARNERS:
        assert (await accounts.login(email=email, password=PASSWORD)).user.full_name == full_name
