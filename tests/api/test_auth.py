from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.services import Services
from lyo_rt.accounts.demo import seed_demo
from lyo_rt.clock import Clock
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.secrets import SIGNING, read_ring
from lyo_rt.security.tokens import Tokens

STUDENT = {
    "email": "student@example.com",
    "password": "SecurePassword123!",
    "full_name": "John Student",
    "user_type": "student",
}
INVALID = 'Bearer realm="lyo", error="invalid_token", error_description='

pytestmark = pytest.mark.anyio


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


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def registered(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/v1/auth/register", json=STUDENT)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    return body


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_register_answers_the_sample(client: httpx.AsyncClient, prefix: str) -> None:
    answer = await client.post(f"{prefix}/auth/register", json=STUDENT)
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/users/me")
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {
        *("user_id", "email", "full_name", "access_token", "refresh_token"),
        *("token_type", "expires_in", "refresh_expires_in"),
    }
    assert (body["email"], body["full_name"]) == ("student@example.com", "John Student")
    assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("bearer", 1800, 604800)
    assert UUID(body["user_id"]).version == 4


async def test_login_answers_the_sample_and_sets_no_cookie(client: httpx.AsyncClient) -> None:
    new = await registered(client)
    answer = await client.post("/v1/auth/login", json={"email": STUDENT["email"], "password": STUDENT["password"]})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    body = answer.json()
    assert set(body) == {"access_token", "refresh_token", "user", "token_type", "expires_in", "refresh_expires_in"}
    assert set(body["user"]) == {"id", "email", "full_name", "user_type", "created_at"}
    assert (body["user"]["id"], body["user"]["user_type"]) == (new["user_id"], "student")
    assert body["user"]["created_at"].endswith("Z")


async def test_the_demo_learner_signs_in_refreshes_and_goes_on_with_the_first_access_token(
    client: httpx.AsyncClient, services: Services
) -> None:
    await seed_demo(services.database, Passwords(cost=4), services.clock)
    signed = (await client.post("/v1/auth/login", json={"email": "demo@example.com", "password": "demo"})).json()
    # The smoke test of seed 002 sends the access token along with the refresh, and goes on using it.
    answer = await client.post(
        "/v1/auth/refresh",
        json={"refresh_token": signed["refresh_token"]},
        headers=bearer(signed["access_token"]),
    )
    assert answer.status_code == 200
    pair = answer.json()
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in", "refresh_expires_in"}
    for token in (signed["access_token"], pair["access_token"]):
        me = await client.get("/v1/users/me", headers=bearer(token))
        assert (me.status_code, me.json()["full_name"]) == (200, "Demo Learner")


async def test_a_registration_is_told_every_fault_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/v1/auth/register", json={"email": "nobody", "password": "short", "user_type": "super_admin"}
    )
    body = assert_problem(answer, 422, "VALIDATION_ERROR")
    told = [(fault["pointer"], fault["detail"]) for fault in body["errors"]]
    assert [pointer for pointer, _ in told] == ["/email", *["/password"] * 5, "/full_name", "/user_type"]
    assert ("/password", "needs at least 12 characters") in told
    assert ("/password", "needs a digit") in told
    assert "short" not in answer.text


@pytest.mark.parametrize("role", ["teacher", "admin", "super_admin", "", None, 1])
async def test_nobody_gives_themselves_a_role(client: httpx.AsyncClient, services: Services, role: Any) -> None:
    answer = await client.post("/v1/auth/register", json={**STUDENT, "user_type": role})
    body = assert_problem(answer, 422, "VALIDATION_ERROR")
    assert [fault["pointer"] for fault in body["errors"]] == ["/user_type"]
    assert await services.database.fetchval("SELECT count(*) FROM users") == 0


async def test_a_taken_e_mail_is_a_conflict(client: httpx.AsyncClient) -> None:
    await registered(client)
    again = await client.post("/v1/auth/register", json={**STUDENT, "email": " STUDENT@Example.com "})
    assert_problem(again, 409, "EMAIL_TAKEN")


async def test_an_unknown_e_mail_and_a_wrong_password_are_answered_alike(client: httpx.AsyncClient) -> None:
    await registered(client)
    answers = [
        await client.post("/v1/auth/login", json={"email": email, "password": password})
        for email, password in (
            ("student@example.com", "Wrong-Horse7battery"),
            ("nobody@example.com", STUDENT["password"]),
            ("no address", "x" * 1000),
        )
    ]
    bodies = []
    for answer in answers:
        body = assert_problem(answer, 401, "WRONG_CREDENTIALS")
        bodies.append({name: value for name, value in body.items() if name != "request_id"})
        assert answer.headers["www-authenticate"] == 'Bearer realm="lyo"'
    assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.parametrize("route", ["register", "login", "refresh"])
async def test_a_body_that_is_none_is_told_so(client: httpx.AsyncClient, route: str) -> None:
    answer = await client.post(f"/v1/auth/{route}", json={})
    body = assert_problem(answer, 422, "VALIDATION_ERROR")
    assert all(fault["detail"] for fault in body["errors"])


