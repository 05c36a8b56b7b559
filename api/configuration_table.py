"""The README's configuration table, from Settings: the one description of what can be configured.

python -m api.configuration_table              print it
python -m api.configuration_table README.md    put it between the two marks of that file
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api import marked
from lyo_rt.settings import Settings

BEGIN = "<!-- begin: python -m api.configuration_table README.md -->"


def table() -> str:
    """The table in Markdown: variable, default, values, meaning."""
    lines = ["| variable | default | values | meaning |", "|---|---|---|---|"]
    properties = Settings.model_json_schema()["properties"]
    for name, field in Settings.model_fields.items():
        cells = (f"`{name.upper()}`", _default(field.default), _values(properties[name]), field.description or "")
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def inserted(text: str) -> str:
    """`text` with the table of now between its marks. Raises ValueError when it has no marks."""
    return marked.inserted(text, BEGIN, table())


def _default(value: object) -> str:
    return "unset" if value is None or value == () else f"`{value}`"


def _values(schema: dict[str, Any]) -> str:
    for part in _alternatives(schema):
        if (choices := part.get("enum") or part.get("const")) is not None:
            return ", ".join(choices) if isinstance(choices, list) else str(choices)
        match part.get("type"):
            case "boolean":
                return "true, false"
            case "integer" | "number":
                return _range(part)
            case "array":
                return "comma-separated" + (f": {', '.join(named)}" if (named := part["items"].get("enum")) else "")
    return "text"


def _alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (part for part in schema.get("anyOf", [schema]) if part.get("type") != "null")


def _range(part: dict[str, Any]) -> str:
    open_below = "exclusiveMinimum" in part
    least = f"more than {part['exclusiveMinimum']:g}" if open_below else f"{part['minimum']:g}"
    if "maximum" not in part:
        return least if open_below else f"{least} or more"
    return f"{least}{', up' if open_below else ''} to {part['maximum']:g}"


def main() -> None:
    """Print the table, or put it into the files that are named."""
    if not sys.argv[1:]:
        sys.stdout.write(table())
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(inserted(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
