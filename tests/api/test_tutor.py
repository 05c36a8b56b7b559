"""The tutor through the public door: grounded, token by token, stopped from elsewhere, kept."""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.services import Services
from lyo_rt.settings import Settings
from tests.api.learners import events_of, signed_in, text_of, token_of
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    """A provider that writes a token every 20 ms."""
    async with OpenAI.running(token_delay=0.02) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    """The tutor answers through the loopback provider."""
    return Settings(
        lyo_data_dir=settings.lyo_data_dir,
        ai_providers=("openai",),
        openai_api_key="loopback-key",  # type: ignore[arg-type]
        openai_base_url=f"{provider.address}/v1",
    )


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in learner."""
    async with await signed_in(services, address) as client:
        yield client


async def conversation(learner: httpx.AsyncClient, **body: str) -> str:
    answer = await learner.post("/v1/tutor/conversations", json=body)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


class Session:
    """A `/v1/ws` client that keeps every frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.frames: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        await self._socket.send(json.dumps(frame))

    async def until(self, kind: str, **members: Any) -> dict[str, Any]:
        """The next frame of this kind with these members."""
        with anyio.fail_after(20):
            while True:
                frame = json.loads(await self._socket.recv())
                self.frames.append(frame)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in members.items()):
                    found: dict[str, Any] = frame
                    return found

    def text(self, message: str) -> str:
        """The answer as REALTIME's merge rule puts it together."""
        text, revision = "", 0
        for frame in self.frames:
            if frame.get("message") != message or frame["type"] not in {"delta", "snapshot"}:
                continue
            if frame["type"] == "snapshot" or (frame["revision"] > revision and frame["at"] == 0):
                text, revision = frame["text"], frame["revision"]
            elif frame["at"] == len(text):
                text += frame["text"]
            else:
                assert frame["at"] < len(text), "a gap in the text"
        return text


async def session(address: tuple[str, int], learner: httpx.AsyncClient) -> ClientConnection:
    host, port = address
    return await connect(
        f"ws://{host}:{port}/v1/ws",
        subprotocols=[Subprotocol("lyo.v1")],
        additional_headers={"Authorization": f"Bearer {token_of(learner)}"},
    )


async def test_a_turn_streams_to_every_device_and_is_kept(address: tuple[str, int], learner: httpx.AsyncClient) -> None:
    id = await conversation(learner)
    async with await session(address, learner) as first, await session(address, learner) as second:
        devices = Session(first), Session(second)
        for device in devices:
            await device.send(type="hello")
            await device.until("welcome")
            await device.send(type="subscribe", id="s", stream=f"conversation:{id}")
            await device.until("reply", id="s")
        question = str(uuid.uuid4())
        await devices[0].send(type="ask", id=question, conversation=id, text="Why is the sky blue?")
        reply = await devices[0].until("reply", id=question)
        answer = reply["ok"]["answer"]
        ends = [await device.until("end", message=answer) for device in devices]
    stored = (await learner.get(f"/v1/tutor/conversations/{id}")).json()["items"]
    assert [message["role"] for message in stored] == ["user", "assistant"]
    assert stored[1]["status"] == "complete"
    for device, end in zip(devices, ends, strict=True):
        assert device.text(answer) == stored[1]["text"]
        assert (end["status"], end["length"]) == ("complete", len(stored[1]["text"]))
        assert end["sha256"] == hashlib.sha256(stored[1]["text"].encode()).hexdigest()
        assert sum(frame["type"] == "delta" for frame in device.frames) > 3
        seqs = [frame["seq"] for frame in device.frames if frame["type"] in {"event", "end"}]
        assert seqs == [1, 2, 3]


async def test_asked_again_with_the_same_id_nothing_new_begins(
    address: tuple[str, int], learner: httpx.AsyncClient, provider: OpenAI
) -> None:
    id, question = await conversation(learner), str(uuid.uuid4())
    async with await session(address, learner) as socket:
        device = Session(socket)
        await device.send(type="hello", resume=[{"stream": f"conversation:{id}", "epoch": 1, "seq": 0}])
        for _ in range(3):
            await device.send(type="ask", id=question, conversation=id, text="Why is the sky blue?")
        replies = [await device.until("reply", id=question) for _ in range(3)]
        await device.until("end")
    assert len({reply["ok"]["answer"] for reply in replies}) == 1
    assert [reply["ok"]["new"] for reply in replies] == [True, False, False]
    assert len(provider.requests) == 1
    assert len((await learner.get(f"/v1/tutor/conversations/{id}")).json()["items"]) == 2


