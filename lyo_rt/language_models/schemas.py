"""The JSON schema a provider is given: derived from the answer's struct, in the dialect the provider accepts.

Every reference is inlined, every object closed and every property required (OpenAI's strict mode asks for it, Gemini
takes it). A limit the dialect does not take is told in words instead; the answer is validated against all of them.
"""

from typing import Any

import msgspec

OPENAI_OMITS = frozenset({"minLength", "maxLength", "pattern"})
GEMINI_OMITS = frozenset({"minLength", "maxLength", "pattern", "maxItems", "maximum"})
"""Bounded arrays count against a hidden budget of states; nested maxItems alone end in a bare 400
(googleapis/python-genai#2170)."""

_WORDS = {
    "maxItems": "At most {} entries.",
    "maximum": "At most {}.",
    "maxLength": "At most {} characters.",
    "pattern": "Matches {}",
    "minLength": "Not empty.",
}


def provider_schema(answer: type[msgspec.Struct], omits: frozenset[str]) -> dict[str, Any]:
    """The schema of `answer` without the keywords in `omits`."""
    schema = msgspec.json.schema(answer)
    return _converted(schema, schema.get("$defs", {}), omits)


def _converted(schema: dict[str, Any], definitions: dict[str, Any], omits: frozenset[str]) -> dict[str, Any]:
    if "$ref" in schema:
        return _converted(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions, omits)
    kept = {
        key: value for key, value in schema.items() if key not in omits and key not in ("title", "$defs", "default")
    }
    told = [_WORDS[key].format(schema[key]) for key in _WORDS if key in omits and key in schema]
    if told:
        kept["description"] = " ".join(filter(None, [schema.get("description"), *told]))
    if "properties" in schema:
        kept["properties"] = {name: _converted(part, definitions, omits) for name, part in schema["properties"].items()}
        kept["required"] = list(schema["properties"])
        kept["additionalProperties"] = False
    if "items" in schema:
        kept["items"] = _converted(schema["items"], definitions, omits)
    return kept
