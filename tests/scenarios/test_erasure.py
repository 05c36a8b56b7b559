"""A person is erased though the instance at it is killed in the middle; a parent's withdrawal ends every socket."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from lyo_rt.database.pool import Database
from lyo_rt.privacy.plan import LINES
from lyo_rt.privacy.repository import left
from migrations.tables import all_tables
from tests.api.families import born
from tests.api.mailbox import Mailbox, token_in
from tests.api.uploading import picture
from tests.conftest import Announcements
from tests.scenarios.conftest import Learner, Server, at_once, provider
from tests.scenarios.work import begin

SECRET = "my grandmother's apricot dumplings"
PASSWORD, PARENT = "Correct-horse-9-battery", "parent@example.com"
SECONDS = 20.0
MIDDLE = [line.table for line in LINES].index("conversations")
"""So many lines of the plan are done when the instance is killed: messages have gone, conversations have not."""


def test_another_instance_goes_on_with_an_erasure_and_nothing_is_left(
    two_instances: Callable[..., Server],
    learner: Callable[..., Learner],
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    with provider("openai") as (_, environment), ExitStack() as stack:
        environment |= {"ERASURE_COOL_OFF_DAYS": "0", "STORAGE_URL": f"file:{tmp_path / 'media'}"}
        servers = at_once(two_instances, environment, environment)
        demo = learner(servers[0])
        person = demo.http.get("/v1/users/me").json()["id"]
        traces = [*_lived(demo), person, SECRET]
        assert [file for file in (tmp_path / "media").rglob("*") if file.is_file()]
        greeted = [_session(stack, server, demo.token) for server in servers]
        names = {int(instance): server for server, (_, instance) in zip(servers, greeted, strict=True)}
        asyncio.run(_killed_in_the_middle(database_url, demo, names))
        survivor = next(server for server in servers if server.running)
        codes = [_close_code(socket) for socket, instance in greeted if names[int(instance)] is survivor]
        assert codes == [4010]
        found = asyncio.run(_what_is_left(database_url, person, traces))
        assert found == ({}, [])
        assert _broadcast(redis_url, traces) == []
        assert [file for file in (tmp_path / "media").rglob("*") if file.is_file()] == []
        assert httpx.get(f"{survivor.base}/v1/users/me", headers=_bearer(demo.token)).status_code == 401
        credentials = {"email": "demo@example.com", "password": "demo"}
        assert httpx.post(f"{survivor.base}/v1/auth/login", json=credentials).status_code == 401


def test_a_parent_s_withdrawal_closes_the_child_s_sockets_on_every_instance(
    two_instances: Callable[..., Server], database_url: str
) -> None:
    servers = at_once(two_instances, {}, {})
    with httpx.Client(base_url=servers[0].base) as http, ExitStack() as stack:
        mailbox = Mailbox(servers[0].data)
        new = {"email": "kim@example.com", "password": PASSWORD, "full_name": "Kim", "birth_date": born(9)}
        pair = http.post("/v1/auth/register", json=new).json()
        asked = http.post("/v1/users/me/consent", json={"parent_email": PARENT}, headers=_bearer(pair["access_token"]))
        assert asked.status_code == 202, asked.text
        assert http.post("/v1/parents/agree", json={"token": _mailed(mailbox)}).status_code == 204
        pair = http.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}).json()
        asyncio.run(_a_day_passes(database_url))
        token = _mailed(mailbox)
        sockets = [_session(stack, server, pair["access_token"])[0] for server in servers * 2]
        began = time.monotonic()
        assert http.post("/v1/parents/withdraw", json={"token": token}).status_code == 204
        assert [_close_code(socket) for socket in sockets] == [4010] * 4
        took = time.monotonic() - began
        for server in servers:
            assert httpx.get(f"{server.base}/v1/users/me", headers=_bearer(pair["access_token"])).status_code == 401
    print(f"withdrawn: {len(sockets)} sockets on two instances closed after {took * 1000:.0f} ms")


def _lived(learner: Learner) -> list[str]:
    """The learner has had a course written, talked to the tutor, uploaded something, had an export made; ids of it."""
    work = begin(learner, words=20)
    assert learner.wait(work.task)["state"] == "DONE"
    talk = learner.http.post("/v1/tutor/conversations", json={"title": SECRET}).json()["id"]
    uploaded = learner.http.post("/v1/media", data={"purpose": "avatar"}, files={"file": ("a.png", picture("PNG"))})
    assert uploaded.status_code == 201, uploaded.text
    export = learner.http.post("/v1/users/me/export").json()["task_id"]
    assert learner.wait(export)["state"] == "DONE"
    return [work.task, work.course, work.conversation, work.answer, talk, uploaded.json()["id"], export]


def _session(stack: ExitStack, server: Server, token: str) -> tuple[ClientConnection, str]:
    """A socket that is welcomed, and the instance that says so."""
    socket = stack.enter_context(connect(f"{server.websocket}/v1/ws?token={token}"))
    socket.send('{"type":"hello"}')
    welcome: dict[str, Any] = json.loads(socket.recv(timeout=10))
    return socket, welcome["instance"]


def _close_code(socket: ClientConnection) -> int | None:
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    return socket.close_code


async def _killed_in_the_middle(url: str, demo: Learner, names: dict[int, Server]) -> None:
    """The account is closed; whoever erases it is held up in the middle and killed, and another ends it."""
    keeper, observer = await asyncpg.connect(url), await asyncpg.connect(url)
    async with keeper.transaction():
        await keeper.execute("LOCK TABLE conversations IN SHARE MODE")
        closed = await asyncio.to_thread(demo.http.request, "DELETE", "/v1/users/me", json={"password": "demo"})
        assert closed.status_code == 200, closed.text
        await _until(observer, "SELECT step = $1 FROM erasures", MIDDLE)
        owner = await observer.fetchval("SELECT owner FROM leases WHERE kind = 'erasure'")
        assert await asyncio.to_thread(names[owner].end, signal.SIGKILL) == -signal.SIGKILL
    assert await observer.fetchval("SELECT count(*) FROM conversations") > 0
    await _until(observer, "SELECT done_at IS NOT NULL FROM erasures")
    lease = await observer.fetchrow("SELECT takeovers, state FROM leases WHERE kind = 'erasure'")
    assert lease is not None
    assert tuple(lease) == (1, "CLOSED")
    await keeper.close()
    await observer.close()


async def _until(observer: "asyncpg.Connection[asyncpg.Record]", query: str, *arguments: Any) -> None:
    """Wait until the query's one value is true."""
    deadline = time.monotonic() + SECONDS
    while not await observer.fetchval(query, *arguments):
        assert time.monotonic() < deadline, query
        await asyncio.sleep(0.02)