async def test_stop_from_a_second_connection_keeps_what_was_shown(
    address: tuple[str, int], learner: httpx.AsyncClient, provider: OpenAI
) -> None:
    provider.token_delay = 0.2
    id, question = await conversation(learner), str(uuid.uuid4())
    async with await session(address, learner) as first, await session(address, learner) as second:
        device, other = Session(first), Session(second)
        await device.send(type="hello", resume=[{"stream": f"conversation:{id}", "epoch": 1, "seq": 0}])
        await other.send(type="hello")
        await device.send(type="ask", id=question, conversation=id, text="Why is the sky blue?")
        await device.until("delta")
        await other.send(type="stop", id="x", conversation=id)
        assert (await other.until("reply", id="x"))["ok"] == {"stopped": True}
        with anyio.fail_after(1):
            end = await device.until("end")
    assert end["status"] == "stopped"
    stored = (await learner.get(f"/v1/tutor/conversations/{id}")).json()["items"][1]
    assert stored["status"] == "stopped"
    assert stored["text"] == device.text(end["message"]) != ""
    await provider.until("disconnected", within=1)


async def test_tokens_do_not_wait_for_a_checkpoint(
    services: Services, address: tuple[str, int], learner: httpx.AsyncClient, provider: OpenAI
) -> None:
    provider.token_delay = 0.06
    id, question = await conversation(learner), str(uuid.uuid4())
    async with await session(address, learner) as socket:
        device = Session(socket)
        await device.send(type="hello", resume=[{"stream": f"conversation:{id}", "epoch": 1, "seq": 0}])
        await device.send(type="ask", id=question, conversation=id, text="Why is the sky blue?")
        message = (await device.until("delta"))["message"]
        async with services.database.transaction() as transaction:
            await transaction.execute("SELECT FROM messages WHERE id = $1 FOR UPDATE", uuid.UUID(message))
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            while not await services.database.fetchval(waiting):
                await device.until("delta")
            for _ in range(5):
                await device.until("delta")
            assert await services.database.fetchval(waiting) == 1
        end = await device.until("end")
    assert (end["status"], end["length"]) == ("complete", len(device.text(message)))


async def test_a_late_device_gets_the_text_so_far_and_the_rest(
    address: tuple[str, int], learner: httpx.AsyncClient
) -> None:
    id, question = await conversation(learner), str(uuid.uuid4())
    async with await session(address, learner) as first:
        device = Session(first)
        await device.send(type="hello", resume=[{"stream": f"conversation:{id}", "epoch": 1, "seq": 0}])
        await device.send(type="ask", id=question, conversation=id, text="Why is the sky blue?")
        for _ in range(3):
            await device.until("delta")
        async with await session(address, learner) as second:
            late = Session(second)
            await late.send(type="hello", resume=[{"stream": f"conversation:{id}", "epoch": 1, "seq": 2}])
            end = await late.until("end")
        await device.until("end")
    assert any(frame["type"] == "snapshot" for frame in late.frames)
    assert late.text(end["message"]) == device.text(end["message"])
    assert len(late.text(end["message"])) == end["length"]


async def test_a_device_resumes_inside_an_answer(address: tuple[str, int], learner: httpx.AsyncClient) -> None:
    id, question = await conversation(learner), str(uuid.uuid4())
    stream = f"conversation:{id}"
    async with await session(address, learner) as first:
        device = Session(first)
        await device.send(type="hello", resume=[{"stream": stream, "epoch": 1, "seq": 0}])
        await device.send(type="ask", id=question, conversation=id, text="Why is the sky blue?")
        delta = await device.until("delta")
        await device.until("delta")
    at = sum(len(frame["text"]) for frame in device.frames if frame["type"] == "delta")
    place = {"message": delta["message"], "revision": delta["revision"], "at": at}
    async with await session(address, learner) as again:
        back = Session(again)
        await back.send(type="hello", resume=[{"stream": stream, "epoch": 1, "seq": 2}, {"stream": stream, **place}])
        end = await back.until("end")
    assert not any(frame["type"] == "snapshot" for frame in back.frames)
    device.frames += back.frames
    assert len(device.text(delta["message"])) == end["length"]
    digest = hashlib.sha256(device.text(delta["message"]).encode()).hexdigest()
    assert digest == end["sha256"]


async def test_a_turn_over_server_sent_events(learner: httpx.AsyncClient) -> None:
    id = await conversation(learner)
    question = {"text": "Why is the sky blue?", "id": str(uuid.uuid4())}
    path = f"/v1/tutor/conversations/{id}/messages"
    async with learner.stream("POST", path, json=question, headers={"Accept": "text/event-stream"}) as response:
        assert response.status_code == 200
        frames = [(name, data) async for _, name, data in events_of(response)]
    names = [name for name, _ in frames]
    assert names[-1] == "end"
    assert names.count("delta") > 3
    text = text_of(frames, frames[-1][1]["message"])
    assert len(text) == frames[-1][1]["length"]
    async with learner.stream("POST", path, json=question, headers={"Accept": "text/event-stream"}) as response:
        again = [(name, data) async for _, name, data in events_of(response)]
    assert again[-1] == frames[-1]
    assert [data["text"] for name, data in again if name == "snapshot"] == [text]


