"""JSON Schemas in words, for the page."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec

from api.openapi_schemas import REFERENCE

Schema = Mapping[str, Any]
FORMATS = {"uuid": "UUID", "date-time": "time (RFC 3339)"}


def text(written: str) -> str:
    """A description as HTML: what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(written, quote=False))


def paragraphs(written: str) -> str:
    """A longer description, its paragraphs parted by empty lines."""
    return "".join(f"<p>{text(' '.join(part.split()))}</p>" for part in written.strip().split("\n\n"))


def example(value: Any) -> str:
    """A value as a block of JSON that the keyboard can scroll."""
    shown = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return f'<pre tabindex="0"><code>{escape(shown, quote=False)}</code></pre>'


def members(schema: Schema, schemas: Mapping[str, Schema], *, without: str = "") -> str:
    """The members of an object as a list; `without` names one that says nothing new."""
    rows = [
        _member(name, part, needed) for name, part, needed in _properties(_whole(schema, schemas)) if name != without
    ]
    return f'<dl class="members">{"".join(rows)}</dl>' if rows else "<p>No members.</p>"


def target(schema: Schema) -> str | None:
    """The name of the schema that is referred to, also when it may be null."""
    for option in (schema, *schema.get("anyOf", ())):
        if "$ref" in option:
            return str(option["$ref"]).removeprefix(REFERENCE)
    return None


def linked(name: str) -> str:
    """A link to the named schema's place on the page."""
    return f'<a href="#schema.{name}">{name}</a>'


def _whole(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """One object schema of what refers and adds; what is added of a member replaces what was said of it."""
    if "$ref" in schema:
        return _whole(schemas[str(schema["$ref"]).removeprefix(REFERENCE)], schemas)
    if "allOf" not in schema:
        return schema
    parts = [_whole(part, schemas) for part in schema["allOf"]]
    properties = {name: member for part in parts for name, member in part.get("properties", {}).items()}
    return {"properties": properties, "required": [name for part in parts for name in part.get("required", ())]}


def _properties(schema: Schema) -> Iterator[tuple[str, Schema, bool]]:
    for name, part in schema.get("properties", {}).items():
        yield name, part, name in schema.get("required", ())


def _member(name: str, schema: Schema, needed: bool) -> str:
    facts = "; ".join((*_bounds(schema), *_default(schema)))
    described = text(str(schema.get("description", "")))
    details = "; ".join(part for part in (described.rstrip("."), facts) if part)
    optional = "" if needed else ' <span class="optional">optional</span>'
    more = f"<dd>{details}</dd>" if details else ""
    return f'<div><dt><code>{escape(name)}</code> <span class="kind">{_kind(schema)}</span>{optional}</dt>{more}</div>'


def _kind(schema: Schema) -> str:
    if (name := schema.get("$ref")) is not None:
        return linked(str(name).removeprefix(REFERENCE))
    if options := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(map(_kind, options)))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in values)
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(values := schema.get("additionalProperties"), dict):
        return f"object of {_kind(values)}"
    return FORMATS.get(schema.get("format", ""), str(kind or "anything"))


def _bounds(schema: Schema) -> Iterator[str]:
    for option in (schema, *schema.get("anyOf", ())):
        for low, high, unit in (
            ("minLength", "maxLength", " characters"),
            ("minItems", "maxItems", " entries"),
            ("minimum", "maximum", ""),
        ):
            match option.get(low), option.get(high):
                case None, None:
                    pass
                case least, None:
                    yield f"at least {least}{unit}"
                case None, most:
                    yield f"at most {most}{unit}"
                case least, most:
                    yield f"{least} to {most}{unit}"
        if pattern := option.get("pattern"):
            yield f"matches <code>{escape(pattern)}</code>"


def _default(schema: Schema) -> Iterator[str]:
    value = schema.get("default")
    if value is not None:
        yield f"<code>{escape(msgspec.json.encode(value).decode())}</code> when left out"
