"""`/v1/ws` through the public door: who may enter, what is refused, and which code says goodbye."""

import json
import socket
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import anyio.to_thread
import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from api.asgi import Application
from api.instance import Instance
from api.realtime.application import Realtime
from api.realtime.pace import FRAMES_PER_MINUTE
from api.realtime.socket import Patience
from api.services import Services
from lyo_rt import streams
from lyo_rt.clock import SystemClock
from lyo_rt.courses import repository as courses
from lyo_rt.database.changes import Changes
from lyo_rt.settings import Settings
from tests.api.learners import signed_in, token_of
from tests.api.sockets import Device, device, greeted, handshake, small_socket, text_frame

pytestmark = pytest.mark.anyio


class ShiftedClock(SystemClock):
    """The machine's time, and how much later it is said to be."""

    shift = timedelta(0)

    def now(self) -> datetime:
        """See Clock."""
        return super().now() + self.shift


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def patience() -> Patience:
    """How long clients may take in this test."""
    return Patience()


@pytest.fixture
def realtime(instance: Instance, patience: Patience) -> Application:
    """The doors, with the patience of the test."""
    instance.realtime = Realtime(instance.services, instance.feeds, instance.sessions, patience)
    return instance.realtime


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
def token(learner: httpx.AsyncClient) -> str:
    return token_of(learner)


@pytest.fixture
async def own_stream(services: Services, token: str) -> str:
    """A stream that only the learner may follow, and only the test writes: that of a course of theirs."""
    course, learner = uuid4(), services.accounts.identify(token).user_id
    async with services.database.transaction() as transaction:
        changes = Changes()
        courses.add_course(changes, course, learner, title="Maths", difficulty="beginner", locale="en")
        await transaction.carry_out(changes)
    return f"course:{course}"


async def tell(services: Services, stream: str, count: int, text: str = "") -> None:
    async with services.database.transaction() as transaction:
        for number in range(count):
            await streams.append(transaction, stream, "told", {"number": number, "text": text})


async def until(condition: Any, seconds: float = 10) -> None:
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for is a count)
            await anyio.sleep(0.01)


async def refused(address: tuple[str, int], **options: Any) -> tuple[int, dict[str, Any], httpx.Headers]:
    """Status, problem and headers of a handshake that must be refused."""
    with pytest.raises(InvalidStatus) as refusal:
        async with device(address, **options):
            pass
    response = refusal.value.response
    assert response.headers["content-type"] == "application/problem+json"
    body = json.loads(response.body)
    assert body["status"] == response.status_code
    assert body["type"].startswith("https://api.lyo.app/problems/")
    assert body["request_id"] == response.headers["x-request-id"]
    return response.status_code, body, httpx.Headers(list(response.headers.raw_items()))


# -- the handshake


@pytest.mark.parametrize("path", ["/v1/ws", "/v1/ws?x=1", "/api/v1/ws", "/v1/ws/"])
async def test_a_token_in_the_header_opens_the_session(address: tuple[str, int], token: str, path: str) -> None:
    async with device(address, token, path=path) as phone:
        await phone.send("hello")
        assert (await phone.read())["type"] == "welcome"


async def test_a_token_may_be_in_the_address_or_in_hello(address: tuple[str, int], token: str) -> None:
    async with device(address, path=f"/v1/ws?token={token}") as phone:
        await phone.send("hello")
        assert (await phone.read())["type"] == "welcome"
    async with device(address) as phone:
        await phone.send("hello", token=token)
        assert (await phone.read())["type"] == "welcome"


@pytest.mark.parametrize("forged", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "🦊"])
async def test_a_bad_token_is_refused_before_the_upgrade(address: tuple[str, int], forged: str) -> None:
    for options in ({"path": str(httpx.URL("/v1/ws", params={"token": forged}))}, {"token": "x.y.z"}):
        status, body, headers = await refused(address, **options)
        assert (status, body["code"]) == (401, "NOT_AUTHENTICATED")
        assert headers["www-authenticate"].startswith("Bearer")


async def test_an_expired_token_is_refused_as_such(address: tuple[str, int], token: str, clock: ShiftedClock) -> None:
    clock.shift = timedelta(minutes=31)
    status, body, _ = await refused(address, token=token)
    assert (status, body["code"]) == (401, "TOKEN_EXPIRED")


async def test_a_signed_out_token_is_refused_as_such(
    address: tuple[str, int], learner: httpx.AsyncClient, token: str
) -> None:
    assert (await learner.post("/v1/auth/logout")).is_success
    status, body, _ = await refused(address, token=token)
    assert (status, body["code"]) == (401, "SESSION_REVOKED")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "evil"])
