"""What is seen of an evaluation while it goes on: a progress bar; where there is no terminal, a line at times."""

import time
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.evaluation.report import Report

PLAIN_SECONDS = 5.0


class Display:
    """Of one run, on standard error, so that standard output has the result alone; gone when the block is left."""

    def __init__(self, out: TextIO, wanted: int) -> None:
        """`wanted`: dialogues."""
        console = Console(file=out)
        self._console, self._shown_at = console, time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("dialogues"))
        times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        self._progress = Progress(*columns, *times, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("evaluating", total=wanted)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, report: Report) -> None:
        """The run so far."""
        self._progress.update(self._task, completed=len(report.dialogues), description=_state(report))
        if not self._console.is_terminal and time.monotonic() - self._shown_at >= PLAIN_SECONDS:
            self._shown_at = time.monotonic()
            self._console.print(
                f"{report.seconds:6.1f} s  {len(report.dialogues)} of {report.wanted} dialogues, {_state(report)}"
            )


def _state(report: Report) -> str:
    leaks, unanswered = report.scores["leaks"].faults, report.scores["answered"].faults
    return f"{leaks} leaks, {unanswered} unanswered"
