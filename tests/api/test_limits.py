"""Rate limits as clients meet them: status, headers, problem, and what a Redis that is away does to them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from api.app import routes
from api.instance import Instance, open_instance
from api.openapi import ATTRIBUTE, limits_of
from api.services import Services
from lyo_rt.accounts.records import Registered
from lyo_rt.clock import SystemClock
from lyo_rt.embedded.valkey import valkey_server
from lyo_rt.limits.policies import NAMES
from lyo_rt.settings import Settings
from tests.api.conftest import served, with_settings
from tests.api.learners import signed_in
from tests.api.sockets import greeted
from tests.conftest import free_port

pytestmark = pytest.mark.anyio

PROBLEM = "application/problem+json"
POLICY = re.compile(r'"[a-z]+";q=\d+;w=\d+(, "[a-z]+";q=\d+;w=\d+)*')
LIMIT = re.compile(r'"[a-z]+";r=\d+;t=\d+(, "[a-z]+";r=\d+;t=\d+)*')
CREDENTIALS = {"email": "nobody@example.com", "password": "Correct-horse-9-battery"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Few of each, so that the end is soon met."""
    rates = {"general": "7/minute", "ai": "2/minute", "auth": "2/minute", "socket": "5/minute"}
    return with_settings(
        settings,
        trusted_proxies=("127.0.0.1",),
        **{f"rate_limit_{name}": rates.get(name, "0") for name in NAMES},
    )


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


def by(client: str) -> dict[str, str]:
    """A request from elsewhere, as the trusted proxy passes it on."""
    return {"X-Forwarded-For": client}


def told(answer: httpx.Response) -> tuple[str, str]:
    """The two header fields, well formed."""
    policy, limit = answer.headers["ratelimit-policy"], answer.headers["ratelimit"]
    assert POLICY.fullmatch(policy)
    assert LIMIT.fullmatch(limit)
    return policy, limit


def refused(answer: httpx.Response, name: str) -> int:
    """Seconds until the next, after a look at all that a refusal promises."""
    assert answer.status_code == 429
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["code"], body["status"]) == ("RATE_LIMITED", 429)
    assert body["type"].endswith("/problems/too-many-requests")
    assert f"({name})" in body["detail"]
    seconds = int(answer.headers["retry-after"])
    assert f'"{name}";r=0;t={seconds}' in told(answer)[1]
    return seconds


async def test_every_answer_says_where_one_stands(learner: httpx.AsyncClient) -> None:
    for left in (6, 5):
        answer = await learner.get("/v1/users/me")
        assert answer.status_code == 200
        policy, limit = told(answer)
        assert policy == '"general";q=7;w=60'
        assert re.fullmatch(rf'"general";r={left};t=\d+', limit)
    missing = await learner.get(f"/v1/tasks/{uuid4()}")
    assert missing.status_code == 404
    assert '"general";r=4;' in told(missing)[1]


async def test_beyond_the_limit_one_is_refused_until_retry_after(learner: httpx.AsyncClient) -> None:
    for _ in range(7):
        assert (await learner.get("/v1/users/me")).status_code == 200
    assert 1 <= refused(await learner.get("/v1/users/me"), "general") <= 60
    refused(await learner.get("/v1/courses"), "general")
    assert (await learner.get("/v1/health")).status_code == 200


async def test_a_request_for_a_model_counts_under_both(learner: httpx.AsyncClient) -> None:
    code = {"code": "def mean(values):\n    return sum(values) / len(values)\n"}
    for _ in range(2):
        answer = await learner.post("/v1/ai/explain-code", json=code)
        assert answer.status_code == 200
        assert told(answer)[0] == '"general";q=7;w=60, "ai";q=2;w=60'
    over = await learner.post("/v1/ai/explain-code", json=code)
    refused(over, "ai")
    assert '"general";r=5;' in over.headers["ratelimit"]
    assert (await learner.get("/v1/users/me")).status_code == 200


async def test_a_refusal_comes_before_anything_is_looked_at(learner: httpx.AsyncClient) -> None:
    for _ in range(2):
        await learner.post("/v1/ai/explain-code", json={})
    refused(await learner.post("/v1/ai/explain-code", content=b"{"), "ai")


async def test_sign_ins_count_by_address(client: httpx.AsyncClient) -> None:
    async def sign_in(address: str) -> httpx.Response:
        return await client.post("/v1/auth/login", json=CREDENTIALS, headers=by(address))

    for _ in range(2):
        answer = await sign_in("1.2.3.4")
        assert answer.status_code == 401
        assert told(answer)[0] == '"auth";q=2;w=60'
    refused(await sign_in("1.2.3.4"), "auth")
    refused(await sign_in("6.6.6.6, 1.2.3.4"), "auth")
    assert (await sign_in("1.2.3.5")).status_code == 401


async def test_learners_do_not_spend_one_another_s(services: Services, address: tuple[str, int]) -> None:
    async with await signed_in(services, address, "Ada") as ada, await signed_in(services, address, "Bob") as bob:
        for _ in range(8):
            last = await ada.get("/v1/users/me")
        refused(last, "general")
        assert (await bob.get("/v1/users/me")).status_code == 200


async def test_premium_learners_ask_five_times_as_often_from_their_next_token_on(
    services: Services, client: httpx.AsyncClient
) -> None:
    registered = await services.accounts.register(
        email="p@example.com", password=CREDENTIALS["password"], full_name="Premium"
    )
    await services.database.execute("UPDATE users SET is_premium = true WHERE id = $1", registered.user_id)
    renewed = await services.accounts.refresh(registered.refresh_token)
    for token, policy in ((registered.access_token, 7), (renewed.access_token, 35)):
        answer = await client.get("/v1/users/me", headers={"Authorization": f"Bearer {token}"})
        assert told(answer)[0] == f'"general";q={policy};w=60'


