"""One-time tickets: each opens one socket of any door on any instance, once, in time, and nothing else."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import anyio
import httpx
import pytest

from actors.housekeeping import keep_house
from api.instance import open_instance
from api.services import Services
from lyo_rt.accounts import tickets
from lyo_rt.clock import SystemClock
from lyo_rt.settings import Settings
from tests.api.conftest import served
from tests.api.learners import signed_in
from tests.api.sockets import device
from tests.api.test_realtime import refused

pytestmark = [pytest.mark.anyio, pytest.mark.attack("replayed tickets")]


class ShiftedClock(SystemClock):
    """The machine's time, and how much later it is said to be."""

    shift = timedelta(0)

    def now(self) -> Any:
        """See Clock."""
        return super().now() + self.shift


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


async def ticket(learner: httpx.AsyncClient) -> str:
    answer = await learner.post("/v1/ws/tickets")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json().keys() == {"ticket", "expiresIn"}
    assert answer.json()["expiresIn"] == 30
    text: str = answer.json()["ticket"]
    return text


async def test_a_ticket_opens_one_session_and_no_second(
    address: tuple[str, int], learner: httpx.AsyncClient, services: Services
) -> None:
    text = await ticket(learner)
    async with device(address, path=f"/v1/ws?token={text}") as phone:
        await phone.send("hello")
        welcome = await phone.read()
        assert welcome["user"] == (await learner.get("/v1/users/me")).json()["id"]
        status, problem, headers = await refused(address, path=f"/v1/ws?token={text}")
        assert (status, problem["code"]) == (401, "NOT_AUTHENTICATED")
        assert headers["www-authenticate"].startswith("Bearer")
        assert text not in str(problem)
        assert "ok" in await phone.ask("subscribe", stream=f"user:{welcome['user']}")
        # The socket is the session's that asked: what signs that out, ends it.
        assert (await learner.post("/v1/auth/logout")).is_success
        assert (await phone.closed())[0] == 4010
    kept = await services.database.fetchval("SELECT count(*) FROM websocket_tickets")
    assert kept == 0


async def test_of_two_sockets_at_once_one_gets_in(address: tuple[str, int], learner: httpx.AsyncClient) -> None:
    path, entered = f"/v1/ws?token={await ticket(learner)}", []

    async def enter() -> None:
        try:
            async with device(address, path=path) as phone:
                await phone.send("hello")
                entered.append((await phone.read())["type"])
        except Exception as refusal:
            entered.append(type(refusal).__name__)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(enter)
    assert sorted(entered) == ["InvalidStatus"] * 4 + ["welcome"]


async def test_a_ticket_is_good_on_another_instance_and_on_the_simple_door(
    address: tuple[str, int], learner: httpx.AsyncClient, database_url: str, settings: Settings
) -> None:
    accepted = await learner.post(
        "/v1/courses:generate", json={"topic": "How bread rises"}, headers={"Idempotency-Key": "bread"}
    )
    task = accepted.json()["task_id"]
    async with (
        open_instance(settings, SystemClock(), database_url=database_url, redis_url=None) as other,
        served(other.asgi) as elsewhere,
    ):
        async with device(elsewhere, path=f"/v1/ws?token={await ticket(learner)}") as phone:
            await phone.send("hello")
            assert (await phone.read())["type"] == "welcome"
        path = f"/v1/ws/tasks/{task}?token={await ticket(learner)}"
        async with device(elsewhere, path=path, subprotocols=None) as watcher:
            with anyio.fail_after(20):
                states = [json.loads(message)["state"] async for message in watcher.connection]
            assert (states[-1], watcher.connection.close_code) == ("DONE", 1000)
        spent = await refused(address, path=path, subprotocols=None)
        assert (spent[0], spent[1]["code"]) == (401, "NOT_AUTHENTICATED")
        missing = await refused(elsewhere, path=f"/v1/ws/tasks/{uuid4()}?token={await ticket(learner)}")
        assert missing[0] == 404


