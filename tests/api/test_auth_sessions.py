"""The devices that a learner is signed in on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.services import Services
from lyo_rt.accounts.records import RefreshedTokens
from lyo_rt.clock import Clock
from tests.api.learners import audited, signed_in
from tests.api.sockets import greeted

pytestmark = pytest.mark.anyio

EMAIL, PASSWORD = "ada@example.com", "Correct-horse-9-battery"


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
async def phone(services: Services) -> RefreshedTokens:
    return await services.accounts.register(email=EMAIL, password=PASSWORD, full_name="Ada", device="phone")


@pytest.fixture
async def tablet(services: Services, phone: RefreshedTokens) -> RefreshedTokens:
    return await services.accounts.login(email=EMAIL, password=PASSWORD, device="tablet")


@pytest.fixture
async def stranger(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


def bearer(pair: RefreshedTokens) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair.access_token}"}


async def devices(client: httpx.AsyncClient, pair: RefreshedTokens, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/auth/sessions", headers=bearer(pair), params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_learner_sees_where_they_are_signed_in(
    client: httpx.AsyncClient, phone: RefreshedTokens, tablet: RefreshedTokens, stranger: httpx.AsyncClient
) -> None:
    body = await devices(client, phone)
    assert body["nextCursor"] is None
    assert [(one["device"], one["current"]) for one in body["items"]] == [("tablet", False), ("phone", True)]
    assert set(body["items"][0]) == {"id", "device", "created_at", "last_used_at", "current"}
    first = await devices(client, phone, limit=1)
    rest = await devices(client, phone, limit=1, cursor=first["nextCursor"])
    assert (first["items"] + rest["items"], rest["nextCursor"]) == (body["items"], None)
    stolen = await stranger.get("/v1/auth/sessions", params={"cursor": first["nextCursor"]})
    assert stolen.json()["code"] == "INVALID_CURSOR"


async def test_another_device_is_signed_out_at_once_with_its_socket(
    client: httpx.AsyncClient,
    services: Services,
    address: tuple[str, int],
    phone: RefreshedTokens,
    tablet: RefreshedTokens,
) -> None:
    other = (await devices(client, phone))["items"][0]["id"]
    async with greeted(address, phone.access_token) as mine, greeted(address, tablet.access_token) as theirs:
        path = f"/v1/auth/sessions/{other}"
        assert (await client.delete(path, headers=bearer(phone))).status_code == 204
        assert (await theirs.closed())[0] == 4010
        await mine.send("ping")
        await mine.until("pong")
    refused = await client.get("/v1/users/me", headers=bearer(tablet))
    assert refused.json()["code"] == "SESSION_REVOKED"
    spent = await client.post("/v1/auth/refresh", json={"refresh_token": tablet.refresh_token})
    assert spent.json()["code"] == "SESSION_REVOKED"
    assert [one["device"] for one in (await devices(client, phone))["items"]] == ["phone"]
    assert (await client.delete(path, headers=bearer(phone))).status_code == 404
    asker = services.accounts.identify(phone.access_token).user_id
    assert await audited(services, asker) == ["user.device_signed_out"]


async def test_a_strangers_device_is_not_found_and_stays(
    client: httpx.AsyncClient, phone: RefreshedTokens, stranger: httpx.AsyncClient
) -> None:
    (mine,) = (await devices(client, phone))["items"]
    assert (await stranger.delete(f"/v1/auth/sessions/{mine['id']}")).status_code == 404
    assert (await stranger.delete("/v1/auth/sessions/none")).status_code == 404
    assert len((await devices(client, phone))["items"]) == 1


async def test_signing_this_device_out_is_a_logout(client: httpx.AsyncClient, phone: RefreshedTokens) -> None:
    (mine,) = (await devices(client, phone))["items"]
    assert (await client.delete(f"/v1/auth/sessions/{mine['id']}", headers=bearer(phone))).status_code == 204
    assert (await client.get("/v1/auth/sessions", headers=bearer(phone))).json()["code"] == "SESSION_REVOKED"


async def test_a_device_whose_tokens_have_all_expired_is_not_signed_in(
    client: httpx.AsyncClient, services: Services, phone: RefreshedTokens, tablet: RefreshedTokens, clock: MovedClock
) -> None:
    await services.accounts.refresh(tablet.refresh_token)
    again = await client.post("/v1/auth/refresh", json={"refresh_token": tablet.refresh_token})
    assert again.status_code == 401
    clock.ahead = timedelta(minutes=29)
    assert [one["device"] for one in (await devices(client, phone))["items"]] == ["tablet", "phone"]
    clock.ahead = timedelta(minutes=31)
    pair = await services.accounts.refresh(phone.refresh_token)
    # The tablet cannot be refreshed, and its access token is over.
    assert [one["device"] for one in (await devices(client, pair))["items"]] == ["phone"]
    clock.ahead = timedelta(days=8)
    new = await services.accounts.login(email=EMAIL, password=PASSWORD, device="new")
    assert [one["device"] for one in (await devices(client, new))["items"]] == ["new"]