async def test_commands_over_sockets_count_for_their_learner(
    learner: httpx.AsyncClient, address: tuple[str, int]
) -> None:
    token = learner.headers["Authorization"].removeprefix("Bearer ")
    replies: list[dict[str, Any]] = []
    async with greeted(address, token) as one, greeted(address, token) as other:
        for number in range(6):
            replies.append(await (one, other)[number % 2].ask("stop", conversation=str(uuid4())))
        codes = [reply["problem"]["code"] for reply in replies]
        assert codes == ["NOT_FOUND"] * 5 + ["RATE_LIMITED"]
        await one.send("ping")
        await one.until("pong")


async def test_a_model_is_asked_no_more_often_over_a_socket(
    learner: httpx.AsyncClient, address: tuple[str, int]
) -> None:
    token = learner.headers["Authorization"].removeprefix("Bearer ")
    await learner.post("/v1/ai/explain-code", json={})
    async with greeted(address, token) as device:
        replies = [await device.ask("ask", conversation=str(uuid4()), text="Why?") for _ in range(2)]
    assert [reply["problem"]["code"] for reply in replies] == ["NOT_FOUND", "RATE_LIMITED"]


async def test_what_is_switched_off_is_not_told_of(settings: Settings, database_url: str) -> None:
    off = with_settings(settings, **{f"rate_limit_{name}": "0" for name in NAMES})
    async with another(off, database_url) as (instance, client):
        token = {"Authorization": f"Bearer {(await _admin(instance)).access_token}"}
        for _ in range(20):
            answer = await client.get("/v1/users/me", headers=token)
            assert answer.status_code == 200
        assert "ratelimit" not in answer.headers
        assert "ratelimit-policy" not in answer.headers


def test_routes_count_as_they_should() -> None:
    """An open route that nobody has thought about counts as a sign-in; see limits_of."""
    found: dict[tuple[str, ...], set[str]] = {}
    for name, view in routes().view_functions.items():
        if (promise := getattr(view, ATTRIBUTE, None)) is not None:
            found.setdefault(limits_of(promise), set()).add(name)
    assert found[("auth",)] == {
        "auth.register",
        "auth.login",
        "parents.agree",
        "parents.erase",
        "parents.export",
        "parents.review",
        "parents.withdraw",
        "passwords.forgot",
        "passwords.reset",
        "verification.verify",
    }
    assert all(name.startswith("health.") for name in found[()])
    assert {"tutor.send", "tutor.regenerate", "courses.generate", "quizzes.generate"} <= found[("general", "ai")]


# -- several instances, and a Redis that goes away -------------------------------------------------------------------


@asynccontextmanager
async def another(
    settings: Settings, database_url: str, redis_url: str | None = None
) -> AsyncIterator[tuple[Instance, httpx.AsyncClient]]:
    """An instance, and a client of it."""
    async with (
        open_instance(settings, SystemClock(), database_url=database_url, redis_url=redis_url) as instance,
        served(instance.asgi) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client,
    ):
        yield instance, client


async def test_instances_count_together(settings: Settings, database_url: str, redis_url: str) -> None:
    async with (
        another(settings, database_url, redis_url) as (one, here),
        another(settings, database_url, redis_url) as (_, there),
    ):
        token = {"Authorization": f"Bearer {(await _admin(one)).access_token}"}
        answers = [await (here, there)[number % 2].get("/v1/users/me", headers=token) for number in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429]
    assert [answer.headers["ratelimit"].partition(";t")[0] for answer in answers[:3]] == [
        '"general";r=6',
        '"general";r=5',
        '"general";r=4',
    ]


async def test_without_redis_one_can_read_but_not_sign_in(
    settings: Settings, database_url: str, short_dir: Any
) -> None:
    port, folder = free_port(), short_dir / f"limits-{uuid4().hex[:6]}"
    folder.mkdir()
    valkey = valkey_server(folder, port=port)
    server = valkey.__enter__()
    running = True
    try:
        async with another(settings, database_url, server.tcp_url()) as (instance, client):
            who = await _admin(instance)
            token = {"Authorization": f"Bearer {who.access_token}"}
            assert "ratelimit" in (await client.get("/v1/users/me", headers=token)).headers
            valkey.__exit__(None, None, None)
            running = False
            for _ in range(9):
                answer = await client.get("/v1/users/me", headers=token)
                assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
            refusal = await client.post("/v1/auth/login", json=CREDENTIALS)
            assert (refusal.status_code, refusal.json()["code"]) == (503, "UNAVAILABLE")
            assert int(refusal.headers["retry-after"]) >= 1
            shown = (await client.get("/v1/health/websocket", headers=token)).json()["statistics"]["limits"]
            assert shown == {"counted": 1, "refused": 0, "uncounted": 9, "closed": 1}
    finally:
        if running:
            valkey.__exit__(None, None, None)


async def _admin(instance: Instance) -> Registered:
    """An admin, signed in."""
    accounts, database = instance.services.accounts, instance.services.database
    made = await accounts.register(email="root@example.com", password=CREDENTIALS["password"], full_name="Root")
    await database.execute("UPDATE users SET user_type = 'admin' WHERE id = $1", made.user_id)
    renewed = await accounts.refresh(made.refresh_token)
    return msgspec.structs.replace(made, access_token=renewed.access_token)
