"""What is good once is good once, on whichever of two instances it comes, also when it comes at both at once."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import anyio
import httpx
import pytest
from websockets.exceptions import InvalidStatus

from api.instance import open_instance
from api.services import Services
from lyo_rt.clock import SystemClock
from lyo_rt.settings import Settings
from tests.api.conftest import served
from tests.api.learners import Client, signed_in, token_of, user_of
from tests.api.sockets import device
from tests.attacks import Cases

pytestmark = pytest.mark.anyio

ROUNDS = 12
COMING = 6
"""At once, by turns at the one instance and at the other."""


@pytest.fixture
async def both(
    settings: Settings, database_url: str, redis_url: str, clock: SystemClock
) -> AsyncIterator[tuple[Services, tuple[tuple[str, int], ...]]]:
    """Two instances on one PostgreSQL and one Valkey: the first's services, and the addresses of both."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(2):
            instance = await stack.enter_async_context(
                open_instance(settings, clock, database_url=database_url, redis_url=redis_url)
            )
            found.append((instance.services, await stack.enter_async_context(served(instance.asgi))))
        yield found[0][0], (found[0][1], found[1][1])


@pytest.fixture
async def clients(
    both: tuple[Services, tuple[tuple[str, int], ...]],
) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    """A client of each."""
    async with AsyncExitStack() as stack:
        yield tuple(
            [
                await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=30))
                for host, port in both[1]
            ]
        )


@pytest.fixture
async def learner(both: tuple[Services, tuple[tuple[str, int], ...]]) -> AsyncIterator[Client]:
    async with await signed_in(both[0], both[1][0]) as client:
        yield client


@pytest.mark.attack("refresh re-use race on two instances")
async def test_a_refresh_token_is_spent_once_and_its_second_use_stops_the_family(
    cases_tried: Cases, both: tuple[Services, tuple[tuple[str, int], ...]], clients: tuple[httpx.AsyncClient, ...]
) -> None:
    for _ in range(ROUNDS):
        async with await signed_in(both[0], both[1][0]) as thief:
            given: list[httpx.Response] = []

            async def refresh(client: httpx.AsyncClient, token: str, given: list[httpx.Response] = given) -> None:
                given.append(await client.post("/v1/auth/refresh", json={"refresh_token": token}))

            async with anyio.create_task_group() as racing:
                for number in range(COMING):
                    racing.start_soon(refresh, clients[number % 2], thief.refresh_token)
            assert Counter(one.status_code for one in given) == {200: 1, 401: COMING - 1}
            assert {one.json()["code"] for one in given if one.status_code == 401} == {"SESSION_REVOKED"}
            (winner,) = (one.json()["refresh_token"] for one in given if one.status_code == 200)
            for client in clients:
                again = await client.post("/v1/auth/refresh", json={"refresh_token": winner})
                assert (again.status_code, again.json()["code"]) == (401, "SESSION_REVOKED")
            assert (await thief.get("/v1/users/me")).status_code == 200  # until it expires (SPEC §4)
    cases_tried(ROUNDS * (COMING + len(clients)))


@pytest.mark.attack("replayed tickets")
async def test_a_ticket_opens_one_socket_of_all_that_come_with_it(
    cases_tried: Cases, both: tuple[Services, tuple[tuple[str, int], ...]], learner: Client
) -> None:
    for _ in range(ROUNDS):
        ticket = (await learner.post("/v1/ws/tickets")).json()["ticket"]
        opened: list[int] = []

        async def knock(address: tuple[str, int], ticket: str = ticket, opened: list[int] = opened) -> None:
            try:
                async with device(address, path=f"/v1/ws?token={ticket}") as phone:
                    await phone.send("hello")
                    assert (await phone.read())["user"] == str(user_of(learner))
                    opened.append(101)
            except InvalidStatus as refused:
                opened.append(refused.response.status_code)

        async with anyio.create_task_group() as racing:
            for number in range(COMING):
                racing.start_soon(knock, both[1][number % 2])
        assert Counter(opened) == {101: 1, 401: COMING - 1}
    cases_tried(ROUNDS * COMING)


@pytest.mark.attack("idempotency-key theft")
async def test_an_idempotency_key_does_its_work_once(
    cases_tried: Cases,
    both: tuple[Services, tuple[tuple[str, int], ...]],
    clients: tuple[httpx.AsyncClient, ...],
    learner: Client,
) -> None:
    headers = {"Authorization": f"Bearer {token_of(learner)}"}
    for _ in range(ROUNDS):
        key, given = uuid4().hex, []

        async def begin(client: httpx.AsyncClient, key: str = key, given: list[str] = given) -> None:
            sent = {**headers, "Idempotency-Key": key}
            answer = await client.post("/v1/tutor/conversations", json={"title": "Tides"}, headers=sent)
            assert answer.status_code == 201
            given.append(answer.json()["id"])

        async with anyio.create_task_group() as racing:
            for number in range(COMING):
                racing.start_soon(begin, clients[number % 2])
        assert len(set(given)) == 1
    assert await both[0].database.fetchval("SELECT count(*) FROM conversations") == ROUNDS
    cases_tried(ROUNDS * COMING)
