"""JSON and MessagePack say the same, on every path to the socket."""

import hashlib
from typing import Any
from uuid import uuid4

import anyio
import httpx
import msgspec
import pytest
from hypercorn.protocol import h11, ws_stream
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.asgi import Application
from api.instance import Instance
from api.realtime.application import Realtime
from api.services import Services
from lyo_rt.frames import Codec
from tests.api.learners import signed_in, token_of

pytestmark = pytest.mark.anyio


class Speaker:
    """A client of `/v1/ws` in one codec."""

    def __init__(self, connection: ClientConnection, codec: Codec) -> None:
        self.connection = connection
        self.codec = codec

    async def send(self, **frame: Any) -> None:
        if self.codec is Codec.MSGPACK:
            await self.connection.send(msgspec.msgpack.encode(frame))
        else:
            await self.connection.send(msgspec.json.encode(frame).decode())

    async def read(self) -> dict[str, Any]:
        with anyio.fail_after(20):
            data = await self.connection.recv()
        assert isinstance(data, bytes) == (self.codec is Codec.MSGPACK)
        found: dict[str, Any] = msgspec.msgpack.decode(data) if isinstance(data, bytes) else msgspec.json.decode(data)
        return found

    async def until(self, type: str) -> list[dict[str, Any]]:
        """What comes, up to a frame of this type."""
        frames = [await self.read()]
        while frames[-1]["type"] != type:
            frames.append(await self.read())
        return frames


@pytest.fixture(params=["direct", "by messages"])
def realtime(request: pytest.FixtureRequest, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The doors, on either path."""
    instance.realtime = Realtime(instance.services, instance.feeds, instance.sessions)
    if request.param == "by messages":
        monkeypatch.setattr(h11, "WSStream", ws_stream.WSStream)
    return instance.realtime


@pytest.mark.parametrize("codec", list(Codec))
async def test_a_whole_conversation_in_either_codec(address: tuple[str, int], services: Services, codec: Codec) -> None:
    host, port = address
    async with await signed_in(services, address) as learner:
        conversation = await _conversation(learner)
        headers = {"Authorization": f"Bearer {token_of(learner)}"}
        subprotocols = [Subprotocol("lyo.v9"), Subprotocol(codec.value), Subprotocol("lyo.v1")]
        async with connect(
            f"ws://{host}:{port}/v1/ws", additional_headers=headers, subprotocols=subprotocols
        ) as connection:
            assert connection.subprotocol == codec.value
            phone = Speaker(connection, codec)
            await phone.send(type="hello", device="phone")
            assert (await phone.read())["type"] == "welcome"
            await phone.send(type="subscribe", id="1", stream=f"conversation:{conversation}")
            assert (await phone.read())["ok"] == {"epoch": 1, "seq": 0, "recovered": True}
            await phone.send(type="ask", id=str(uuid4()), conversation=conversation, text="Why is the sky blue? 🦊")
            told = await phone.until("end")
            await phone.send(type="subscribe", id="2", stream="nothing like it")
            assert (await phone.read())["problem"]["code"] == "BAD_FRAME"
            await phone.send(type="ping", positions={f"conversation:{conversation}": told[-1]["seq"]})
            assert (await phone.read())["positions"] == {f"conversation:{conversation}": told[-1]["seq"]}
    text = ""
    for frame in told:
        if frame["type"] == "snapshot":
            text = frame["text"]
        elif frame["type"] == "delta":
            assert frame["at"] == len(text)
            text += frame["text"]
    assert hashlib.sha256(text.encode()).hexdigest() == told[-1]["sha256"]
    assert [frame["seq"] for frame in told if "seq" in frame] == list(range(1, told[-1]["seq"] + 1))


@pytest.mark.parametrize(
    "data",
    [
        "text",
        b"\xc1",
        b"\x81",
        msgspec.msgpack.encode({"type": "ping", "positions": {"a": "b"}}),
        msgspec.msgpack.encode({"type": "auth", "token": "a\0"}),
        msgspec.msgpack.encode({"type": "generate", "id": "1", "payload": {"topic": b"binary"}}),
        msgspec.msgpack.encode({"type": "generate", "id": "1", "payload": {"topic": {1: 2}}}),
        msgspec.msgpack.encode({"type": "generate", "id": "1", "payload": {"a": msgspec.msgpack.Ext(5, b"x")}}),
        b"\x91" * 5000 + b"\xc0",
    ],
    ids=["text", "no MessagePack", "cut short", "wrong type", "NUL", "binary", "a number as name", "extension", "deep"],
)
async def test_what_is_no_frame_in_messagepack_is_answered_and_costs_nothing_else(
    address: tuple[str, int], services: Services, data: str | bytes
) -> None:
    host, port = address
    async with await signed_in(services, address) as learner:
        headers = {"Authorization": f"Bearer {token_of(learner)}"}
        async with connect(
            f"ws://{host}:{port}/v1/ws", additional_headers=headers, subprotocols=[Subprotocol("lyo.v1.msgpack")]
        ) as connection:
            phone = Speaker(connection, Codec.MSGPACK)
            await phone.send(type="hello")
            assert (await phone.read())["type"] == "welcome"
            await connection.send(data)
            reply = await phone.read()
            assert (reply["type"], reply["problem"]["code"]) == ("reply", "BAD_FRAME")
            await phone.send(type="ping")
            assert (await phone.read())["type"] == "pong"


async def _conversation(learner: httpx.AsyncClient) -> str:
    made = await learner.post("/v1/tutor/conversations", json={"title": "The sky"})
    assert made.status_code == 201
    id: str = made.json()["id"]
    return id