async def test_a_ticket_too_old_or_of_a_session_signed_out_is_refused(
    address: tuple[str, int], learner: httpx.AsyncClient, clock: ShiftedClock
) -> None:
    late, later, revoked = await ticket(learner), await ticket(learner), await ticket(learner)
    clock.shift = timedelta(seconds=29)
    async with device(address, path=f"/v1/ws?token={late}") as phone:
        await phone.send("hello")
        assert (await phone.read())["type"] == "welcome"
    clock.shift = timedelta(seconds=31)
    status, problem, _ = await refused(address, path=f"/v1/ws?token={later}")
    assert (status, problem["code"]) == (401, "NOT_AUTHENTICATED")
    clock.shift = timedelta(0)
    assert (await learner.post("/v1/auth/logout")).is_success
    status, problem, _ = await refused(address, path=f"/v1/ws?token={revoked}")
    assert (status, problem["code"]) == (401, "SESSION_REVOKED")


async def test_a_ticket_is_nothing_but_an_address(address: tuple[str, int], learner: httpx.AsyncClient) -> None:
    text = await ticket(learner)
    answer = await learner.get("/v1/users/me", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "NOT_AUTHENTICATED")
    assert (await learner.get(f"/v1/users/me?token={text}", headers={"Authorization": ""})).status_code == 401
    assert (await refused(address, token=text))[0] == 401
    async with device(address) as phone:
        await phone.send("hello", token=text)
        assert (await phone.closed())[0] == 4001
    for forged in ("wst_", "wst_" + "A" * 43, "wst_" + "A" * 44, text.upper(), text + "%20"):
        assert (await refused(address, path=f"/v1/ws?token={forged}"))[0] == 401
    # None of that has spent it.
    async with device(address, path=f"/v1/ws?token={text}") as phone:
        await phone.send("hello")
        assert (await phone.read())["type"] == "welcome"


async def test_a_ticket_needs_a_session(
    client: httpx.AsyncClient, learner: httpx.AsyncClient, services: Services
) -> None:
    assert (await client.post("/v1/ws/tickets")).status_code == 401
    assert (await learner.get("/v1/ws/tickets")).status_code == 405
    assert (await learner.post("/v1/auth/logout")).is_success
    answer = await learner.post("/v1/ws/tickets")
    assert (answer.status_code, answer.json()["code"]) == (401, "SESSION_REVOKED")


async def test_only_a_digest_is_kept_and_only_for_a_while(
    learner: httpx.AsyncClient, services: Services, clock: ShiftedClock
) -> None:
    text = await ticket(learner)
    (row,) = await services.database.fetch("SELECT websocket_tickets::text AS whole FROM websocket_tickets")
    assert text not in row["whole"]
    assert text.encode().hex() not in row["whole"]
    assert await tickets.purge(services.database, now=clock.now()) == 0
    clock.shift = timedelta(seconds=31)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(
            keep_house, services.database, services.library, services.exports, services.settings.retention, clock
        )
        with anyio.fail_after(10):
            while await services.database.fetchval("SELECT count(*) FROM websocket_tickets"):  # noqa: ASYNC110
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()


class TestShortTokens:
    """Access tokens that last two seconds."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"jwt_access_token_expire_minutes": 2 / 60})

    async def test_a_socket_opened_by_a_ticket_ends_with_the_access_token(
        self, address: tuple[str, int], learner: httpx.AsyncClient
    ) -> None:
        async with device(address, path=f"/v1/ws?token={await ticket(learner)}") as phone:
            await phone.send("hello")
            assert (await phone.closed())[0] == 4301
            assert [frame["type"] for frame in phone.frames] == ["welcome", "auth_expiring"]

    async def test_a_ticket_does_not_outlive_the_access_token(
        self, address: tuple[str, int], learner: httpx.AsyncClient, clock: ShiftedClock
    ) -> None:
        text = await ticket(learner)
        clock.shift = timedelta(seconds=20)
        status, problem, _ = await refused(address, path=f"/v1/ws?token={text}")
        assert (status, problem["code"]) == (401, "TOKEN_EXPIRED")