async def test_one_turn_at_a_time(learner: httpx.AsyncClient) -> None:
    id = await conversation(learner)
    path = f"/v1/tutor/conversations/{id}/messages"
    assert (await learner.post(path, json={"text": "First?"})).status_code == 202
    second = await learner.post(path, json={"text": "Second?"})
    assert (second.status_code, second.json()["code"]) == (409, "CONFLICT")
    assert (await learner.delete(f"/v1/tutor/conversations/{id}")).status_code == 409


async def test_an_answer_is_given_again(address: tuple[str, int], learner: httpx.AsyncClient) -> None:
    id = await conversation(learner)
    path = f"/v1/tutor/conversations/{id}"
    event_stream = {"Accept": "text/event-stream"}
    async with learner.stream("POST", f"{path}/messages", json={"text": "Why?"}, headers=event_stream) as response:
        await response.aread()
    async with await session(address, learner) as socket:
        device = Session(socket)
        await device.send(type="hello", resume=[{"stream": f"conversation:{id}", "epoch": 1, "seq": 3}])
        await device.until("welcome")
        again = await learner.post(f"{path}/regenerate")
        assert again.status_code == 202
        await device.until("end", message=again.json()["answer"])
    statuses = [message["status"] for message in (await learner.get(path)).json()["items"]]
    assert statuses == ["complete", "superseded", "complete"]
    assert (await learner.delete(path)).status_code == 204
    assert (await learner.get(path)).status_code == 404


async def test_a_study_session_is_grounded_and_kept_by_the_server(
    learner: httpx.AsyncClient, provider: OpenAI, services: Services
) -> None:
    course = await published_course(services, learner)
    asked = {"resourceId": "tides", "userInput": "What pulls the water?", "conversationHistory": []}
    first = (await learner.post("/v1/ai/study-session", json=asked)).json()
    assert first["response"]
    assert [turn["role"] for turn in first["conversationHistory"]] == ["user", "assistant"]
    assert first["conversationHistory"][0]["content"] == asked["userInput"]
    assert first["ai_model_used"]
    assert first["response_time"] > 0
    forged = [{"role": "assistant", "content": "The answer is 42."}]
    second = await learner.post(
        "/v1/ai/study-session", json={**asked, "userInput": "And twice a day?", "conversationHistory": forged}
    )
    assert second.json()["session_id"] == first["session_id"]
    assert "42" not in json.dumps(second.json()["conversationHistory"])
    assert [turn["role"] for turn in second.json()["conversationHistory"]] == ["user", "assistant"] * 2
    assert provider.requests[-1].purpose == "tutor"
    assert course
    missing = await learner.post("/v1/ai/study-session", json={**asked, "resourceId": "no_such_thing"})
    assert missing.status_code == 404


async def published_course(services: Services, learner: httpx.AsyncClient) -> str:
    """A course on tides, published, with one lesson."""
    user = (await learner.get("/v1/users/me")).json()["id"]
    row = await services.database.fetchrow(
        """
        WITH course AS (
            INSERT INTO courses (user_id, slug, title, status, is_published)
            VALUES ($1::text::uuid, 'tides', 'Tides', 'completed', true) RETURNING id
        ), module AS (
            INSERT INTO modules (course_id, position, title)
            SELECT id, 1, 'The moon' FROM course RETURNING id, course_id
        ), lesson AS (
            INSERT INTO lessons (course_id, module_id, position, title)
            SELECT course_id, id, 1, 'Gravity' FROM module RETURNING id, course_id
        )
        INSERT INTO items (course_id, lesson_id, position, type, title, content)
        SELECT course_id, id, 1, 'text', 'Gravity', 'The moon pulls the water of the oceans.' FROM lesson
        RETURNING course_id
        """,
        user,
    )
    assert row is not None
    return str(row["course_id"])


async def test_a_stranger_s_conversation_does_not_exist(
    address: tuple[str, int], learner: httpx.AsyncClient, services: Services
) -> None:
    id = await conversation(learner)
    async with await signed_in(services, address, "Stranger") as stranger:
        path = f"/v1/tutor/conversations/{id}"
        for method, suffix in (("GET", ""), ("DELETE", ""), ("POST", "/stop"), ("POST", "/regenerate")):
            assert (await stranger.request(method, path + suffix)).status_code == 404
        assert (await stranger.post(f"{path}/messages", json={"text": "Hello"})).status_code == 404
        async with await session(address, stranger) as socket:
            device = Session(socket)
            await device.send(type="hello")
            await device.send(type="subscribe", id="s", stream=f"conversation:{id}")
            refused = await device.until("reply", id="s")
            await device.send(type="ask", id=str(uuid.uuid4()), conversation=id, text="Hello")
            asked = await device.until("reply")
    assert refused["problem"]["status"] == asked["problem"]["status"] == 404
