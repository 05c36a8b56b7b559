"""Guessing passwords: however the guesses are dressed, few are looked at, and fewer the longer it goes on."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import httpx
import pytest

from api.services import Services
from lyo_rt.clock import Clock
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import PASSWORD, Client, signed_in
from tests.attacks import Cases

pytestmark = [pytest.mark.anyio, pytest.mark.attack("brute force")]

QUOTA = 5
GUESSES = 120
MOST_A_DAY = 24 * QUOTA + 8 * QUOTA
"""An hour's hold for each five at the end; at the beginning shorter ones."""


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
    return with_settings(settings, rate_limit_auth=f"{QUOTA}/minute")


@pytest.fixture
async def victim(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Victim") as client:
        yield client


def disguises() -> Iterator[dict[str, str]]:
    """Headers by which somebody says to be somebody else; no proxy is trusted here."""
    names = ("X-Forwarded-For", "X-Real-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP")
    for number in range(GUESSES):
        address = f"203.0.113.{number}"
        yield {names[number % len(names)]: address, "Forwarded": f"for={address}", "User-Agent": f"phone {number}"}


PATHS = ("/v1/auth/login", "/v1/auth/login/", "/api/v1/auth/login", "/api/v1/auth/login/", "/v1/auth/login?x=1")


async def test_guesses_are_counted_together_however_they_are_dressed(
    cases_tried: Cases, client: httpx.AsyncClient, victim: Client
) -> None:
    statuses = []
    for number, (headers, path) in enumerate(zip(disguises(), islice(cycle(PATHS), GUESSES), strict=True)):
        email = victim.email.upper() if number % 2 else f" {victim.email}"
        guess = {"email": email, "password": f"Wrong-horse-{number}-battery"}
        statuses.append((await client.post(path, json=guess, headers=headers)).status_code)
    assert statuses == [401] * QUOTA + [429] * (GUESSES - QUOTA)
    right = await client.post("/v1/auth/login", json={"email": victim.email, "password": PASSWORD})
    assert right.status_code == 429  # a guess that is right is not told from the others
    cases_tried(GUESSES + 1)


async def test_every_door_that_tells_of_a_secret_counts(
    cases_tried: Cases, client: httpx.AsyncClient, victim: Client
) -> None:
    """One budget for all that is guessed at without a token."""
    bodies = {
        "login": {"email": victim.email, "password": "Wrong-horse-9-battery"},
        "verify-email": {"token": "guessed"},
        "password/reset": {"token": "guessed", "password": "Another-horse-8-battery"},
        "password/forgot": {"email": victim.email},
        "register": {"email": victim.email, "password": PASSWORD, "full_name": "Ada"},
    }
    doors = list(islice(cycle(bodies.items()), 3 * QUOTA))
    statuses = [(await client.post(f"/v1/auth/{door}", json=body)).status_code for door, body in doors]
    assert 429 not in statuses[:QUOTA]
    assert statuses[QUOTA:] == [429] * (len(doors) - QUOTA)
    cases_tried(len(doors))


async def test_who_has_found_a_token_guesses_the_password_no_faster(cases_tried: Cases, victim: Client) -> None:
    statuses = []
    for number in range(4 * QUOTA):
        body = {"current_password": f"Wrong-horse-{number}-battery", "new_password": "Another-horse-8-battery"}
        statuses.append((await victim.post("/v1/auth/password/change", json=body)).status_code)
    assert statuses == [422] * QUOTA + [429] * (3 * QUOTA)
    assert (await victim.get("/v1/users/me")).status_code == 200  # everything else goes on
    cases_tried(len(statuses))


async def test_a_day_of_guessing_is_a_few_guesses(
    cases_tried: Cases, client: httpx.AsyncClient, victim: Client, clock: MovedClock
) -> None:
    """Comes back at the very moment that it is told to, and goes on until it is refused, for a day and a night."""
    looked_at = asked = 0
    while clock.ahead < timedelta(days=1):
        answer = await client.post("/v1/auth/login", json={"email": victim.email, "password": f"Wrong-{asked}"})
        asked += 1
        if answer.status_code == 429:
            clock.ahead += timedelta(seconds=int(answer.headers["retry-after"]))
        else:
            assert answer.status_code == 401
            looked_at += 1
    assert QUOTA < looked_at <= MOST_A_DAY
    cases_tried(asked)
