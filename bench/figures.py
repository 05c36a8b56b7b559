"""Figures of a run: lines with a ratio and a bar, as a table and as JSON."""

import statistics
from collections.abc import Sequence
from typing import Literal

import msgspec

Best = Literal["higher", "lower"]
AHEAD = 1.0
"""The bar of every line that has no other: not behind the opponent."""


Figures = dict[str, float]
"""What one round found on one side, by the title of the measure."""


class Measure(msgspec.Struct, frozen=True):
    """What is measured, and what is asked of it."""

    title: str
    unit: str
    best: Best
    bar: float = AHEAD
    """How many times better ours must be; 0 where only the limit counts."""
    limit: float | None = None
    """What ours must not be above ("lower") or below ("higher")."""


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A measure with what both sides reached; None for a side that did not do the job, or not whole."""

    group: str
    title: str
    unit: str
    best: Best
    ours: float | None
    theirs: float | None
    bar: float = AHEAD
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better ours is; below 1 it is behind. None where there is nothing to divide: a difference may
        be below 0."""
        if self.ours is None or self.theirs is None or min(self.ours, self.theirs) < 0:
            return None
        better, worse = (self.ours, self.theirs) if self.best == "higher" else (self.theirs, self.ours)
        if better == worse:
            return 1.0
        return better / worse if worse else None

    @property
    def passed(self) -> bool:
        """Whether ratio and limit are met; an opponent that did not do the job is not ahead."""
        if self.ours is None:
            return False
        if self.limit is not None and (self.ours > self.limit if self.best == "lower" else self.ours < self.limit):
            return False
        return self.ratio is None or self.ratio >= self.bar


class Reference(msgspec.Struct, frozen=True):
    """A figure that is no contest: what bare servers do, how busy the load was."""

    title: str
    unit: str
    value: float


class Fault(msgspec.Struct, frozen=True):
    """A round in which a side did not do its job."""

    ours: bool
    text: str


class Report(msgspec.Struct, frozen=True):
    """All of a run."""

    machine: dict[str, object]
    mode: str
    seconds: float
    lines: list[Line]
    references: list[Reference]
    faults: list[Fault]

    @property
    def passed(self) -> bool:
        """Whether every line did, and ours did every job."""
        return all(line.passed for line in self.lines) and not any(fault.ours for fault in self.faults)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(rounds: Sequence[Figures]) -> Figures:
    """The median round, figure by figure."""
    return {title: statistics.median(each[title] for each in rounds) for title in rounds[0]}


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def rendered(report: Report) -> str:
    """The report for reading."""
    rows: list[tuple[str, ...]] = [("", "ours", "opponent", "ratio", "bar", "")]
    group = ""
    for line in report.lines:
        if line.group != group:
            group = line.group
            rows.append((group, "", "", "", "", ""))
        rows.append(_row(line))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    text = [_aligned(row, widths) for row in rows]
    text += ["", "for comparison"]
    text += [f"  {each.title}: {number(each.value)} {each.unit}" for each in report.references]
    text += ["", "not done", *(f"  {fault.text}" for fault in report.faults)] if report.faults else []
    failed = [line.title for line in report.lines if not line.passed]
    verdict = "PASS" if report.passed else "FAIL"
    verdict += f": {len(report.lines) - len(failed)} of {len(report.lines)} lines pass"
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    return "\n".join([*text, "", f"{machine}; {report.mode} run of {report.seconds:.0f} s", verdict])


def _row(line: Line) -> tuple[str, ...]:
    unit = "" if line.unit in line.title else f", {line.unit}"
    bar = "" if line.ratio is None or not line.bar else f">= {line.bar:g}x"
    if line.limit is not None:
        bar += f"{' and ' if bar else ''}{'<=' if line.best == 'lower' else '>='} {number(line.limit)}"
    return (
        f"  {line.title}{unit}",
        "-" if line.ours is None else number(line.ours),
        "-" if line.theirs is None else number(line.theirs),
        "" if line.ratio is None else f"{line.ratio:.2f}x",
        bar,
        "PASS" if line.passed else "FAIL",
    )


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:5], widths[1:5], strict=True))]
    return "  ".join([*cells, row[5]]).rstrip()


def number(value: float) -> str:
    """Three figures that matter."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
