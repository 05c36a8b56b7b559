"""The AsyncAPI document is valid to the official parser, complete, and true to what a running instance sends."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any, get_args
from uuid import uuid4

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.app import openapi_json
from api.asyncapi_document import asyncapi_json
from api.services import Services
from lyo_rt import frames, streams
from lyo_rt.problems import Problem, every_problem
from tests.api.learners import signed_in, token_of
from tests.api.sockets import Device, device, greeted
from tests.asyncapi import parser

pytestmark = pytest.mark.anyio

CLIENT = get_args(frames.ClientFrame)
SERVER = get_args(frames.ServerFrame)
ERROR, WARNING = 0, 1


@pytest.fixture(scope="module")
def document() -> Any:
    """The document, made without a server or a database."""
    return msgspec.json.decode(asyncapi_json())


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


def check(document: Any, schema: Any, value: Any) -> None:
    """That a value is what a schema of the document says, and that the schema names all of its members."""
    whole = {"allOf": [schema], "unevaluatedProperties": False, "components": document["components"]}
    faults = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(value)
    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == [], value


def added(message: Any) -> Any:
    """What a message says of single members beyond its frame's schema."""
    return message["payload"]["allOf"][1]["properties"] if "allOf" in message["payload"] else {}


@pytest.mark.timeout(parser.INSTALL_SECONDS + 2 * parser.PARSE_SECONDS)
def test_the_official_parser_has_nothing_to_say_against_it(document: Any) -> None:
    broken = msgspec.json.decode(asyncapi_json())
    broken["operations"]["receive.hello"]["messages"] = [{"$ref": "#/channels/session/messages/none"}]
    del broken["operations"]["receive.ask"]["action"]
    try:
        found = parser.parse({"document": asyncapi_json(), "broken": json.dumps(broken).encode()})
    except parser.ParserMissing as fault:
        pytest.fail(f"the official AsyncAPI parser cannot be asked: {fault}", pytrace=False)
    told = found["document"]
    assert [one for one in told["diagnostics"] if one["severity"] <= WARNING] == []
    assert told["channels"] == sorted(document["channels"])
    assert told["operations"] == sorted(document["operations"])
    assert told["messages"] == sorted(document["components"]["messages"])
    faults = [one["path"] for one in found["broken"]["diagnostics"] if one["severity"] == ERROR]
    assert any("receive.ask" in path for path in faults)
    assert any("receive.hello" in path for path in faults)


@pytest.mark.parametrize(("frame", "key"), [(f, f"client.{f.__struct_config__.tag}") for f in CLIENT])
def test_every_client_frame_is_a_message_whose_examples_are_understood(document: Any, frame: Any, key: str) -> None:
    message = document["components"]["messages"][key]
    assert message["summary"], f"{frame.__name__} has no docstring"
    for example in message["examples"]:
        assert isinstance(frames.decode(json.dumps(example["payload"])), frame)
    (operation,) = (one for name, one in document["operations"].items() if name == f"receive.{key.partition('.')[2]}")
    assert operation["action"] == "receive"
    assert ("id" in frame.__struct_fields__) <= bool(operation.get("reply"))


@pytest.mark.parametrize(("frame", "key"), [(f, f"server.{f.__struct_config__.tag}") for f in SERVER])
def test_every_server_frame_is_a_message_whose_examples_are_frames(document: Any, frame: Any, key: str) -> None:
    message = document["components"]["messages"][key]
    assert message["summary"], f"{frame.__name__} has no docstring"
    for example in message["examples"]:
        assert isinstance(msgspec.convert(example["payload"], frames.ServerFrame), frame)
    assert document["operations"][f"send.{key.partition('.')[2]}"]["action"] == "send"


def test_every_example_is_what_its_schema_says(document: Any) -> None:
    for key, message in document["components"]["messages"].items():
        assert message["examples"], key
        for example in message["examples"]:
            check(document, message["payload"], example["payload"])
            for name, schema in added(message).items():
                check(document, schema, example["payload"][name])


def test_every_close_code_is_explained(document: Any) -> None:
    codes = {entry["code"]: entry for entry in document["x-close-codes"]}
    assert {1000, 1012} <= codes.keys()
    assert {kind.close_code for kind in (Problem, *every_problem())} <= codes.keys()
    assert all(entry["meaning"] and entry["instruction"] for entry in codes.values())
    assert "https://api.lyo.app/problems/token-expired" in codes[4301]["problems"]


def test_no_component_is_left_over(document: Any) -> None:
    text = asyncapi_json().decode()
    for kind, components in document["components"].items():
        for name in components:
            assert f'"#/components/{kind}/{name}"' in text, (kind, name)


def test_the_two_documents_know_of_each_other(document: Any) -> None:
    assert msgspec.json.decode(openapi_json())["externalDocs"]["url"] == "/asyncapi"
    assert "/docs" in document["info"]["description"]


