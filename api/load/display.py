"""What is seen of a run while it goes on: the table, redrawn in place; where there is no terminal, a line at times."""

import shutil
from typing import TextIO

import click

from api.load.report import Report
from api.load.table import WIDTH, number, rendered

TERMINAL_SECONDS = 0.5
PLAIN_SECONDS = 5.0
BAR = 30


class Display:
    """Of one run, on standard error, so that standard output has the result alone."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._drawn = 0
        self._last: Report | None = None

    @property
    def every(self) -> float:
        """Seconds between two reports."""
        return TERMINAL_SECONDS if self._terminal else PLAIN_SECONDS

    def show(self, report: Report) -> None:
        """The run so far."""
        rate = self._rate(report)
        if not self._terminal:
            self._write(f"{report.seconds:6.1f} s  {_state(report)}{rate}\n")
            return
        text = f"{_bar(report)}{rate}\n\n{rendered(report)}"
        columns, rows = shutil.get_terminal_size()
        if columns < WIDTH or rows <= text.count("\n") + 1:
            text = _bar(report)[: columns - 1]
        self.clear()
        self._drawn = text.count("\n") + 1
        self._write(f"{text}\n")

    def clear(self) -> None:
        """Take away what was drawn; plain lines stay."""
        if self._drawn:
            self._write(f"\x1b[{self._drawn}F\x1b[J")
            self._drawn = 0

    def _rate(self, report: Report) -> str:
        """Of events and pieces together, since the last report."""
        last, self._last = self._last, report
        if last is None or report.seconds <= last.seconds:
            return ""
        told = sum(report.counts[name] - last.counts[name] for name in ("events", "pieces"))
        return f"  {number(told / (report.seconds - last.seconds))} frames/s"

    def _write(self, text: str) -> None:
        click.echo(text, file=self._out, nl=False)


def _bar(report: Report) -> str:
    plan = report.options
    share = min(1.0, report.seconds / max(plan.ramp + plan.duration, 1e-3))
    left = max(0.0, plan.ramp + plan.duration - report.seconds)
    filled = round(BAR * share)
    return f"[{'#' * filled}{'-' * (BAR - filled)}] {share:4.0%}  {report.phase}, {left:.0f} s left"


def _state(report: Report) -> str:
    sessions, counts = report.sessions, report.counts
    return (
        f"{report.phase}: {sessions.up} of {sessions.wanted} sessions up, tasks {counts['tasks_done']} of "
        f"{counts['tasks_begun']}, answers {counts['answers_ended']} of {counts['answers_begun']}, "
        f"{counts['cuts']} cut, {sum(report.faults.values()) - report.faults['drops']} faults"
    )
