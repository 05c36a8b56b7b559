"""The log over HTTP: nothing lost, nothing twice, by long poll and as Server-Sent Events."""

import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import anyio
import anyio.to_thread
import httpx
import pytest
from pydantic import SecretStr

from api import event_stream
from api.instance import Instance, open_instance
from api.services import Services
from lyo_rt import streams
from lyo_rt.clock import SystemClock
from lyo_rt.settings import Settings
from tests.api.learners import events_of, signed_in, text_of, token_of
from tests.api.sockets import small_socket
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio

SSE = {"Accept": "text/event-stream"}


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def stream(learner: httpx.AsyncClient) -> str:
    """A stream that only the learner may follow, and only the test writes."""
    return await conversation(learner)


async def conversation(learner: httpx.AsyncClient) -> str:
    """The stream of a new conversation."""
    made = await learner.post("/v1/tutor/conversations", json={})
    return f"conversation:{made.json()['id']}"


async def tell(services: Services, stream: str, count: int, text: str = "") -> None:
    async with services.database.transaction() as transaction:
        for number in range(count):
            await streams.append(transaction, stream, "told", {"number": number, "text": text})


async def forget(services: Services, stream: str) -> None:
    async with services.database.transaction() as transaction:
        await streams.delete(transaction, stream)


async def poll(learner: httpx.AsyncClient, stream: str, **arguments: Any) -> dict[str, Any]:
    answer = await learner.get(f"/v1/streams/{stream}", params=arguments)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    page: dict[str, Any] = answer.json()
    assert page.keys() == {"stream", "epoch", "seq", "recovered", "items"}
    assert page["stream"] == stream
    return page


def place(page: dict[str, Any]) -> tuple[int, int, bool, list[int]]:
    return page["epoch"], page["seq"], page["recovered"], [item["seq"] for item in page["items"]]


Told = tuple[str, str, Any]


def events_path(stream: str) -> str:
    """The other address of a conversation's stream."""
    return f"/v1/tutor/conversations/{stream.partition(':')[2]}/events"


@asynccontextmanager
async def following(
    learner: httpx.AsyncClient, path: str, last: str | None = None
) -> AsyncIterator[AsyncIterator[Told]]:
    """The events of an event stream, each within a deadline."""
    headers = {**SSE, **({"Last-Event-ID": last} if last else {})}
    async with learner.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"

        async def each() -> AsyncIterator[Told]:
            events = events_of(response)
            while True:
                with anyio.fail_after(20):
                    try:
                        event = await anext(events)
                    except StopAsyncIteration:
                        return
                yield event

        yield each()


async def until_end(events: AsyncIterator[Told]) -> list[Told]:
    return [event async for event in events]


# -- by long poll


async def test_polls_that_follow_one_another_tell_everything_once(
    learner: httpx.AsyncClient, services: Services, stream: str
) -> None:
    assert place(await poll(learner, stream)) == (1, 0, True, [])
    await tell(services, stream, 7)
    page = await poll(learner, stream, after=0, epoch=1, limit=3)
    assert place(page) == (1, 3, True, [1, 2, 3])
    first = page["items"][0]
    assert first == {
        "type": "event",
        "stream": stream,
        "epoch": 1,
        "seq": 1,
        "event": "told",
        "data": {"number": 0, "text": ""},
    }
    assert place(await poll(learner, stream, after=3, limit=100)) == (1, 7, True, [4, 5, 6, 7])
    assert place(await poll(learner, stream, after=7, epoch=1, wait=0)) == (1, 7, True, [])
    assert place(await poll(learner, stream)) == (1, 7, True, [])
    await tell(services, stream, 600)
    seen, seq = [], 7
    while seq < 607:
        page = await poll(learner, stream, after=seq, epoch=1)
        seq = page["seq"]
        seen += [item["seq"] for item in page["items"]]
    assert seen == list(range(8, 608))


