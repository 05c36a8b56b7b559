"""JSON Schemas of what comes in (Pydantic) and goes out (msgspec), under one set of names."""

from collections.abc import Iterator
from typing import Any

import msgspec
from pydantic import BaseModel, TypeAdapter

REFERENCE = "#/components/schemas/"


class Schemas:
    """Collects the components of one document."""

    def __init__(self) -> None:
        self._components: dict[str, Any] = {}

    def reference(self, kind: Any) -> dict[str, Any]:
        """The schema of a Pydantic model or a msgspec type, its named parts added to the components."""
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            schema = kind.model_json_schema(ref_template=REFERENCE + "{model}")
            self._add(schema.pop("$defs", {}))
            self._add({kind.__name__: schema})
            return {"$ref": REFERENCE + kind.__name__}
        if any(isinstance(part, type) and issubclass(part, BaseModel) for part in getattr(kind, "__args__", ())):
            schema = TypeAdapter(kind).json_schema(ref_template=REFERENCE + "{model}")
            self._add(schema.pop("$defs", {}))
            return schema
        (schema,), parts = msgspec.json.schema_components((kind,), ref_template=REFERENCE + "{name}")
        self._add(parts)
        return schema

    def query_parameters(self, model: type[BaseModel]) -> Iterator[dict[str, Any]]:
        """One parameter for each field of a querystring model."""
        schema = model.model_json_schema(ref_template=REFERENCE + "{model}")
        self._add(schema.pop("$defs", {}))
        for name, field in schema.get("properties", {}).items():
            parameter = {"name": name, "in": "query", "schema": field, "required": name in schema.get("required", ())}
            if "description" in field:
                parameter["description"] = field["description"]
            yield parameter

    def components(self) -> dict[str, Any]:
        """The named schemas, by name."""
        return dict(sorted(self._components.items()))

    def _add(self, found: dict[str, Any]) -> None:
        for name, schema in found.items():
            if self._components.setdefault(name, schema) != schema:
                raise ValueError(f"two different schemas are named {name}: rename one")


def example_of(model: Any) -> Any:
    """An example a model carries: its own, or put together from its fields' when each required one has one."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    schema = model.model_json_schema()
    if schema.get("examples"):
        return schema["examples"][0]
    fields = schema.get("properties", {})
    examples = {name: field["examples"][0] for name, field in fields.items() if field.get("examples")}
    return examples if examples and set(schema.get("required", ())) <= set(examples) else None
