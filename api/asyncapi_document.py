"""The AsyncAPI 3.0 document, made of the frames' two unions, the streams, and the problems that close a socket.

`action` is the server's, as AsyncAPI 3 has it: what a client sends is received here.
"""

from collections.abc import Iterable
from typing import Any, cast

import msgspec
from quart import Quart

from actors.session import HEARTBEAT_SECONDS
from api.asyncapi_messages import (
    CLIENT,
    DOOR,
    SERVER,
    Frame,
    Messages,
    client_key,
    event_key,
    is_command,
    reply_key,
    server_key,
    tag,
)
from api.asyncapi_streams import ANSWERS, KINDS, StreamKind
from api.pages.problems import close_instruction
from api.realtime.pace import FRAMES_PER_MINUTE
from api.realtime.socket import Patience
from lyo_rt import frames
from lyo_rt.frames import Codec
from lyo_rt.problems import TYPE_ROOT, Problem, every_problem

EXTENSION = "lyo.asyncapi"
SESSION = "session"
DOORS = {"task": "/v1/ws/tasks/{task_id}", "taskAlias": "/v1/tasks/ws/{task_id}"}
JSON = "application/json"
CONTENT_TYPES = {Codec.JSON: JSON, Codec.MSGPACK: "application/vnd.msgpack"}
OPCODES = {Codec.JSON: "text", Codec.MSGPACK: "binary"}

DESCRIPTION = """\
The live side of Lyo: the progress of courses being written, the tutor's answers as they are written, and all else that
a device must know at once. The HTTP side is described by OpenAPI, at `/docs`.

`/v1/ws` is the session: one socket for each device, with every stream it follows. `/v1/ws/tasks/{task_id}` is the
simple door to one task. Every path also answers under `/api`.

Events are stored and counted without a gap: apply `seq` when it follows what you have, drop what is not greater, and
otherwise subscribe again. Pieces of an answer are counted in Unicode code points by `at`, under the same rule. After a
lost connection, `hello.resume` says where you were, and what is missing comes.
"""


def encoded_document(app: Quart) -> bytes:
    """The document as JSON, built once for an app."""
    if EXTENSION not in app.extensions:
        app.extensions[EXTENSION] = asyncapi_json()
    return cast("bytes", app.extensions[EXTENSION])


def asyncapi_json() -> bytes:
    """The document as JSON: no database, no settings."""
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """The document of all channels, operations and messages."""
    messages = Messages()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lyo realtime",
            "version": "1",
            "description": DESCRIPTION,
            "externalDocs": {"url": TYPE_ROOT.rstrip("/"), "description": "Every problem, explained"},
        },
        "defaultContentType": JSON,
        "servers": {"plain": _server("ws", "In development."), "secure": _server("wss", "Behind TLS.")},
        "channels": {
            SESSION: _session(messages.found),
            **{name: _door(address) for name, address in DOORS.items()},
            **{_stream_channel(kind): _stream(kind) for kind in KINDS},
        },
        "operations": dict(_operations()),
        "components": {
            "schemas": messages.schemas(),
            "messages": messages.found,
            "securitySchemes": SECURITY,
            "correlationIds": {
                "command": {
                    "location": "$message.payload#/id",
                    "description": "A reply has the `id` of its command.",
                }
            },
        },
        "x-close-codes": close_codes(),
    }


def close_codes() -> list[dict[str, Any]]:
    """What a socket is closed with, by code: each is an instruction to the client."""
    found: dict[int, list[type[Problem]]] = {1000: []}
    kinds: list[type[Problem]] = [Problem, *every_problem()]
    for kind in kinds:
        if "close_code" in vars(kind):
            found.setdefault(kind.close_code, []).append(kind)
    return [
        {
            "code": code,
            "meaning": " ".join(f"{kind.title()}." for kind in closing) or "Done.",
            "instruction": "nothing more will come." if code == 1000 else close_instruction(code),
            "problems": [TYPE_ROOT + kind.name() for kind in closing if kind is not Problem],
        }
        for code, closing in sorted(found.items())
    ]


SECURITY: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`Authorization: Bearer` in the handshake, with the access token of `POST /v1/auth/login`.",
    },
    "token": {
        "type": "httpApiKey",
        "in": "query",
        "name": "token",
        "description": "The access token as `?token=`, where a client cannot set headers.",
    },
    "ticket": {
        "type": "httpApiKey",
        "in": "query",
        "name": "token",
        "description": "A ticket of `POST /v1/ws/tickets` as `?token=`: good once, for 30 seconds.",
    },
    "hello": {
        "type": "apiKey",
        "in": "password",
        "description": "The access token as `token` of `hello`, the first frame; only on `/v1/ws`.",
    },
}


def _server(protocol: str, description: str) -> dict[str, Any]:
    return {
        "host": "{host}",
        "protocol": protocol,
        "description": description,
        "variables": {"host": {"default": "localhost:8000", "description": "Where lyo-rt serves."}},
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in SECURITY],
    }


