"""The data map of docs/privacy.md, from the plan of exports and erasures: the one description of both.

python -m api.data_map                     print it
python -m api.data_map docs/privacy.md     put it between the two marks of that file
"""

import sys
from pathlib import Path

from api.marked import inserted
from lyo_rt.privacy.plan import LINES, WITHOUT_PERSONS
from lyo_rt.privacy.records import Line

BEGIN = "<!-- begin: python -m api.data_map docs/privacy.md -->"
ENDS = {"delete": "deleted", "anonymise": "stays, without whose it is", "keep": "stays, without whom it is about"}


def data_map() -> str:
    """The tables in Markdown: what is in them of a person, where it is in an export, what erasure does with it."""
    lines = ["| table | of a person | in an export | on erasure |", "|---|---|---|---|"]
    for line in LINES:
        exported = f"`{line.file}.json`" if line.file else f"no: {line.why}"
        lines.append(f"| `{line.table}` | {line.holds} | {exported}{_without(line)} | {_end(line)} |")
    lines += ["", "Without anything of a person:", "", "| table | what is in it |", "|---|---|"]
    lines += [f"| `{table}` | {what} |" for table, what in WITHOUT_PERSONS.items()]
    return "\n".join(lines) + "\n"


def _without(line: Line) -> str:
    return f", without {', '.join(f'`{name}`' for name in line.secret)}" if line.file and line.secret else ""


def _end(line: Line) -> str:
    if line.erasing == "delete":
        return ENDS["delete"]
    cleared = ", ".join(f"`{name}`" for name in line.cleared)
    return f"{ENDS[line.erasing]}: {cleared} cleared; {line.why}"


def main() -> None:
    """Print the map, or put it into the files that are named."""
    if not sys.argv[1:]:
        sys.stdout.write(data_map())
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(inserted(file.read_text(encoding="utf-8"), BEGIN, data_map()), encoding="utf-8")


if __name__ == "__main__":
    main()
