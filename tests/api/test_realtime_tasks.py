"""The simple door: the state at once, each change, four members, and 1000 at the end."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.instance import Instance
from api.realtime.application import Realtime
from api.realtime.pace import FRAMES_PER_MINUTE
from api.realtime.socket import Patience
from api.services import Services
from lyo_rt import streams
from lyo_rt.courses import repository as courses
from lyo_rt.database.changes import ONCE, Changes
from lyo_rt.generation import service
from lyo_rt.language_models.tasks import CourseBrief
from lyo_rt.leases import Lease, Presence
from lyo_rt.settings import Settings
from lyo_rt.streams import task_stream
from tests.api.learners import signed_in, token_of
from tests.api.sockets import small_socket

pytestmark = pytest.mark.anyio

ELSEWHERE = 4711
"""Another instance: what it holds, nobody here works on."""


class Work:
    """A task whose every step is the test's."""

    def __init__(self, services: Services, lease: Lease, course: UUID) -> None:
        self.id = str(lease.id)
        self._database = services.database
        self._lease = lease
        self._course = course

    async def begin(self) -> None:
        changes = Changes()
        service.begin(changes, self._lease, "Planning")
        await self._database.carry_out(changes)

    async def advance(self, percent: int) -> None:
        changes = Changes()
        service.advance(changes, self._lease.id, percent, f"{percent} %", behind=ONCE)
        await self._database.carry_out(changes)

    async def finish(self, state: str) -> None:
        changes = Changes()
        result = self._course if state == "DONE" else None
        ended = await service.work(self._database, self._lease.id)
        service.finish(changes, self._lease, state, "Ended", ended, result=result)
        await self._database.carry_out(changes)


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
def token(learner: httpx.AsyncClient) -> str:
    return token_of(learner)


@pytest.fixture
async def task(services: Services, token: str, database_url: str) -> AsyncIterator[Work]:
    """A task of the learner's, held elsewhere."""
    user, course = services.accounts.identify(token).user_id, uuid4()
    async with Presence(database_url, ELSEWHERE).held():
        changes = Changes()
        courses.add_course(changes, course, user, title="Bread", difficulty="beginner", locale="en")
        lease = service.create(
            changes,
            id=uuid4(),
            user=user,
            course=course,
            brief=CourseBrief(topic="Bread", level="beginner", locale="en"),
            owner=ELSEWHERE,
        )
        await services.database.carry_out(changes)
        yield Work(services, lease, course)


def watch(address: tuple[str, int], path: str, token: str | None = None, **options: Any) -> connect:
    host, port = address
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return connect(f"ws://{host}:{port}{path}", additional_headers=headers, **options)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110  (what is waited for is a count)
            await anyio.sleep(0.005)


async def read(socket: ClientConnection) -> dict[str, Any]:
    with anyio.fail_after(20):
        state: dict[str, Any] = json.loads(await socket.recv())
    return state


async def rest(socket: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """All states to the end, and the code of the close."""
    states = []
    with anyio.fail_after(20):
        try:
            while True:
                states.append(json.loads(await socket.recv()))
        except ConnectionClosed:
            assert socket.close_code is not None
    return states, socket.close_code


async def refused(address: tuple[str, int], path: str, token: str | None = None) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refusal:
        async with watch(address, path, token):
            pass
    assert refusal.value.response.headers["content-type"] == "application/problem+json"
    return refusal.value.response.status_code, json.loads(refusal.value.response.body)["code"]


@pytest.mark.parametrize("state", ["DONE", "ERROR", "CANCELLED"])
async def test_the_state_comes_at_once_then_each_change_and_then_1000(
    address: tuple[str, int], token: str, task: Work, state: str
) -> None:
    async with watch(address, f"/v1/ws/tasks/{task.id}", token) as socket:
        assert await read(socket) == {
            "state": "PENDING",
            "progressPct": 0,
            "message": "Waiting to start",
            "resultId": None,
        }
        await task.begin()
        assert await read(socket) == {"state": "RUNNING", "progressPct": 0, "message": "Planning", "resultId": None}
        for percent in (5, 40, 30, 90):
            await task.advance(percent)
        await task.finish(state)
        states, code = await rest(socket)
    assert code == 1000
    assert [one["state"] for one in states] == ["RUNNING"] * 4 + [state]
    progress = [one["progressPct"] for one in states]
    assert progress == [5, 40, 40, 90, 100 if state == "DONE" else 90]
    assert (states[-1]["resultId"] is not None) == (state == "DONE")
    assert all(set(one) == {"state", "progressPct", "message", "resultId"} for one in states)


@pytest.mark.parametrize("path", ["/v1/ws/tasks/", "/v1/tasks/ws/", "/api/v1/ws/tasks/", "/api/v1/tasks/ws/"])
async def test_a_task_that_has_ended_shows_its_end_and_closes(
    address: tuple[str, int], token: str, task: Work, path: str
) -> None:
    await task.begin()
    await task.finish("DONE")
    async with watch(address, path + task.id.upper(), token) as socket:
        states, code = await rest(socket)
    assert ([one["state"] for one in states], code) == (["DONE"], 1000)


async def test_two_watchers_see_the_same(address: tuple[str, int], token: str, task: Work, instance: Instance) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(watch(address, f"/v1/ws/tasks/{task.id}", token)) for _ in range(2)]
        first = [await read(socket) for socket in sockets]
        assert instance.realtime.watchers == 2
        await task.begin()
        await task.advance(50)
        await task.finish("DONE")
        seen = [await rest(socket) for socket in sockets]
    assert first[0] == first[1]
    assert seen[0] == seen[1]
    assert len(seen[0][0]) == 3