async def test_a_foreign_page_may_not_open_a_socket(address: tuple[str, int], token: str, origin: str) -> None:
    status, body, _ = await refused(address, token=token, origin=origin)
    assert (status, body["code"]) == (403, "FORBIDDEN")


async def test_the_servers_own_pages_may(address: tuple[str, int], token: str) -> None:
    host, port = address
    async with greeted(address, token, origin=f"http://{host}:{port}"):
        pass


async def test_an_unknown_path_is_not_found(address: tuple[str, int], token: str) -> None:
    for path in ("/v1/wss", "/", "/v1/ws/tasks", "/v1/tasks"):
        status, body, _ = await refused(address, token=token, path=path)
        assert (status, body["instance"]) == (404, path)


async def test_a_draining_instance_takes_nobody(address: tuple[str, int], token: str, instance: Instance) -> None:
    instance.draining = True
    status, body, _ = await refused(address, token=token)
    assert (status, body["code"]) == (503, "DRAINING")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["lyo.v1"], "lyo.v1"), (["lyo.v9", "lyo.v1"], "lyo.v1"), (["lyo.v9"], None), (None, None)],
)
async def test_the_subprotocol_is_chosen_from_those_offered(
    address: tuple[str, int], token: str, offered: list[str] | None, chosen: str | None
) -> None:
    subprotocols = [Subprotocol(name) for name in offered] if offered else None
    async with greeted(address, token, subprotocols=subprotocols) as phone:
        assert phone.connection.subprotocol == chosen


async def test_compression_is_not_negotiated_when_offered(address: tuple[str, int], token: str) -> None:
    async with greeted(address, token, compression="deflate") as phone:
        assert phone.connection.response is not None
        assert "sec-websocket-extensions" not in phone.connection.response.headers
        assert phone.connection.protocol.extensions == []


# -- who speaks, and when


@pytest.mark.parametrize("patience", [Patience(hello=0.2)])
async def test_without_hello_in_time_the_socket_is_closed(
    address: tuple[str, int], token: str, patience: Patience
) -> None:
    async with device(address, token) as phone:
        assert (await phone.closed())[0] == 4001


@pytest.mark.parametrize("patience", [Patience(silence=1.0)])
async def test_a_silent_client_is_told_to_come_back(address: tuple[str, int], token: str, patience: Patience) -> None:
    async with greeted(address, token) as phone:
        for _ in range(3):
            await anyio.sleep(0.4)
            await phone.send("ping")
            assert (await phone.read())["type"] == "pong"
        began = time.monotonic()
        assert (await phone.closed())[0] == 4208
        assert 0.8 < time.monotonic() - began < 5


async def test_hello_must_be_first_and_carry_a_token_if_the_handshake_did_not(
    address: tuple[str, int], token: str
) -> None:
    async with device(address, token) as phone:
        await phone.send("ping")
        assert (await phone.closed())[0] == 4000
    async with device(address) as phone:
        await phone.send("hello")
        assert (await phone.closed())[0] == 4001
    async with device(address) as phone:
        await phone.connection.send("rubbish")
        assert (await phone.closed())[0] == 4000


async def test_a_newer_socket_of_a_device_takes_over(address: tuple[str, int], token: str) -> None:
    async with device(address, token) as old, device(address, token) as new, device(address, token) as tablet:
        for one, name in ((old, "phone"), (tablet, "tablet"), (new, "phone")):
            await one.send("hello", device=name)
            assert (await one.read())["type"] == "welcome"
        assert (await old.closed())[0] == 4009
        for one in (new, tablet):
            await one.send("ping")
            assert (await one.read())["type"] == "pong"


async def test_a_place_that_cannot_be_says_resume(address: tuple[str, int], token: str, own_stream: str) -> None:
    async with greeted(address, token) as phone:
        await phone.ask("subscribe", stream=own_stream)
        await phone.send("ping", positions={own_stream: 9})
        assert (await phone.closed())[0] == 4212


async def test_signing_out_closes_the_sessions_sockets_at_once(
    address: tuple[str, int], learner: httpx.AsyncClient, token: str, services: Services
) -> None:
    async with (
        await signed_in(services, address) as other,
        greeted(address, token) as phone,
        greeted(address, token_of(other)) as others,
    ):
        assert (await learner.post("/v1/auth/logout")).is_success
        began = time.monotonic()
        assert (await phone.closed())[0] == 4010
        assert time.monotonic() - began < 1
        await others.send("ping")
        assert (await others.read())["type"] == "pong"