async def test_every_documented_address_opens(
    document: Any, address: tuple[str, int], learner: httpx.AsyncClient
) -> None:
    body = {"topic": "How bread rises"}
    answer = await learner.post("/v1/courses:generate", json=body, headers={"Idempotency-Key": str(uuid4())})
    host, port = address
    opened = 0
    for channel in document["channels"].values():
        if "ws" in channel.get("bindings", {}):
            path = channel["address"].format(task_id=answer.json()["task_id"])
            for prefix in ("", "/api"):
                async with connect(f"ws://{host}:{port}{prefix}{path}?token={token_of(learner)}") as socket:
                    opened += 1
                    if "door.progress" in channel["messages"]:
                        message = document["components"]["messages"]["door.progress"]
                        check(document, message["payload"], json.loads(await socket.recv()))
    assert opened == 6


async def test_every_documented_subprotocol_is_spoken(
    document: Any, address: tuple[str, int], learner: httpx.AsyncClient
) -> None:
    for spoken in document["channels"]["session"]["x-subprotocols"]:
        async with device(address, token_of(learner), subprotocols=[Subprotocol(spoken["name"])]) as opened:
            assert opened.connection.subprotocol == spoken["name"]
            await opened.connection.send(b"\x01" if spoken["opcode"] == "binary" else "1")
            assert (await opened.closed())[0] == 4000


async def test_what_a_session_is_sent_is_what_the_document_says(
    document: Any, services: Services, address: tuple[str, int], learner: httpx.AsyncClient
) -> None:
    messages = document["components"]["messages"]
    async with greeted(address, token_of(learner)) as session:
        replies = await everything(session, learner)
        for type, reply in replies.items():
            assert "ok" in reply, reply
            if reply["ok"]:
                check(document, added(messages[f"reply.{type}"])["ok"], reply["ok"])
    assert {"welcome", "event", "end", "reply", "pong"} <= {frame["type"] for frame in session.frames}
    for frame in session.frames:
        check(document, messages[f"server.{frame['type']}"]["payload"], frame)
    rows = await services.database.fetch("SELECT name FROM streams")
    told = [
        event
        for row in rows
        for event in await streams.read_after(services.database, row["name"], 0)
        if event.name != frames.END
    ]
    assert {"progress", "message", "superseded", "lesson", "completed"} <= {event.name for event in told}
    for event in told:
        message = messages[f"{event.stream.partition(':')[0]}.{event.name}"]
        check(document, added(message)["stream"], event.stream)
        check(document, added(message)["data"], event.data)


async def everything(session: Device, learner: httpx.AsyncClient) -> dict[str, Any]:
    """One of each thing that a learner can do; the replies by the command's type."""
    replies = {}

    async def command(type: str, **members: Any) -> Any:
        replies[type] = await session.ask(type, **members)
        return replies[type].get("ok")

    made = await command("generate", payload={"topic": "How bread rises", "level": "beginner"})
    course = made["provisional_course_id"]
    await command("subscribe", stream=f"course:{course}", after={"epoch": 1, "seq": 0})
    await command("presence", course=course)
    await session.send("typing", course=course)
    await session.until("event", event="completed")
    await command("cancel", task=made["task_id"])
    talk = (await learner.post("/v1/tutor/conversations", json={"resource": course})).json()["id"]
    await command("subscribe", stream=f"conversation:{talk}")
    await command("ask", conversation=talk, text="Why does bread rise?")
    await session.until("end")
    await command("regenerate", conversation=talk)
    await session.until("end")
    await command("stop", conversation=talk)
    await command("unsubscribe", stream=f"conversation:{talk}")
    await session.send("ping")
    await session.until("pong")
    assert replies.keys() == {frame.__struct_config__.tag for frame in CLIENT if "id" in frame.__struct_fields__}
    return replies


async def test_it_is_served(client: httpx.AsyncClient, document: Any) -> None:
    for path in ("/asyncapi.json", "/v1/asyncapi.json", "/api/v1/asyncapi.json"):
        response = await client.get(path)
        assert response.headers["content-type"] == "application/json"
        assert response.json() == document


async def test_the_page_shows_all_of_it_without_a_script(client: httpx.AsyncClient, document: Any) -> None:
    page = await client.get("/asyncapi")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=", page.text)
    ids = re.findall(r'\sid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))
    assert {link for link in re.findall(r'href="#([^"]+)"', page.text) if link not in ids} == set()
    assert {key for key in document["components"]["messages"] if key.startswith(("client.", "server."))} <= set(ids)
    assert {f"stream.{name}" for name in ("task", "conversation", "course", "user", "ops")} <= set(ids)
    for entry in document["x-close-codes"]:
        assert f"<code>{entry['code']}</code>" in page.text
    for link in set(re.findall(r'href="(/[^"]+)"', page.text)):
        assert (await client.get(link)).status_code == 200, link
