"""The dialogues there are, for reading."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from api.evaluation.dialogues import chosen, read_scripts
from api.evaluation.table import console

FIRST = 60
"""Characters of a first line."""


def listed(only: str | None) -> None:
    """Prints those that `only` names. Raises Unready."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("dialogue", "kind", "problem", "subject", "in"):
        table.add_column(title, no_wrap=True)
    table.add_column("first line", no_wrap=True, ratio=1)
    for script in chosen(read_scripts(), only):
        dialogue, problem = script.dialogue, script.problem
        first = " ".join(dialogue.lines[0].say.split())[:FIRST]
        table.add_row(dialogue.name, dialogue.kind, problem.name, problem.subject, dialogue.language, first)
    console().print(table)