def _session(messages: Iterable[str]) -> dict[str, Any]:
    patience = Patience()
    return {
        "address": "/v1/ws",
        "title": "The session",
        "description": (
            f"One socket for each device. The first frame must be `hello`, within {patience.hello:.0f} seconds. Send "
            f"a frame at least every {HEARTBEAT_SECONDS} seconds, for example `ping`, and at most {FRAMES_PER_MINUTE} "
            f"in a minute; a silent socket is closed after {patience.silence:.0f} seconds. Unknown members are "
            "ignored; an unknown `type` is answered with a problem and costs nothing else. A fault of one stream or "
            "of one command never closes the socket."
        ),
        "messages": _references(name for name in messages if name.partition(".")[0] in ("client", "server", "reply")),
        "bindings": _bindings([codec.value for codec in Codec]),
        "x-subprotocols": [
            {"name": codec.value, "contentType": CONTENT_TYPES[codec], "opcode": OPCODES[codec]} for codec in Codec
        ],
    }


def _door(address: str) -> dict[str, Any]:
    return {
        "address": address,
        "title": "One task",
        "description": (
            "The simple door: the present state at once, then each change, in four members. Closes with 1000 once the "
            "task has ended. What a client sends means nothing. A stranger's task is not found. Where the deployment "
            "says so (`LYO_TASK_URL_CAPABILITY`), the task's id alone opens it."
        ),
        "parameters": {"task_id": {"description": "The `task_id` of `POST /v1/courses:generate`."}},
        "messages": _references([DOOR]),
        "bindings": _bindings(),
    }


def _bindings(subprotocols: Iterable[str] = ()) -> dict[str, Any]:
    token = {"type": "string", "description": "An access token, or a ticket."}
    headers = {"Authorization": {"type": "string", "description": "Bearer, and an access token."}}
    if subprotocols:
        headers["Sec-WebSocket-Protocol"] = {
            "type": "string",
            "enum": list(subprotocols),  # type: ignore[dict-item]
            "description": "How frames are written; without it, as in the first of these.",
        }
    return {
        "ws": {
            "method": "GET",
            "query": {"type": "object", "properties": {"token": token}},
            "headers": {"type": "object", "properties": headers},
            "bindingVersion": "0.1.0",
        }
    }


def _stream(kind: StreamKind) -> dict[str, Any]:
    """A stream is no socket's address: it is followed by its name, over the session."""
    keys = [event_key(kind, event) for event in kind.events] or [server_key(frames.Event)]
    channel = {
        "address": kind.address,
        "title": f"Streams {kind.address}",
        "summary": kind.summary,
        "description": f"{kind.summary} {kind.readers} Followed with `subscribe`, over `/v1/ws`.",
        "messages": _references([*keys, *map(server_key, kind.pieces)]),
        "x-stream": kind.name,
        "x-readers": kind.readers,
    }
    if kind.parameter:
        channel["parameters"] = {kind.parameter: {"description": "A UUID, in lower case."}}
    return channel


def _operations() -> Iterable[tuple[str, dict[str, Any]]]:
    for frame in CLIENT:
        operation = _operation("receive", SESSION, [client_key(frame)], f"A client sends `{tag(frame)}`.")
        if answers := _answers(frame):
            operation["reply"] = {
                "channel": {"$ref": f"#/channels/{SESSION}"},
                "messages": [{"$ref": f"#/channels/{SESSION}/messages/{key}"} for key in answers],
            }
        yield f"receive.{tag(frame)}", operation
    for frame in SERVER:
        yield (
            f"send.{tag(frame)}",
            _operation("send", SESSION, [server_key(frame)], f"The server sends `{tag(frame)}`."),
        )
    for name in DOORS:
        yield f"watch.{name}", _operation("send", name, [DOOR], "The state of one task, and each change.")
    for kind in KINDS:
        keys = [event_key(kind, event) for event in kind.events] or [server_key(frames.Event)]
        yield (
            f"stream.{kind.name}",
            _operation("send", _stream_channel(kind), [*keys, *map(server_key, kind.pieces)], kind.summary),
        )


def _operation(action: str, channel: str, messages: Iterable[str], summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{key}"} for key in messages],
    }


def _answers(frame: Frame) -> list[str]:
    if frame in ANSWERS:
        return [server_key(ANSWERS[frame])]
    # What goes wrong, and what has nothing to tell, is answered with the frame as it is.
    return list(dict.fromkeys((reply_key(frame), server_key(frames.Reply)))) if is_command(frame) else []


def _stream_channel(kind: StreamKind) -> str:
    return f"stream.{kind.name}"


def _references(keys: Iterable[str]) -> dict[str, Any]:
    return {key: {"$ref": f"#/components/messages/{key}"} for key in keys}
