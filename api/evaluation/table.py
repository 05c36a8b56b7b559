"""A report for reading."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.evaluation.judge import ENOUGH, SCORES
from api.evaluation.report import Report, Said

WIDTH = 120
NARROW = 108
LETTERS = 5
"""Of a score's name, for its column."""
MOST_FAULTS = 25
EXCERPT = 150
PASSING, POOR = 0.9, 0.5


def console(*, error: bool = False) -> Console:
    """As wide as the terminal; where there is none, wide enough for the table."""
    found = Console(stderr=error)
    return found if found.is_terminal else Console(stderr=error, width=WIDTH, highlight=False)


def printed(report: Report, console: Console, *, all_faults: bool) -> None:
    """The whole of it."""
    console.print(_table(report, wide=console.width >= NARROW))
    console.print(Group(*_parts(report, all_faults=all_faults)), soft_wrap=True)


def _parts(report: Report, *, all_faults: bool) -> Iterator[RenderableType]:
    yield from _faults(report, all_faults=all_faults)
    yield from _summary(report)
    yield from _verdict(report)


def _table(report: Report, *, wide: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_footer=True)
    table.add_column("dialogue", footer=f"all {len(report.dialogues)}", no_wrap=True)
    for title in ("kind", "in") if wide else ():
        table.add_column(title, no_wrap=True)
    for name in SCORES:
        table.add_column(name[:LETTERS], footer=_value(report.scores[name].mean), justify="right", min_width=LETTERS)
    for dialogue in report.dialogues:
        values = (_value(dialogue.scores[name]) for name in SCORES)
        table.add_row(dialogue.name, *((dialogue.kind, dialogue.language) if wide else ()), *values)
    return table


def _value(share: float | None) -> Text:
    if share is None:
        return Text("-", style="dim")
    style = "green" if share >= PASSING else "yellow" if share >= POOR else "red"
    return Text(f"{share:.2f}", style=style)


def _faults(report: Report, *, all_faults: bool) -> Iterator[str]:
    """The gravest first."""
    said = [(dialogue.name, one) for dialogue in report.dialogues for one in dialogue.said]
    found = [(score, name, one) for score in SCORES for name, one in said if _is_at_fault(one, score)]
    shown = found if all_faults else found[:MOST_FAULTS]
    yield from (_fault(*one) for one in shown)
    if len(shown) < len(found):
        yield f"... and {len(found) - len(shown)} more: --all-faults shows them, --json FILE has whole answers"


def _is_at_fault(said: Said, score: str) -> bool:
    return score in said.marks and said.marks[score].value < ENOUGH


def _fault(score: str, name: str, said: Said) -> str:
    mark, excerpt = said.marks[score], " ".join((said.answer or "").split())
    excerpt = excerpt if len(excerpt) <= EXCERPT else f"{excerpt[:EXCERPT]}…"
    quoted = f'\n    [dim]"{escape(excerpt)}"[/dim]' if excerpt else ""
    return f"[bold]{name}[/bold] {score} {mark.value:.2f}: {escape(mark.fault)}{quoted}"


def _summary(report: Report) -> Iterator[str]:
    answers, played = report.scores["answered"].answers, len(report.dialogues)
    yield ""
    yield f"{played} of {report.wanted} dialogues, {answers} answers in {report.seconds:.1f} s, {report.phase}"
    yield _line("written by", ", ".join(f"{model} x {count}" for model, count in report.models.items()) or "nobody")
    if report.questions_per_answer is not None:
        yield _line(
            "an answer", f"{report.questions_per_answer:.2f} questions (aim: 1), {report.words_per_answer:.0f} words"
        )
    for title, spread in (("first token", report.first_token_ms), ("whole answer", report.answer_ms)):
        if spread is not None:
            yield _line(title, f"p50 {spread['p50']:,.0f} ms, p95 {spread['p95']:,.0f} ms, max {spread['max']:,.0f} ms")
    yield ""
    for name, meaning in SCORES.items():
        total = report.scores[name]
        if total.mean is not None:
            yield _line(name, f"{total.mean:.3f} of {total.answers:,} answers, {total.faults:,} at fault: {meaning}")


def _line(title: str, text: str) -> str:
    return f"{title:14}{escape(text)}"


def _verdict(report: Report) -> Iterator[str]:
    yield ""
    for failure in report.failures:
        yield f"[red]FAILED[/red] {escape(failure)}"
    if not report.failures:
        yield "[green]PASSED[/green]" if report.phase == "done" else f"{report.phase}: nothing is under its threshold"
