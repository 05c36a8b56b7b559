"""A report for reading, at most 80 columns wide."""

from collections.abc import Iterator, Mapping

import click

from api.load.histogram import Quantiles
from api.load.plan import FAULTS
from api.load.report import Report
from api.load.tally import LATENCIES

WIDTH = 80
TITLE = 40
BUSY_SHARE = 0.8
LEGEND = """\
Frames are timed here, when the client has merged them. `stored at to told` is
measured only where the server's clock is this machine's. `first watcher to last
watcher` is how long one event takes to reach all sessions here that were live.
`resume` holds the client's back-off: a random time up to 0.25 s, twice as much
after each loss within ten seconds. Bytes are those of the frames."""


def rendered(report: Report) -> str:
    """The whole table, coloured: click.echo leaves that out where there is no terminal."""
    return "\n".join([*_head(report), "", *_latencies(report), "", *_counts(report), "", *_verdict(report)])


def _head(report: Report) -> Iterator[str]:
    plan, roles = report.options, report.sessions.roles
    first, *others = report.addresses
    yield f"lyo-rt load {first}{f' and {len(others)} more' if others else ''}"
    of_each = ", ".join(f"{count:,} {role}" for role, count in roles.items() if count)
    yield f"{plan.sessions:,} sessions ({of_each}), {report.phase} after {report.seconds:.1f} s"


def _latencies(report: Report) -> Iterator[str]:
    yield f"{'milliseconds':{TITLE}}{'count':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}"
    for name, title in LATENCIES.items():
        if (found := report.latencies_ms[name]) is not None:
            yield _row(title, found)


def _row(title: str, found: Quantiles) -> str:
    values = (found.p50, found.p95, found.p99, found.max)
    return f"{title:{TITLE}}{_short(found.count):>8}" + "".join(f"{number(value):>8}" for value in values)


def _counts(report: Report) -> Iterator[str]:
    sessions, counts, harness, seconds = report.sessions, report.counts, report.harness, max(report.seconds, 1e-3)
    yield _line(
        "sessions",
        f"{sessions.connected:,} connected, {number(sessions.connects_per_second)} a second; {sessions.up:,} up now",
    )
    if counts["tasks_begun"]:
        yield _line("tasks", f"{counts['tasks_begun']:,} kicked off, {counts['tasks_done']:,} DONE")
    if counts["answers_begun"]:
        again = f", {counts['replaced']:,} begun anew" if counts["replaced"] else ""
        yield _line("answers", f"{counts['answers_begun']:,} begun, {counts['answers_ended']:,} ended{again}")
    rates = (f"{counts[name]:,} {name} ({number(counts[name] / seconds)} a second)" for name in ("events", "pieces"))
    yield _line("told", ", ".join(rates))
    yield _line("bytes", f"{_bytes(counts['bytes_in'])} in, {_bytes(counts['bytes_out'])} out")
    yield _line("links", f"{counts['cuts']:,} cut, {counts['resumes']:,} resumed; lost by code: {_each(report.closes)}")
    if report.failed_tries:
        yield _line("tries", f"failed by code: {_each(report.failed_tries)}")
    yield _line(
        "on the wire", f"{counts['frames_repeated']:,} frames repeated, {counts['gaps_repaired']:,} gaps repaired"
    )
    yield _line("faults", ", ".join(f"{name} {report.faults[name]:,}" for name in FAULTS))
    if report.refusals:
        yield _line("refused", _each(report.refusals))
    lag = f", event loop late by {number(harness.lag_ms.p99)} ms (p99)" if harness.lag_ms else ""
    yield _line("this side", f"{harness.cpu_share:.0%} of a core, {harness.memory_mib:,.0f} MiB{lag}")


def _verdict(report: Report) -> Iterator[str]:
    if report.harness.cpu_share > BUSY_SHARE:
        yield "This side was busy: a part of the latencies is its own. Fewer sessions, or several processes."
    for failure in report.failures:
        yield f"{click.style('FAILED', fg='red')} {failure}"
    if not report.failures:
        yield click.style("PASSED", fg="green") if report.phase == "done" else f"{report.phase}: nothing has failed"


def _line(title: str, text: str) -> str:
    """Folded at WIDTH, behind the title."""
    lines, start = [""], " " * 12
    for part in text.split(", "):
        if len(start) + len(lines[-1]) + len(part) + 2 > WIDTH:
            lines.append("")
        lines[-1] += f", {part}" if lines[-1] else part
    return f"{title:12}" + f",\n{start}".join(lines)


def _each(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} x {count:,}" for name, count in found.items()) or "none"


def number(value: float) -> str:
    """Three figures that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _short(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"