class TestShortTokens:
    """Tokens that last two seconds."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"jwt_access_token_expire_minutes": 2 / 60})

    async def test_the_end_of_the_token_is_announced_and_closes_the_socket(
        self, address: tuple[str, int], token: str
    ) -> None:
        async with greeted(address, token) as phone:
            assert (await phone.closed())[0] == 4301
            assert [frame["type"] for frame in phone.frames] == ["welcome", "auth_expiring"]
            assert phone.frames[1]["in"] <= 2


# -- frames that are none


async def test_what_cannot_be_understood_is_answered_and_costs_nothing_else(
    address: tuple[str, int], token: str, services: Services, own_stream: str
) -> None:
    async with greeted(address, token) as phone:
        await phone.ask("subscribe", stream=own_stream)
        for text, id in (
            ("rubbish", None),
            ('{"type":"teleport","id":"7"}', "7"),
            ('{"type":"subscribe","id":"8"}', "8"),
            ('{"type":"generate","id":"9","payload":{"a":' + "[" * 30_000, None),
            ('{"type":"generate","id":"9","payload":{"topic":"a\\u0000"}}', "9"),
            (json.dumps({"type": "ask", "id": "no uuid"}), "no uuid"),
        ):
            await phone.connection.send(text)
            reply = await phone.read()
            assert (reply["type"], reply["id"], reply["problem"]["code"]) == ("reply", id, "BAD_FRAME")
        await phone.connection.send(b'{"type":"ping"}')
        assert (await phone.read())["type"] == "pong"
        await tell(services, own_stream, 1)
        assert (await phone.read())["seq"] == 1


async def test_a_strangers_stream_is_not_found_and_a_misspelt_one_too(
    address: tuple[str, int], token: str, own_stream: str, services: Services
) -> None:
    kind, _, id = own_stream.partition(":")
    async with greeted(address, token) as phone, await signed_in(services, address) as other:
        strangers = f"user:{services.accounts.identify(token_of(other)).user_id}"
        for stream in (strangers, f"task:{uuid4()}", f"conversation:{uuid4()}", "ops", f"{kind}:{_spelt(id)}"):
            reply = await phone.ask("subscribe", stream=stream)
            assert (reply["problem"]["status"], reply["problem"]["code"]) == (404, "NOT_FOUND")


def _spelt(id: str) -> str:
    """The same UUID to a lenient parser, under another name."""
    return id.replace("-", "")[:4] + "-" * 4 + id.replace("-", "")[4:]


async def test_a_fault_of_one_command_is_an_internal_fault_of_that_command(
    address: tuple[str, int], token: str, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> bool:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(services.workshop, "stop", fail)
    async with greeted(address, token) as phone:
        reply = await phone.ask("stop", conversation=str(uuid4()))
        assert (reply["problem"]["status"], reply["problem"]["code"]) == (500, "INTERNAL_ERROR")
        assert "secret" not in json.dumps(reply)
        await phone.send("ping")
        assert (await phone.read())["type"] == "pong"


async def test_a_fault_of_the_session_itself_says_resume(
    address: tuple[str, int], token: str, own_stream: str, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    async with greeted(address, token) as phone, greeted(address, token) as other:
        monkeypatch.setattr(instance.feeds, "join", fail)
        await phone.send("subscribe", id="1", stream=own_stream)
        code, reason = await phone.closed()
        assert code == 4211
        assert "secret" not in reason
        await other.send("ping")
        assert (await other.read())["type"] == "pong"


# -- too much, too fast, too slow


async def test_a_frame_of_more_than_64_kib_is_refused(address: tuple[str, int], token: str) -> None:
    async with greeted(address, token) as phone:
        await phone.send("generate", id="1", payload={"topic": "x" * 60_000})
        assert (await phone.read())["problem"]["status"] == 422
        await phone.send("generate", id="1", payload={"topic": "x" * 66_000})
        assert (await phone.closed())[0] == 1009


async def test_more_frames_than_the_minute_allows_are_rate_limited(address: tuple[str, int], token: str) -> None:
    async with greeted(address, token) as phone:
        for _ in range(FRAMES_PER_MINUTE):
            await phone.send("ping")
        assert (await phone.closed())[0] == 4129
        assert [frame["type"] for frame in phone.frames].count("pong") == FRAMES_PER_MINUTE - 1


def resident() -> int:
    """Bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def flood(address: tuple[str, int], token: str, frame: bytes, total: int) -> int:
    """Push `total` bytes of frames without reading anything; how many were taken before the server hung up."""
    pushed = 0
    with socket.create_connection(address, timeout=10) as raw:
        raw.sendall(handshake(address, token))
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        raw.sendall(text_frame(b'{"type":"hello"}'))
        try:
            while pushed < total:
                raw.sendall(frame)
                pushed += len(frame)
        except (ConnectionError, TimeoutError):
            pass
    return pushed


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads its memory from Linux's /proc")
@pytest.mark.parametrize(
    "frame",
    [text_frame(b'{"type":"ping","x":"' + b"x" * 60_000 + b'"}'), text_frame(b"x") * 10_000],
    ids=["large frames", "small frames"],
)
async def test_a_flood_is_cut_off_in_bounded_memory_and_hurts_nobody(
    address: tuple[str, int], token: str, frame: bytes, instance: Instance
) -> None:
    async with greeted(address, token) as phone:
        before, most = resident(), 0
        async with anyio.create_task_group() as tasks:

            async def measure() -> None:
                nonlocal most
                while True:
                    most = max(most, resident())
                    await anyio.sleep(0.02)

            tasks.start_soon(measure)
            began = time.monotonic()
            await anyio.to_thread.run_sync(flood, address, token, frame, 100_000_000)
            await until(lambda: instance.sessions.statistics()["sockets"] == 1)
            assert time.monotonic() - began < 15
            await phone.send("ping")
            assert (await phone.read())["type"] == "pong"
            tasks.cancel_scope.cancel()
        assert most - before < 24 * 1024 * 1024


