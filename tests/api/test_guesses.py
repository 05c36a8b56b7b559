"""Guesses at one account from many addresses: few are looked at, nobody learns who is here, and its owner comes in."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from api.services import Services
from lyo_rt.clock import Clock
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import PASSWORD, Client, signed_in, user_of
from tests.api.mailbox import Mailbox, token_in

pytestmark = pytest.mark.anyio

NEW = "Another-horse-8-battery"
HOLDS = [30, 60, 120, 240, 480, 900, 900]


class MovedClock:
    """The machine's clock, moved forward by `ahead`."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return self.now().timestamp()


@pytest.fixture
def clock() -> Clock:
    return MovedClock()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_settings(settings, rate_limit_auth="5/minute", trusted_proxies=("127.0.0.1",))


@pytest.fixture
def mailbox(settings: Settings) -> Mailbox:
    return Mailbox(settings.lyo_data_dir)


@pytest.fixture
async def victim(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Victim") as client:
        yield client


class Door:
    """Where one signs in, each time from another address unless one is given."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._asked = 0

    async def sign_in(self, email: str, password: str, address: str | None = None) -> httpx.Response:
        self._asked += 1
        headers = {"X-Forwarded-For": address or f"198.51.{self._asked // 250}.{self._asked % 250}"}
        return await self._client.post("/v1/auth/login", json={"email": email, "password": password}, headers=headers)

    async def held_off(self, email: str) -> None:
        """Five wrong ones, and the sixth is not looked at."""
        answers = [await self.sign_in(email, "Wrong-horse-9-battery") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]


@pytest.fixture
def door(client: httpx.AsyncClient) -> Door:
    return Door(client)


@pytest.mark.parametrize("whose", ["a learner's", "nobody's"])
async def test_wrong_guesses_from_many_addresses_are_held_off_longer_each_time(
    door: Door, victim: Client, clock: MovedClock, whose: str
) -> None:
    """In the same way for an e-mail that nobody has."""
    email = victim.email if whose == "a learner's" else "nobody@example.com"
    for hold in HOLDS:
        while (answer := await door.sign_in(email, "Wrong-horse-9-battery")).status_code == 401:
            pass
        body = answer.json()
        assert (answer.status_code, body["code"]) == (429, "RATE_LIMITED")
        assert hold - 5 <= int(answer.headers["retry-after"]) <= hold
        assert body["detail"].startswith("There were too many wrong passwords with this e-mail.")
        clock.ahead += timedelta(seconds=hold)


async def test_a_right_guess_is_held_off_too(door: Door, victim: Client, clock: MovedClock) -> None:
    await door.held_off(victim.email)
    assert (await door.sign_in(f" {victim.email.upper()}", PASSWORD)).status_code == 429
    clock.ahead += timedelta(seconds=30)
    assert (await door.sign_in(victim.email, PASSWORD)).status_code == 200


async def test_after_a_right_one_they_are_counted_anew(door: Door, victim: Client) -> None:
    for _ in range(4):
        assert (await door.sign_in(victim.email, "Wrong-horse-9-battery")).status_code == 401
    assert (await door.sign_in(victim.email, PASSWORD)).status_code == 200
    await door.held_off(victim.email)


@pytest.mark.parametrize("way", ["login", "refresh", "register"])
async def test_where_one_was_before_one_comes_in_whatever_others_do(
    client: httpx.AsyncClient, door: Door, victim: Client, way: str
) -> None:
    email, at_home = victim.email, "203.0.113.7"
    if way == "login":
        assert (await door.sign_in(email, PASSWORD, at_home)).status_code == 200
    elif way == "refresh":
        token = {"refresh_token": victim.refresh_token}
        renewed = await client.post("/v1/auth/refresh", json=token, headers={"X-Forwarded-For": at_home})
        assert renewed.status_code == 200
    else:
        email = f"{uuid4().hex}@example.com"
        account = {"email": email, "password": PASSWORD, "full_name": "New"}
        made = await client.post("/v1/auth/register", json=account, headers={"X-Forwarded-For": at_home})
        assert made.status_code == 201
    await door.held_off(email)
    assert (await door.sign_in(email, "Wrong-horse-9-battery", at_home)).status_code == 401
    assert (await door.sign_in(email, PASSWORD, at_home)).status_code == 200
    assert (await door.sign_in(email, PASSWORD, "203.0.113.8")).status_code == 429  # others are not forgiven


async def test_an_address_is_known_of_one_learner_and_for_a_while(
    services: Services, address: tuple[str, int], door: Door, victim: Client, clock: MovedClock
) -> None:
    at_home = "203.0.113.7"
    async with await signed_in(services, address, "Other") as other:
        assert (await door.sign_in(other.email, PASSWORD, at_home)).status_code == 200
    await door.held_off(victim.email)
    assert (await door.sign_in(victim.email, PASSWORD, at_home)).status_code == 429
    clock.ahead += timedelta(days=91)
    await door.held_off(other.email)
    assert (await door.sign_in(other.email, PASSWORD, at_home)).status_code == 429


async def test_the_mailed_link_opens_the_way_for_who_is_held_off(
    client: httpx.AsyncClient, door: Door, victim: Client, mailbox: Mailbox
) -> None:
    await door.held_off(victim.email)
    here = {"X-Forwarded-For": "203.0.113.9"}
    assert (await client.post("/v1/auth/password/forgot", json={"email": victim.email}, headers=here)).is_success
    token = token_in(await mailbox.next(victim.email, "password"))
    chosen = {"token": token, "password": NEW}
    assert (await client.post("/v1/auth/password/reset", json=chosen, headers=here)).status_code == 204
    assert (await door.sign_in(victim.email, NEW)).status_code == 429
    assert (await door.sign_in(victim.email, NEW, "203.0.113.9")).status_code == 200


async def test_addresses_are_not_stored_legibly(services: Services, door: Door, victim: Client) -> None:
    assert (await door.sign_in(victim.email, PASSWORD, "203.0.113.7")).status_code == 200
    row = await services.database.fetchrow("SELECT * FROM known_addresses WHERE user_id = $1", user_of(victim))
    assert row is not None
    assert len(row["digest"]) == 32
    assert not any("203.0.113" in str(value) for value in row.values())


# -- the audit log ----------------------------------------------------------------------------------------------------


async def entries(services: Services, act: str) -> list[tuple[object, object, object]]:
    """(actor, subject, details) of the entries of an act."""
    rows = await services.database.fetch(
        "SELECT actor_id, subject_id, details FROM audit_log WHERE act = $1 ORDER BY created_at, id", act
    )
    return [(row["actor_id"], row["subject_id"], row["details"]) for row in rows]


async def test_refused_sign_ins_are_one_entry_however_many_they_are(
    services: Services, door: Door, victim: Client
) -> None:
    for number in range(40):
        await door.sign_in(victim.email, "Wrong-horse-9-battery")
        await door.sign_in(f"nobody-{number}@example.com", "Wrong-horse-9-battery")
    assert await services.accounts.refusals.write() == 3
    assert await services.accounts.refusals.write() == 0
    assert await entries(services, "user.sign_in_held_off") == [(None, user_of(victim), {"times": 35})]
    failed = await entries(services, "user.sign_in_failed")
    assert sorted(failed, key=str) == sorted(
        [(None, None, {"times": 40}), (None, user_of(victim), {"times": 5})], key=str
    )


async def test_the_log_says_who_came_in_and_went(services: Services, client: httpx.AsyncClient, door: Door) -> None:
    email = f"{uuid4().hex}@example.com"
    account = {"email": email, "password": PASSWORD, "full_name": "New"}
    made = (await client.post("/v1/auth/register", json=account, headers={"X-Request-ID": "asked-1"})).json()
    signed = (await door.sign_in(email, PASSWORD)).json()
    for _ in range(3):
        await client.post("/v1/auth/refresh", json={"refresh_token": made["refresh_token"]})
    headers = {"Authorization": f"Bearer {signed['access_token']}"}
    assert (await client.post("/v1/auth/logout", headers=headers)).status_code == 204
    assert (await client.post("/v1/auth/logout", headers=headers)).status_code == 401
    rows = await services.database.fetch(
        "SELECT act, actor_id, request_id FROM audit_log WHERE subject_id::text = $1 ORDER BY created_at",
        made["user_id"],
    )
    assert [row["act"] for row in rows] == [
        "user.registered",
        "user.signed_in",
        "user.refresh_reused",
        "user.signed_out",
    ]
    assert rows[0]["request_id"] == "asked-1"
    assert [row["actor_id"] is None for row in rows] == [False, False, True, False]
