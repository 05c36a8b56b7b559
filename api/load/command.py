"""`lyo-rt load`: its options, its exit codes."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from api.outcome import FAILED, INTERRUPTED, PASSED, OneLine, OneLineCommand, Unready

AT_LEAST_0 = click.FloatRange(min=0)


@click.command(cls=OneLineCommand)
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--sessions", default=100, show_default=True, type=click.IntRange(1), help="Persistent sessions in all.")
@click.option(
    "--ramp", default=5.0, show_default=True, type=AT_LEAST_0, help="Seconds over which they connect; 0: at once."
)
@click.option(
    "--tasks",
    type=click.IntRange(0),
    help="Sessions that have a course generated, and follow that.  [default: 5, at most a quarter of all]",
)
@click.option(
    "--watchers",
    type=click.IntRange(0),
    help="Sessions that follow those generations too.  [default: one a task, if there are sessions left]",
)
@click.option(
    "--tutors",
    type=click.IntRange(0),
    help="Sessions that ask the tutor again and again.  [default: 10, at most a quarter of all]",
)
@click.option(
    "--duration",
    default=30.0,
    show_default=True,
    type=AT_LEAST_0,
    help="Seconds from the ramp's end to the last question.",
)
@click.option(
    "--kill",
    default=0.0,
    show_default=True,
    type=AT_LEAST_0,
    help="TCP connections cut a second; their sessions resume.",
)
@click.option(
    "--think",
    default=1.0,
    show_default=True,
    type=AT_LEAST_0,
    help="Seconds from an answer to the next question, 0.6 at least.",
)
@click.option(
    "--patience",
    default=60.0,
    show_default=True,
    type=AT_LEAST_0,
    help="Seconds that what is left over at the end may take.",
)
@click.option("--email", default="demo@example.com", show_default=True, help="Whose sessions they are.")
@click.option("--password", default="demo", show_default=True, envvar="LYO_LOAD_PASSWORD", show_envvar=True)
@click.option(
    "--token", envvar="LYO_LOAD_TOKEN", show_envvar=True, help="An access token, instead of e-mail and password."
)
@click.option("--msgpack", is_flag=True, help="Speak lyo.v1.msgpack instead of JSON.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write the report there; - is standard output.",
)
@click.option("--fail-on", metavar="NAMES", help="What exit code 1 is for, by name.  [default: all but drops]")
@click.option(
    "--limit",
    "limits",
    metavar="NAME=MS",
    multiple=True,
    help="A latency that must not be above, such as token.p99=200.",
)
def load(urls: Sequence[str], **options: Any) -> None:
    """Put a load of WebSocket sessions on running servers, and see that nothing is lost or told twice.

    All sessions are one learner's, signed in once. They take the URLs in turn, and the next one after a loss. Courses
    and conversations that are made stay in that learner's account.

    \b
    --fail-on takes names of faults: gaps,repeats,lost,texts,unfinished,failed,sessions,errors,drops
    Exit codes: 0 passed, 1 failed, 2 could not begin, 130 ended early by Ctrl-C.

    \b
    Examples:
      lyo-rt load http://localhost:8000
      lyo-rt load http://localhost:8000 --sessions 5000 --ramp 30 --kill 20 --json load.json
      lyo-rt load http://localhost:8001 http://localhost:8002 --tutors 50 --limit token.p99=200
    """
    from api.load.main import run

    try:
        report = run(urls, options)
    except Unready as fault:
        raise OneLine(str(fault)) from None
    sys.exit(FAILED if report.failures else INTERRUPTED if report.phase == "interrupted" else PASSED)
