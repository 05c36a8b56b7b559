"""Bodies and frames that are very large, very wide or very deep: refused, and nobody else is hurt."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.realtime.pace import FRAMES_PER_MINUTE
from api.services import Services
from lyo_rt.frames import Codec
from lyo_rt.nesting import DEEPEST
from tests.api.learners import Client, signed_in, token_of
from tests.api.sockets import device, greeted
from tests.attacks import Cases
from tests.security.openings import filled, operations, schema_of

pytestmark = [pytest.mark.anyio, pytest.mark.attack("oversize and deep JSON and MessagePack")]

DEPTHS = (*range(100, 700, 100), *range(700, 1060, 3), 5_000, 100_000)
"""Python's stack ends near a thousand: what reads the value again after the parser ends a little sooner."""
NUL = '"\\u0000"'


def deep(depth: int, inside: str = "1") -> str:
    """Lists in lists."""
    return "[" * depth + inside + "]" * depth


def monsters() -> Iterator[tuple[str, bytes, set[int]]]:
    """(what it is, the body, the statuses it may have); none named: whatever is no fault of the server."""
    refused, any_ = {400, 413, 422}, set[int]()
    yield "two mebibytes", b'"' + b"x" * (2 << 20) + b'"', {413}
    yield "a mebibyte and a byte", b" " * (1 << 20) + b"1", {413}
    yield "many members", json.dumps({str(number): number for number in range(2_000)}).encode(), any_
    yield "many entries", json.dumps([0] * 300_000).encode(), refused
    yield "a long number", b'{"a":' + b"9" * 100_000 + b"}", any_
    yield "a number out of all range", b'{"a":1e999999}', any_
    yield "a member twice", b'{"email":"a@example.com","email":"b@example.com"}', any_
    yield "objects in objects", b'{"a":' * 50_000 + b"1" + b"}" * 50_000, refused
    yield "lists in lists", deep(100_000).encode(), refused
    yield "a NUL far down", deep(500, NUL).encode(), refused
    yield "never closed", b"[" * 500_000, refused
    yield "no JSON", b"\xff\xfe{}", refused


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address) as client:
        yield client


async def test_no_body_is_too_much(cases_tried: Cases, learner: Client) -> None:
    routes = [(method, path) for method, path, operation in operations() if schema_of(operation)]
    cases = 0
    for method, path in routes:
        for what, body, statuses in monsters():
            answer = await learner.request(
                method, filled(path, {}), content=body, headers={"Content-Type": "application/json"}
            )
            permitted = {*statuses, 403, 404} if statuses else set(range(200, 500))
            assert answer.status_code in permitted, (method, path, what, answer.status_code, answer.text[:200])
            cases += 1
    cases_tried(cases)
    assert cases >= 200


@pytest.mark.parametrize("inside", ["1", NUL], ids=["plain", "nul"])
async def test_no_depth_is_a_fault_of_the_server(cases_tried: Cases, learner: Client, inside: str) -> None:
    """Read by the parser, searched for NUL, validated, and digested for its Idempotency-Key: each has its own stack."""
    for depth in DEPTHS:
        sent = f'{{"title":"Tides","more":{deep(depth, inside)}}}'
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{depth}"}
        answer = await learner.post("/v1/tutor/conversations", content=sent, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_JSON"), (depth, answer.text)
    cases_tried(len(DEPTHS))


async def test_what_is_nested_as_deeply_as_may_be_is_read(learner: Client) -> None:
    for depth, status in ((1, 201), (DEEPEST - 1, 201), (DEEPEST, 400)):
        sent = f'{{"title":"Tides","more":{deep(depth)}}}'
        answer = await learner.post(
            "/v1/tutor/conversations", content=sent, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == status, depth
    sent = json.dumps({"title": "[" * 900})
    answer = await learner.post("/v1/tutor/conversations", content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422  # too long; brackets in a text are no nesting


def packed(depth: int, inside: bytes) -> bytes:
    """MessagePack of a `generate` frame with lists in lists."""
    head = msgspec.msgpack.encode({"type": "generate", "id": "1", "payload": {"topic": "x", "x": None}})
    assert head.endswith(b"\xc0")
    return head[:-1] + b"\x91" * depth + inside


def written(depth: int, inside: bytes) -> str:
    """The same in JSON."""
    return f'{{"type":"generate","id":"1","payload":{{"topic":"x","x":{deep(depth, inside.decode())}}}}}'


async def answered(phone: Any, frame: str | bytes, codec: Codec) -> str:
    """What became of a frame: a reply's problem, or the code that closed the socket."""
    await phone.connection.send(frame)
    decode = msgspec.json.decode if codec is Codec.JSON else msgspec.msgpack.decode
    try:
        while True:
            with anyio.fail_after(20):
                told = decode(await phone.connection.recv())
            if told["type"] == "reply":
                return str(told.get("problem", {}).get("code"))
    except ConnectionClosed:
        return str(phone.connection.close_code)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("nul", [False, True], ids=["plain", "nul"])
async def test_no_depth_of_a_frame_ends_a_session(
    cases_tried: Cases, address: tuple[str, int], learner: Client, codec: Codec, nul: bool
) -> None:
    insides = {(Codec.JSON, False): b"1", (Codec.JSON, True): NUL.encode()}
    inside = insides.get((codec, nul), b"\xa1\0" if nul else b"\x01")
    depths = DEPTHS[: FRAMES_PER_MINUTE - 2]
    async with device(address, token_of(learner), subprotocols=[Subprotocol(codec.value)]) as phone:
        encode = msgspec.json.encode if codec is Codec.JSON else msgspec.msgpack.encode
        hello = encode({"type": "hello"})
        await phone.connection.send(hello.decode() if codec is Codec.JSON else hello)
        await phone.connection.recv()
        for depth in depths:
            frame = written(depth, inside) if codec is Codec.JSON else packed(depth, inside)
            what = await answered(phone, frame, codec)
            assert what == "BAD_FRAME", depth
    cases_tried(len(depths))


@pytest.mark.parametrize("codec", list(Codec))
async def test_a_frame_that_is_too_large_ends_its_own_session_only(
    cases_tried: Cases, address: tuple[str, int], learner: Client, codec: Codec
) -> None:
    sizes = (64 * 1024 + 1, 200_000, 3 << 20)
    async with greeted(address, token_of(learner)) as other:
        for size in sizes:
            async with device(address, token_of(learner), subprotocols=[Subprotocol(codec.value)]) as phone:
                frame: Any = "x" * size if codec is Codec.JSON else b"x" * size
                assert await answered(phone, frame, codec) == "1009"
        await other.send("ping")
        await other.until("pong")
    cases_tried(len(sizes))