@pytest.mark.parametrize("authorization", [None, "", "Basic dTpw", "Bearer", "Bearerish x"])
async def test_without_a_token_a_token_is_asked_for(client: httpx.AsyncClient, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in (("GET", "/v1/users/me"), ("POST", "/v1/auth/logout")):
        answer = await client.request(method, path, headers=headers)
        assert_problem(answer, 401, "NOT_AUTHENTICATED")
        assert answer.headers["www-authenticate"] == 'Bearer realm="lyo"'


@pytest.mark.parametrize("kind", ["rubbish", "refresh", "foreign"])
async def test_a_wrong_token_is_named_invalid(client: httpx.AsyncClient, clock: Clock, kind: str) -> None:
    new = await registered(client)
    foreign = Tokens(KeyRing([b"f" * 32]), clock, access_lifetime=timedelta(hours=1)).issue(
        user_id=UUID(new["user_id"]), session_id=UUID(int=1), email="", user_type="super_admin"
    )
    token = {"rubbish": "a.b.c", "refresh": new["refresh_token"], "foreign": foreign}[kind]
    answer = await client.get("/v1/users/me", headers=bearer(token))
    assert_problem(answer, 401, "NOT_AUTHENTICATED")
    assert answer.headers["www-authenticate"] == f'{INVALID}"The access token is not valid."'


async def test_a_bad_token_does_no_harm_where_none_is_needed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/auth/register", json=STUDENT, headers=bearer("a.b.c"))
    assert answer.status_code == 201


async def test_an_expired_token_is_told_apart(client: httpx.AsyncClient, clock: MovedClock) -> None:
    new = await registered(client)
    clock.ahead = timedelta(minutes=31)
    answer = await client.get("/v1/users/me", headers=bearer(new["access_token"]))
    assert_problem(answer, 401, "TOKEN_EXPIRED")
    assert answer.headers["www-authenticate"] == f'{INVALID}"The access token has expired"'
    refreshed = await client.post("/v1/auth/refresh", json={"refresh_token": new["refresh_token"]})
    assert refreshed.status_code == 200


async def test_a_spent_refresh_token_ends_refreshing_but_not_the_access_token(client: httpx.AsyncClient) -> None:
    new = await registered(client)
    pair = (await client.post("/v1/auth/refresh", json={"refresh_token": new["refresh_token"]})).json()
    for token in (new["refresh_token"], pair["refresh_token"]):
        assert_problem(await client.post("/v1/auth/refresh", json={"refresh_token": token}), 401, "SESSION_REVOKED")
    assert (await client.get("/v1/users/me", headers=bearer(pair["access_token"]))).status_code == 200


async def test_logout_ends_both_tokens_at_once(client: httpx.AsyncClient) -> None:
    new = await registered(client)
    answer = await client.post("/v1/auth/logout", headers=bearer(new["access_token"]))
    assert (answer.status_code, answer.content) == (204, b"")
    for path in ("/v1/users/me", "/api/v1/users/me/"):
        refused = await client.get(path, headers=bearer(new["access_token"]))
        assert_problem(refused, 401, "SESSION_REVOKED")
        assert refused.headers["www-authenticate"].startswith(INVALID)
    refresh = await client.post("/v1/auth/refresh", json={"refresh_token": new["refresh_token"]})
    assert_problem(refresh, 401, "SESSION_REVOKED")


async def test_one_reads_ones_own_profile(client: httpx.AsyncClient) -> None:
    new = await registered(client)
    answer = await client.get("/v1/users/me", headers={"Authorization": f"bearer {new['access_token']}"})
    body = answer.json()
    assert (body["id"], body["email"], body["user_type"]) == (new["user_id"], "student@example.com", "student")
    assert "password" not in answer.text


async def test_the_account_behind_a_good_token_may_be_gone(client: httpx.AsyncClient, services: Services) -> None:
    new = await registered(client)
    await services.database.execute("UPDATE users SET is_active = false")
    assert_problem(await client.get("/v1/users/me", headers=bearer(new["access_token"])), 401, "NOT_AUTHENTICATED")


async def test_the_device_is_what_the_client_calls_itself(client: httpx.AsyncClient, services: Services) -> None:
    await client.post("/v1/auth/register", json=STUDENT, headers={"User-Agent": "Lyo/1.0 " + "x" * 500})
    device = await services.database.fetchval("SELECT device FROM auth_sessions")
    assert device.startswith("Lyo/1.0 ")
    assert len(device) == 200


async def test_the_key_that_signs_is_the_one_in_the_data_folder(services: Services) -> None:
    ring = await read_ring(services.settings, SIGNING)
    reader = Tokens(ring, services.clock, access_lifetime=timedelta(minutes=30))
    new = await services.accounts.register(
        email=STUDENT["email"], password=STUDENT["password"], full_name=STUDENT["full_name"]
    )
    assert reader.read(new.access_token).user_id == new.user_id