@pytest.mark.parametrize("patience", [Patience(write=0.5)])
async def test_a_client_that_does_not_read_is_closed_in_time_and_slows_nobody(
    address: tuple[str, int], token: str, services: Services, instance: Instance, own_stream: str, patience: Patience
) -> None:
    total = 2000
    async with (
        greeted(address, token, sock=small_socket(address), max_queue=1) as sleeper,
        greeted(address, token) as reader,
    ):
        for phone in (sleeper, reader):
            assert "ok" in await phone.ask("subscribe", stream=own_stream)
        most = 0

        async def read() -> None:
            while reader.frames[-1].get("seq") != total:
                await reader.read()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            for _ in range(total // 50):
                await tell(services, own_stream, 50, "x" * 8000)
                most = max(most, instance.sessions.statistics()["queued_bytes"])
        assert [frame["seq"] for frame in reader.frames if frame["type"] == "event"] == list(range(1, total + 1))
        assert most < 3 * 1024 * 1024
        await until(lambda: instance.sessions.statistics()["sockets"] == 1, 3)
        code, _ = await sleeper.closed()
        assert code == 4208
        seen = [frame["seq"] for frame in sleeper.frames if frame["type"] == "event"]
        assert seen == list(range(1, len(seen) + 1))
        assert 0 < len(seen) < total
    async with greeted(address, token, resume=[{"stream": own_stream, "epoch": 1, "seq": len(seen)}]) as again:
        for seq in range(len(seen) + 1, total + 1):
            assert (await again.read())["seq"] == seq


async def test_a_client_that_reads_slowly_misses_nothing(
    address: tuple[str, int], token: str, services: Services, instance: Instance, own_stream: str
) -> None:
    total = 1500
    async with greeted(address, token, sock=small_socket(address), max_queue=1) as phone:
        await phone.ask("subscribe", stream=own_stream)
        for _ in range(total // 50):
            await tell(services, own_stream, 50, "x" * 8000)
        await until(lambda: instance.sessions.statistics()["dropped"] > 0)
        for seq in range(1, total + 1):
            assert (await phone.read())["seq"] == seq


# -- streams over the wire


async def test_a_generation_is_begun_once_by_either_way_and_followed_to_its_end(
    address: tuple[str, int], learner: httpx.AsyncClient, token: str
) -> None:
    payload = {"topic": "How bread rises", "level": "beginner"}
    async with greeted(address, token) as phone:
        reply = await phone.ask("generate", id="course-1", payload=payload)
        accepted = reply["ok"]
        assert (await phone.ask("generate", id="course-1", payload=payload))["ok"] == accepted
        reused = await phone.ask("generate", id="course-1", payload={"topic": "Another"})
        assert reused["problem"]["code"] == "IDEMPOTENCY_KEY_REUSED"
        rest = await learner.post("/v1/courses:generate", json=payload, headers={"Idempotency-Key": "course-1"})
        assert (rest.status_code, rest.json()) == (202, accepted)
        assert rest.headers["location"] == f"/v1/tasks/{accepted['task_id']}"
        assert rest.headers["content-type"] == "application/json"

        stream = f"task:{accepted['task_id']}"
        assert (await phone.ask("subscribe", stream=stream, after={"epoch": 1, "seq": 0}))["ok"]["recovered"]
        last = await phone.until("event", stream=stream)
        while last["data"]["state"] not in {"DONE", "ERROR"}:
            last = await phone.until("event", stream=stream)
        assert last["data"] == {
            "state": "DONE",
            "progressPct": 100,
            "message": "The course is ready",
            "resultId": accepted["provisional_course_id"],
        }
        events = [frame for frame in phone.frames if frame["type"] == "event"]
        assert [frame["seq"] for frame in events] == list(range(1, len(events) + 1))
        progress = [frame["data"]["progressPct"] for frame in events]
        assert progress == sorted(progress)

    async with device(address, token) as again:
        await again.send("hello", resume=[{"stream": stream, "epoch": 1, "seq": 2}])
        welcome = await again.read()
        assert welcome["streams"] == [{"stream": stream, "epoch": 1, "seq": 2, "recovered": True}]
        for event in events[2:]:
            assert await again.read() == event


async def test_two_devices_of_a_learner_see_the_same_answer(
    address: tuple[str, int], learner: httpx.AsyncClient, token: str
) -> None:
    made = await learner.post("/v1/tutor/conversations", json={})
    conversation = made.json()["id"]
    stream = f"conversation:{conversation}"
    async with greeted(address, token) as phone, greeted(address, token) as tablet:
        for one in (phone, tablet):
            await one.ask("subscribe", stream=stream)
        id = str(uuid4())
        begun = await phone.ask("ask", id=id, conversation=conversation, text="Why does bread rise?")
        again = await tablet.ask("ask", id=id, conversation=conversation, text=" Why does bread rise?\n")
        assert begun["ok"]["new"] is True
        assert again["ok"] == {**begun["ok"], "new": False, "status": again["ok"]["status"]}
        answer = begun["ok"]["answer"]
        ends = [await one.end(answer) for one in (phone, tablet)]
        assert ends[0] == ends[1]
        stored = (await learner.get(f"/v1/tutor/conversations/{conversation}")).json()["items"][-1]
        assert (stored["sha256"], stored["status"]) == (ends[0]["sha256"], "complete")
        assert [text(one, answer) for one in (phone, tablet)] == [stored["text"]] * 2

        renewed = await phone.ask("regenerate", conversation=conversation)
        assert renewed["ok"]["answer"] != answer
        await tablet.until("event", event="superseded")
        for one in (phone, tablet):  # who leaves with much unread is waited for
            await one.until("end", message=renewed["ok"]["answer"])


def text(device: Device, message: str) -> str:
    """An answer as the protocol's merge rule puts it together."""
    revision, whole = 0, ""
    for frame in device.frames:
        if frame.get("message") != message:
            continue
        if frame["type"] == "snapshot" or (frame["type"] == "delta" and frame["revision"] > revision):
            revision, whole = frame["revision"], frame["text"]
        elif frame["type"] == "delta" and frame["revision"] == revision:
            assert frame["at"] == len(whole)
            whole += frame["text"]
    return whole


# -- the end


async def test_a_drain_tells_every_session_to_come_back_and_then_closes_it(
    address: tuple[str, int], token: str, instance: Instance
) -> None:
    async with greeted(address, token) as phone, greeted(address, token) as tablet:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(instance.drain)
            ends = [await one.closed() for one in (phone, tablet)]
        assert [code for code, _ in ends] == [1012, 1012]
        waits = []
        for one in (phone, tablet):
            assert one.frames[-1]["type"] == "reconnect"
            assert one.frames[-1]["reason"] == "drain"
            waits.append(one.frames[-1]["after_ms"])
        assert len(set(waits)) == 2


async def test_a_drain_waits_for_nobody_who_does_not_read(
    address: tuple[str, int], token: str, instance: Instance, services: Services, own_stream: str
) -> None:
    async with greeted(address, token, sock=small_socket(address), max_queue=1) as sleeper:
        await sleeper.ask("subscribe", stream=own_stream)
        for _ in range(20):
            await tell(services, own_stream, 50, "x" * 8000)
        await until(lambda: instance.sessions.statistics()["queued_bytes"] > 500_000)
        began = time.monotonic()
        await instance.drain()
        assert time.monotonic() - began < 2
        assert (await sleeper.closed())[0] == 1012
