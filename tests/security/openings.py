"""Where a request carries text: every string of every body and every parameter of the OpenAPI document.

The document is made from the routes, so a new route is attacked as soon as it is there.
"""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import uuid4

import httpx
import msgspec

from api.app import openapi_json

Json = Any
TICKS = 20
"""No schema here is nested so deeply; one that contains itself ends."""


class Opening(NamedTuple):
    """One text of one request."""

    method: str
    path: str
    place: str
    """body, path, query or header"""
    name: str
    """A JSON Pointer into the body, or the parameter's name."""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.place}:{self.name}"


@cache
def document() -> Json:
    """The OpenAPI document."""
    return msgspec.json.decode(openapi_json())


def operations() -> Iterator[tuple[str, str, Json]]:
    """(method, path, operation) of all; those that end the session come last."""
    found = [(method.upper(), path, one) for path, item in document()["paths"].items() for method, one in item.items()]
    return iter(sorted(found, key=lambda one: one[1] in {"/v1/auth/logout", "/v1/auth/password/change"}))


def openings() -> Iterator[Opening]:
    """All of them."""
    for method, path, operation in operations():
        for pointer, _ in strings(schema_of(operation)):
            yield Opening(method, path, "body", pointer)
        for parameter in map(resolved, operation["parameters"]):
            yield Opening(method, path, parameter["in"], parameter["name"])


def resolved(schema: Json) -> Json:
    """What a reference stands for; of several choices the first that is something."""
    while True:
        if "$ref" in schema:
            found = document()
            for part in schema["$ref"].split("/")[1:]:
                found = found[part]
            schema = found
        elif choices := schema.get("anyOf") or schema.get("oneOf"):
            schema = next(one for one in choices if one.get("type") != "null")
        else:
            return schema


def schema_of(operation: Json) -> Json:
    """The schema of an operation's JSON body; an empty one when it takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema", {})


def body_of(operation: Json) -> Json:
    """The document's example of an operation's JSON body; None when it takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    return deepcopy(content["application/json"]["example"]) if "application/json" in content else None


def strings(schema: Json, pointer: str = "", depth: int = 0) -> Iterator[tuple[str, Json]]:
    """(JSON Pointer, schema) of every string below a schema; of a list the first entry."""
    schema = resolved(schema)
    if depth > TICKS:
        return
    for name, inner in schema.get("properties", {}).items():
        yield from strings(inner, f"{pointer}/{name}", depth + 1)
    if "items" in schema:
        yield from strings(schema["items"], f"{pointer}/0", depth + 1)
    if schema.get("type") == "string":
        yield pointer, schema


def objects(schema: Json, pointer: str = "", depth: int = 0) -> Iterator[str]:
    """The JSON Pointer of every object below a schema, itself included; of a list the first entry."""
    schema = resolved(schema)
    if depth > TICKS:
        return
    if schema.get("type") == "object":
        yield pointer
    for name, inner in schema.get("properties", {}).items():
        yield from objects(inner, f"{pointer}/{name}", depth + 1)
    if "items" in schema:
        yield from objects(schema["items"], f"{pointer}/0", depth + 1)


def sample(schema: Json) -> Json:
    """The least value of a schema: what it must have, and nothing else."""
    schema = resolved(schema)
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: sample(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return []
        case "string":
            return str(uuid4()) if schema.get("format") == "uuid" else "x" * schema.get("minLength", 1)
        case "boolean":
            return False
        case _:
            return schema.get("minimum", 1)


def planted(schema: Json, body: Json, pointer: str, value: Json) -> Json:
    """The body with `value` at the pointer; what is missing on the way there is made as the schema has it."""
    if not pointer:
        return value
    schema, (name, _, rest) = resolved(schema), pointer[1:].partition("/")
    rest = f"/{rest}" if rest else ""
    if "items" in schema:
        entries = body if isinstance(body, list) and body else [sample(schema["items"])]
        return [planted(schema["items"], entries[0], rest, value), *entries[1:]]
    members = dict(body) if isinstance(body, dict) else sample(schema)
    return {**members, name: planted(schema["properties"][name], members.get(name), rest, value)}


def filled(path: str, things: dict[str, str]) -> str:
    """The path with its parameters filled in, from `things` or at random."""
    return re.sub(r"{([^}]+)}", lambda found: things.get(found[1], str(uuid4())), path)


def request(client: httpx.AsyncClient, opening: Opening, value: Json, things: dict[str, str]) -> httpx.Request:
    """The document's own example of a request, with `value` in one place."""
    operation = document()["paths"][opening.path][opening.method.lower()]
    body, path = body_of(operation), opening.path
    headers: dict[str, Any] = {"Prefer": "respond-async"}  # what is written is not waited for
    if body is not None:
        headers["Content-Type"] = "application/json"
    query = "wait=0" if path == "/v1/streams/{stream}" else ""
    if "Idempotency-Key" in [resolved(one)["name"] for one in operation["parameters"]]:
        headers["Idempotency-Key"] = str(uuid4())
    match opening.place:
        case "body":
            body = planted(schema_of(operation), body, opening.name, value)
        case "path":
            path = path.replace(f"{{{opening.name}}}", spelled(value))
        case "query":
            query = f"{opening.name}={spelled(value)}"
        case _:
            headers[opening.name] = value.encode("utf-8", "surrogatepass")
    url = filled(path, things) + (f"?{query}" if query else "")
    content = None if body is None else json.dumps(body).encode()
    return client.build_request(opening.method, url, content=content, headers=headers)


def spelled(text: str) -> str:
    """As an address spells it; half a surrogate pair as the three bytes that no UTF-8 has."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
