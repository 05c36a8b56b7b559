"""Examples made of schemas: each value has the member's own type, and reads as a learner's session would.

A member of a new frame gets its example from here too: by its name where that is known, else by its type.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from actors.session import HEARTBEAT_SECONDS
from api.openapi_schemas import REFERENCE
from lyo_rt.frames import Reply, Resume
from lyo_rt.problems import NotFound, ProblemBody

TEXT = "Why do leaves look green?"
CONVERSATION = "6dc895e6-fafb-4d71-a192-b4ae353c7768"
MESSAGE = "75fa3fcc-23e4-4e8f-a17b-f692abd21182"
COMMAND = "0b0f4d0e-6c1e-4a3c-9d57-2f1f8f6f2a11"
STREAM = f"conversation:{CONVERSATION}"

BY_NAME: dict[str, Any] = {
    "id": COMMAND,
    "token": "<access token>",
    "device": "Ada's phone",
    "stream": STREAM,
    "event": "superseded",
    "data": {"message": MESSAGE},
    "conversation": CONVERSATION,
    "message": MESSAGE,
    "answer": MESSAGE,
    "answers": COMMAND,
    "text": TEXT,
    "at": len(TEXT),
    "length": len(TEXT),
    "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
    "seq": 2,
    "position": 2,
    "role": "assistant",
    "status": "complete",
    "state": "RUNNING",
    "progressPct": 40,
    "title": "Why leaves are green",
    "name": "Ada",
    "model": "gemini-flash-latest",
    "prompt": "tutor-2",
    "kind": "course",
    "heartbeat": HEARTBEAT_SECONDS,
    "instance": "2596358361989876567",
    "positions": {STREAM: 2},
    "after_ms": 1200,
    "reason": "drain",
    "in": 60,
    "recovered": True,
}
UUIDS = "3143d452-284f-4dc8-b591-8adc97725469"
TIME = "2026-11-21T02:45:46.360334Z"
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}

BY_SCHEMA: dict[type[msgspec.Struct], list[Any]] = {
    Reply: [
        {"type": "reply", "id": COMMAND, "ok": {}},
        {"type": "reply", "id": COMMAND, "problem": msgspec.to_builtins(NotFound().body())},
    ],
    Resume: [
        {"stream": STREAM, "epoch": 1, "seq": 2},
        {"stream": STREAM, "message": MESSAGE, "revision": 1, "at": 4},
    ],
    ProblemBody: [msgspec.to_builtins(NotFound().body())],
}
"""Where not every member goes with every other."""


class Examples:
    """Examples of the schemas among `components`."""

    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components
        self._written = {kind.__name__: examples for kind, examples in BY_SCHEMA.items()}

    def of(self, schema: Mapping[str, Any], member: str = "") -> list[Any]:
        """At least one example of a schema; `member` is the name under which it stands in its object."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(REFERENCE)
            return self._written.get(name) or self.of(self._components[name], member)
        if options := schema.get("anyOf"):
            return self.of(next(option for option in options if option.get("type") != "null"), member)
        if "allOf" in schema:
            return [self._all_of(schema["allOf"])]
        if written := schema.get("examples"):
            return list(written)
        return [self._one(schema, member)]

    def _all_of(self, schemas: list[Mapping[str, Any]]) -> Any:
        """One object of what several schemas ask for: what a later one says of a member counts."""
        merged: dict[str, Any] = {}
        for schema in schemas:
            merged |= self.of(schema)[0]
        return merged

    def _one(self, schema: Mapping[str, Any], member: str) -> Any:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object")
        known = BY_NAME.get(member)
        if known is not None and type(known) in TYPES[kind] and "properties" not in schema:
            return known
        match kind:
            case "object":
                return {name: self._member(part, name) for name, part in schema.get("properties", {}).items()}
            case "array":
                return self.of(schema["items"])
            case "string":
                return _string(schema, member)
            case "boolean":
                return True
            case _:
                return schema.get("minimum", 1)

    def _member(self, schema: Mapping[str, Any], name: str) -> Any:
        return self.of(schema, name)[0]


def _string(schema: Mapping[str, Any], member: str) -> str:
    match schema.get("format"):
        case "uuid":
            return UUIDS
        case "date-time":
            return TIME
        case _:
            return member or "text"