async def test_a_poll_waits_for_the_next_event_and_no_longer(
    learner: httpx.AsyncClient, services: Services, stream: str, instance: Instance
) -> None:
    pages: list[dict[str, Any]] = []

    async def wait() -> None:
        pages.append(await poll(learner, stream, after=0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await joined(instance, 1)
        began = time.monotonic()
        await tell(services, stream, 1)
    assert place(pages[0]) == (1, 1, True, [1])
    assert time.monotonic() - began < 1
    began = time.monotonic()
    assert place(await poll(learner, stream, after=1, wait=1)) == (1, 1, True, [])
    assert 0.9 < time.monotonic() - began < 3
    await joined(instance, 0)


async def joined(instance: Instance, sinks: int) -> None:
    """Until so many follow a stream on this instance."""
    with anyio.fail_after(10):
        while instance.feeds.statistics()["sinks"] != sinks:  # noqa: ASYNC110  (what is waited for is a count)
            await anyio.sleep(0.01)


async def test_a_place_that_cannot_be_told_from_is_not_recovered(
    learner: httpx.AsyncClient, services: Services, stream: str
) -> None:
    await tell(services, stream, 3)
    for arguments in ({"after": 1, "epoch": 2}, {"after": 4, "epoch": 1}, {"after": 4}, {"after": 2**53 - 1}):
        assert place(await poll(learner, stream, **arguments)) == (1, 3, False, []), arguments
    await forget(services, stream)
    assert place(await poll(learner, stream, after=3, epoch=1)) == (2, 0, False, [])
    await tell(services, stream, 2)
    assert place(await poll(learner, stream, after=1, epoch=1)) == (2, 2, False, [])
    assert place(await poll(learner, stream, after=0, epoch=2)) == (2, 2, True, [1, 2])


async def test_a_stream_that_begins_anew_under_a_poll_is_not_recovered(
    learner: httpx.AsyncClient, services: Services, stream: str, instance: Instance
) -> None:
    await tell(services, stream, 3)
    pages: list[dict[str, Any]] = []

    async def wait() -> None:
        pages.append(await poll(learner, stream, after=3, epoch=1))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await joined(instance, 1)
        await forget(services, stream)
        await tell(services, stream, 1)
    assert place(pages[0]) == (2, 1, False, [])


async def test_every_fault_of_a_place_is_told(learner: httpx.AsyncClient, stream: str) -> None:
    for query, pointers in (
        ("after=-1", ["query:after"]),
        ("after=x", ["query:after"]),
        ("after=", ["query:after"]),
        ("after=1.5", ["query:after"]),
        ("after=9007199254740992", ["query:after"]),
        ("after=1&epoch=0", ["query:epoch"]),
        ("after=1&epoch=2147483648", ["query:epoch"]),
        ("epoch=1", ["query:epoch"]),
        ("after=1&wait=31", ["query:wait"]),
        ("after=1&limit=101", ["query:limit"]),
        ("after=x&epoch=y&wait=-1&limit=0", ["query:after", "query:epoch", "query:wait", "query:limit"]),
    ):
        for headers in ({}, SSE):
            answer = await learner.get(f"/v1/streams/{stream}?{query}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_ERROR"), query
            assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers
            assert answer.headers["content-type"] == "application/problem+json"


async def test_what_one_may_not_follow_is_not_found(
    learner: httpx.AsyncClient, client: httpx.AsyncClient, services: Services, address: tuple[str, int], stream: str
) -> None:
    async with await signed_in(services, address, "Stranger") as other:
        strangers = await conversation(other)
        user = services.accounts.identify(token_of(other)).user_id
    for name in (
        strangers,
        f"user:{user}",
        f"task:{uuid4()}",
        f"course:{uuid4()}",
        stream.upper(),
        stream.replace("-", ""),
        stream + "x",
        "user:",
        "user",
        "ops",
        "nothing:" + "0" * 36,
        "%20",
        "u" * 500,
    ):
        for headers in ({}, SSE):
            answer = await learner.get(f"/v1/streams/{name}?after=0", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), name
            assert answer.headers["content-type"] == "application/problem+json"
    for path in (events_path(strangers), "/v1/tutor/conversations/x/events"):
        assert (await learner.get(path, headers=SSE)).status_code == 404
    for path in (f"/v1/streams/{stream}", events_path(stream)):
        for headers in ({}, SSE):
            assert (await client.get(path, headers=headers)).json()["code"] == "NOT_AUTHENTICATED"
    assert (await learner.post(f"/v1/streams/{stream}")).status_code == 405
    assert (await learner.get("/v1/streams")).status_code == 404


# -- as Server-Sent Events


async def test_an_event_stream_goes_on_behind_the_last_event(
    learner: httpx.AsyncClient, services: Services, stream: str, instance: Instance
) -> None:
    path = f"/v1/streams/{stream}"
    await tell(services, stream, 3)
    async with following(learner, path) as events:
        assert await anext(events) == ("1-3", "stream", {"stream": stream, "epoch": 1, "seq": 3, "recovered": True})
        await tell(services, stream, 2)
        id, name, data = await anext(events)
        assert (id, name, data["type"], data["seq"], data["event"]) == ("1-4", "event", "event", 4, "told")
    await joined(instance, 0)
    await tell(services, stream, 1)
    async with following(learner, f"{path}?after=0&epoch=1", "1-4") as events:
        assert (await anext(events))[2] == {"stream": stream, "epoch": 1, "seq": 4, "recovered": True}
        assert [(await anext(events))[0] for _ in range(2)] == ["1-5", "1-6"]
    async with following(learner, f"{path}?after=2") as events:
        assert (await anext(events))[0] == "1-2"
        assert [(await anext(events))[0] for _ in range(4)] == ["1-3", "1-4", "1-5", "1-6"]
    for last in ("2-1", "1-7", "x", "1-", "9" * 30 + "-1"):
        async with following(learner, path, last) as events:
            assert (await anext(events))[2] == {"stream": stream, "epoch": 1, "seq": 6, "recovered": False}, last


async def test_a_beat_shows_that_a_silent_stream_lives(
    learner: httpx.AsyncClient, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "BEAT_SECONDS", 0.05)
    async with learner.stream("GET", f"/v1/streams/{stream}", headers=SSE) as response:
        lines = response.aiter_lines()
        with anyio.fail_after(10):
            assert await anext(lines) == "retry: 1000"
            found = [line async for line in until(lines, ": still here", 3)]
    assert found.count(": still here") == 3


async def until(lines: AsyncIterator[str], wanted: str, times: int) -> AsyncIterator[str]:
    while times:
        line = await anext(lines)
        times -= line == wanted
        yield line


async def test_a_head_request_ends(learner: httpx.AsyncClient, stream: str, instance: Instance) -> None:
    answer = await learner.head(f"/v1/streams/{stream}", headers=SSE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    await joined(instance, 0)


class TestAnswers:
    """A tutor that writes a token every 20 ms."""

    @pytest.fixture
    async def provider(self) -> AsyncIterator[OpenAI]:
        async with OpenAI.running(token_delay=0.02) as running:
            yield running

    @pytest.fixture
    def settings(self, settings: Settings, provider: OpenAI) -> Settings:
        changed = {"openai_api_key": SecretStr("loopback-key"), "openai_base_url": f"{provider.address}/v1"}
        return settings.model_copy(update={"ai_providers": ("openai",), **changed})

    async def test_a_follower_that_comes_back_in_the_middle_gets_all_of_the_answer(
        self, learner: httpx.AsyncClient, stream: str
    ) -> None:
        path = events_path(stream).removesuffix("/events")
        told: list[Told] = []
        async with following(learner, f"{path}/events") as events:
            told.append(await anext(events))
            begun = await learner.post(f"{path}/messages", json={"text": "Why does bread rise?"})
            while sum(name == "delta" for _, name, _ in told) < 3:
                told.append(await anext(events))
        last = [id for id, _, _ in told if id][-1]
        async with following(learner, f"/v1/streams/{stream}", last) as events:
            assert (await anext(events))[2]["recovered"]
            while told[-1][1] != "end":
                told.append(await anext(events))
        stored = (await learner.get(path)).json()["items"][-1]
        assert {"snapshot", "delta"} <= {name for _, name, _ in told}
        assert text_of(((name, data) for _, name, data in told), begun.json()["answer"]) == stored["text"]
        assert told[-1][2]["sha256"] == stored["sha256"] == hashlib.sha256(stored["text"].encode()).hexdigest()
        ids = [id for id, name, _ in told if id and name != "stream"]
        assert ids == [f"1-{seq}" for seq in range(1, len(ids) + 1)]
        page = await poll(learner, stream, after=0)
        assert [item["type"] for item in page["items"]][-1] == "end"
        assert page["items"] == [data for id, name, data in told if id and name != "stream"]


# -- how it ends


async def test_signing_out_ends_what_runs_and_a_poll_says_why(
    learner: httpx.AsyncClient, services: Services, stream: str, address: tuple[str, int], instance: Instance
) -> None:
    ended: dict[str, float] = {}

    async def follow(path: str) -> None:
        async with following(learner, path) as events:
            await until_end(events)
        ended[path] = time.monotonic()

    async def wait() -> None:
        answer = await learner.get(f"/v1/streams/{stream}?after=0")
        assert (answer.status_code, answer.json()["code"]) == (401, "SESSION_REVOKED")
        ended["poll"] = time.monotonic()

    async with await signed_in(services, address, "Other") as other, anyio.create_task_group() as tasks:
        others = await conversation(other)
        async with following(other, f"/v1/streams/{others}") as remains:
            await anext(remains)
            tasks.start_soon(follow, f"/v1/streams/{stream}")
            tasks.start_soon(follow, events_path(stream))
            tasks.start_soon(wait)
            await joined(instance, 4)
            began = time.monotonic()
            assert (await learner.post("/v1/auth/logout")).is_success
            await joined(instance, 1)
            await tell(services, others, 1)
            assert (await anext(remains))[0] == "1-1"
    assert len(ended) == 3
    assert max(ended.values()) - began < 1
    assert (await learner.get(f"/v1/streams/{stream}")).json()["code"] == "SESSION_REVOKED"


async def test_a_sign_out_on_another_instance_ends_it_within_a_second_or_so(
    learner: httpx.AsyncClient, stream: str, database_url: str, settings: Settings
) -> None:
    async with (
        open_instance(settings, SystemClock(), database_url=database_url, redis_url=None) as other,
        following(learner, f"/v1/streams/{stream}") as events,
    ):
        await anext(events)
        began = time.monotonic()
        await other.services.accounts.logout(other.services.accounts.identify(token_of(learner)))
        assert await until_end(events) == []
        # No broadcast between these two: the slow way, a look at the database every second.
        assert time.monotonic() - began < 2


class TestShortTokens:
    """Tokens that last two seconds."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"jwt_access_token_expire_minutes": 2 / 60})

    async def test_the_end_of_the_token_ends_it(self, learner: httpx.AsyncClient, stream: str) -> None:
        async def wait() -> None:
            answer = await learner.get(f"/v1/streams/{stream}?after=0")
            assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_EXPIRED")

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                async with following(learner, f"/v1/streams/{stream}") as events:
                    assert [name for _, name, _ in await until_end(events)] == ["stream"]


async def test_a_drain_answers_early_and_ends_the_streams(
    learner: httpx.AsyncClient, services: Services, stream: str, instance: Instance
) -> None:
    answers: list[httpx.Response] = []

    async def wait() -> None:
        answers.append(await learner.get(f"/v1/streams/{stream}?after=0"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        async with following(learner, f"/v1/streams/{stream}") as events:
            await anext(events)
            await joined(instance, 2)
            began = time.monotonic()
            await instance.drain()
            assert await until_end(events) == []
    assert time.monotonic() - began < 2
    assert place(answers[0].json()) == (1, 0, True, [])
    assert answers[0].headers["connection"] == "close"


# -- slow and killed


async def test_a_reader_that_does_not_read_is_let_go_of_and_misses_nothing(
    learner: httpx.AsyncClient,
    services: Services,
    stream: str,
    instance: Instance,
    address: tuple[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "WRITE_SECONDS", 0.5)
    total, path = 1500, f"/v1/streams/{stream}"
    sleeper = small_socket(address)
    try:
        request = f"GET {path}?after=0 HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nAccept: text/event-stream\r\n"
        sleeper.sendall(f"{request}Authorization: {learner.headers['Authorization']}\r\n\r\n".encode())
        await joined(instance, 1)
        for _ in range(total // 50):
            await tell(services, stream, 50, "x" * 8000)
        await joined(instance, 0)
        sleeper.settimeout(10)
        received = await anyio.to_thread.run_sync(read_all, sleeper)
    finally:
        sleeper.close()
    ids = [line.removeprefix("id: ") for line in received.split("\n") if line.startswith("id: ")]
    assert ids == [f"1-{seq}" for seq in range(len(ids))]
    assert 1 < len(ids) < total
    async with following(learner, path, ids[-1]) as events:
        assert (await anext(events))[2]["recovered"]
        for seq in range(len(ids), total + 1):
            assert (await anext(events))[0] == f"1-{seq}"


def read_all(connection: Any) -> str:
    """What a connection still brings of a chunked answer (RFC 9112 §7.1), to its end."""
    received = b""
    while not received.endswith(b"\r\n0\r\n\r\n"):
        received += connection.recv(65536)
    return received.decode()