async def _what_is_left(url: str, person: str, traces: list[str]) -> tuple[dict[str, int], list[str]]:
    """By the plan's own conditions, and wherever in the database their ids and words still stand."""
    async with Database.open(url, Announcements(), pool_max=2) as database:
        counted = await left(database, UUID(person))
        rows = [
            f"{table}: {row['text']}"
            for table in all_tables().tables
            for row in await database.fetch(f'SELECT "{table}"::text AS text FROM "{table}"')  # noqa: S608
        ]
    return counted, [row for row in rows if any(trace in row for trace in traces)]


def _broadcast(url: str, traces: list[str]) -> list[str]:
    """The keys and values of Valkey with a trace of them."""
    with redis.Redis.from_url(url) as client:
        held = [key.decode("latin-1") + repr(client.dump(key)) for key in client.scan_iter()]
    return [text for text in held if any(trace in text for trace in traces)]


async def _a_day_passes(url: str) -> None:
    """The confirming mail is due."""
    observer = await asyncpg.connect(url)
    await observer.execute("UPDATE mail_outbox SET due_at = now() WHERE kind = 'consent_confirmed'")
    await observer.close()


def _mailed(mailbox: Mailbox) -> str:
    """The token of the next mail to the parent."""
    return token_in(asyncio.run(mailbox.next(PARENT)))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
