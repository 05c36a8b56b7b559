"""`python -m bench [--quick] [--json FILE]`: ours and the seeds' stack on this machine, in one run."""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from bench.contest import Contest
from bench.extent import FULL, QUICK
from bench.figures import Report, rendered
from bench.machine import Unsuitable, description, raise_descriptor_limit
from bench.opponent import PYTHON

PASSED, FAILED, IMPOSSIBLE = 0, 1, 2


def main() -> int:
    """The exit code: 0 when every bar is met, 1 when one is not, 2 when it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 90 seconds; coarse")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    if not PYTHON.exists():
        sys.stderr.write("bench: the opponent is not installed; run `make bench`\n")
        return IMPOSSIBLE
    # SIGTERM as Ctrl-C: everything that was started is stopped in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    machine = description()

    def say(what: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - began:5.0f} s] {what}\n")
        sys.stderr.flush()

    extent = QUICK if options.quick else FULL
    try:
        raise_descriptor_limit()
        contest = Contest(extent, say)
        with tempfile.TemporaryDirectory(prefix="lyo-bench-") as folder:
            contest.run(Path(folder))
    except Unsuitable as fault:
        sys.stderr.write(f"bench: {fault}\n")
        return IMPOSSIBLE
    except KeyboardInterrupt:
        sys.stderr.write("bench: stopped\n")
        return IMPOSSIBLE
    report = Report(machine, extent.name, time.monotonic() - began, contest.lines, contest.references, contest.faults)
    sys.stdout.write(rendered(report) + "\n")
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(as_json(report)), indent=2))
    return PASSED if report.passed else FAILED


def as_json(report: Report) -> dict[str, object]:
    """The report with each line's ratio and verdict."""
    lines = [{**msgspec.to_builtins(line), "ratio": line.ratio, "passed": line.passed} for line in report.lines]
    return {**msgspec.to_builtins(report), "lines": lines, "passed": report.passed}


if __name__ == "__main__":
    sys.exit(main())