async def test_a_watcher_that_leaves_is_forgotten(
    address: tuple[str, int], token: str, task: Work, instance: Instance
) -> None:
    async with watch(address, f"/v1/ws/tasks/{task.id}", token) as socket:
        await read(socket)
        await until(lambda: instance.feeds.statistics()["sinks"] == 1)
    with anyio.fail_after(5):
        while instance.realtime.watchers or instance.feeds.statistics()["sinks"]:  # noqa: ASYNC110
            await anyio.sleep(0.01)


async def test_the_bare_id_opens_the_door_where_that_is_allowed(address: tuple[str, int], task: Work) -> None:
    async with watch(address, f"/v1/ws/tasks/{task.id}") as socket:
        assert (await read(socket))["state"] == "PENDING"


class TestWithoutTheCapability:
    """As in production."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"lyo_task_url_capability": False})

    async def test_the_first_frame_says_who_comes(self, address: tuple[str, int], token: str, task: Work) -> None:
        async with watch(address, f"/v1/ws/tasks/{task.id}") as socket:
            await socket.send(json.dumps({"type": "hello", "token": token}))
            assert (await read(socket))["state"] == "PENDING"
            await task.begin()
            await task.finish("DONE")
            states, code = await rest(socket)
        assert ([one["state"] for one in states], code) == (["RUNNING", "DONE"], 1000)

    async def test_the_bare_id_shows_nothing(
        self, address: tuple[str, int], token: str, task: Work, services: Services
    ) -> None:
        async with await signed_in(services, address, "Stranger") as stranger:
            for frame, code in (
                ({"type": "hello", "token": token_of(stranger)}, 4003),
                ({"type": "hello", "token": "a.b.c"}, 4001),
                ({"type": "hello"}, 4001),
                ({"type": "ping"}, 4000),
                ("rubbish", 4000),
            ):
                async with watch(address, f"/v1/ws/tasks/{task.id}") as socket:
                    await socket.send(json.dumps(frame))
                    assert await rest(socket) == ([], code), frame
        async with watch(address, f"/v1/ws/tasks/{uuid4()}") as socket:
            await socket.send(json.dumps({"type": "hello", "token": token}))
            assert await rest(socket) == ([], 4003)

    async def test_a_token_in_the_address_opens_at_once(self, address: tuple[str, int], token: str, task: Work) -> None:
        async with watch(address, f"/v1/ws/tasks/{task.id}?token={token}") as socket:
            assert (await read(socket))["state"] == "PENDING"
        assert await refused(address, f"/v1/ws/tasks/{'-' * 36}") == (404, "NOT_FOUND")

    @pytest.fixture
    def realtime(self, instance: Instance) -> Realtime:
        """The doors, for clients that must be quick to say who they are."""
        instance.realtime = Realtime(instance.services, instance.feeds, instance.sessions, Patience(hello=0.5))
        return instance.realtime

    async def test_who_says_nothing_is_not_waited_for(self, address: tuple[str, int], task: Work) -> None:
        async with watch(address, f"/v1/ws/tasks/{task.id}") as socket:
            assert await rest(socket) == ([], 4001)


async def test_a_first_frame_is_harmless_where_the_bare_id_suffices(
    address: tuple[str, int], token: str, task: Work
) -> None:
    for frame in ({"type": "hello", "token": token}, {"type": "hello", "token": "a.b.c"}):
        async with watch(address, f"/v1/ws/tasks/{task.id}") as socket:
            await socket.send(json.dumps(frame))
            assert (await read(socket))["state"] == "PENDING"
    await task.begin()
    async with watch(address, f"/v1/ws/tasks/{task.id}") as socket:
        assert (await read(socket))["state"] == "RUNNING"


async def test_signing_out_closes_the_door_at_once_for_that_session_only(
    address: tuple[str, int], learner: httpx.AsyncClient, token: str, task: Work
) -> None:
    path = f"/v1/ws/tasks/{task.id}"
    async with watch(address, path, token) as mine, watch(address, path) as anyones:
        await read(mine)
        await read(anyones)
        assert (await learner.post("/v1/auth/logout")).is_success
        with anyio.fail_after(1):
            assert await rest(mine) == ([], 4010)
        await task.begin()
        assert (await read(anyones))["state"] == "RUNNING"
    assert await refused(address, path, token) == (401, "SESSION_REVOKED")


class TestShortTokens:
    """Tokens that last two seconds."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"jwt_access_token_expire_minutes": 2 / 60})

    async def test_the_end_of_the_token_closes_the_door(self, address: tuple[str, int], token: str, task: Work) -> None:
        async with watch(address, f"/v1/ws/tasks/{task.id}", token) as socket:
            assert (await read(socket))["state"] == "PENDING"
            with anyio.fail_after(10):
                assert await rest(socket) == ([], 4301)


async def test_a_strangers_task_is_not_found(address: tuple[str, int], task: Work, services: Services) -> None:
    async with await signed_in(services, address, "Stranger") as stranger:
        assert await refused(address, f"/v1/ws/tasks/{task.id}", token_of(stranger)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("id", [str(UUID(int=0)), "-" * 36, "g" * 36, "1" * 36, "x"])
async def test_what_is_no_task_is_not_found(address: tuple[str, int], token: str, id: str) -> None:
    assert await refused(address, f"/v1/ws/tasks/{id}", token) == (404, "NOT_FOUND")
    assert await refused(address, f"/v1/ws/tasks/{id}") == (404, "NOT_FOUND")


async def test_a_bad_token_is_refused_even_where_none_is_needed(address: tuple[str, int], task: Work) -> None:
    assert await refused(address, f"/v1/ws/tasks/{task.id}", "a.b.c") == (401, "NOT_AUTHENTICATED")


async def test_what_a_watcher_sends_means_nothing_unless_it_is_too_much(
    address: tuple[str, int], token: str, task: Work
) -> None:
    async with watch(address, f"/v1/ws/tasks/{task.id}", token) as socket:
        await read(socket)
        for number in range(FRAMES_PER_MINUTE):
            await socket.send("rubbish" * (number % 3))
        await task.begin()
        assert (await read(socket))["state"] == "RUNNING"
        await socket.send("one too many")
        assert (await rest(socket))[1] == 4129


async def test_a_drain_closes_the_door_with_the_code_to_come_back(
    address: tuple[str, int], token: str, task: Work, instance: Instance
) -> None:
    async with watch(address, f"/v1/ws/tasks/{task.id}", token) as socket:
        await read(socket)
        await instance.drain()
        assert await rest(socket) == ([], 1012)
    assert await refused(address, f"/v1/ws/tasks/{task.id}", token) == (503, "DRAINING")


async def test_a_watcher_that_does_not_read_gets_the_newest_state_and_the_end(
    address: tuple[str, int], token: str, task: Work, services: Services, instance: Instance
) -> None:
    stream, changes = task_stream(UUID(task.id)), 600
    async with watch(address, f"/v1/ws/tasks/{task.id}", token, sock=small_socket(address), max_queue=1) as socket:
        first = await read(socket)
        await until(lambda: instance.feeds.statistics()["sinks"] == 1)
        for begin in range(1, changes, 50):
            async with services.database.transaction() as transaction:
                for number in range(begin, begin + 50):
                    data = {**first, "state": "RUNNING", "message": f"{number} " + "x" * 16_000}
                    await streams.append(transaction, stream, "progress", data)
        await task.finish("DONE")
        states, code = await rest(socket)
    assert (code, states[-1]["state"]) == (1000, "DONE")
    seen = [int(state["message"].partition(" ")[0]) for state in states[:-1]]
    assert seen == sorted(set(seen))
    assert 0 < len(seen) < changes
