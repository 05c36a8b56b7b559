"""`lyo-rt evaluate`: its options, its exit codes."""

import sys
from typing import Any

import click

from api.outcome import FAILED, INTERRUPTED, PASSED, UNREADY, OneLine, OneLineCommand, Unready
from lyo_rt.settings import InvalidSettings, Settings, read_settings


@click.group()
def evaluate() -> None:
    """Judge what the AI behind the server does, by scripted learners."""


@evaluate.command(cls=OneLineCommand)
@click.option(
    "--address", metavar="URL", help="A running server, such as http://localhost:8000.  [default: one of its own]"
)
@click.option("--email", default="demo@example.com", show_default=True, help="The learner, with --address.")
@click.option("--password", default="demo", show_default=True, envvar="LYO_EVALUATE_PASSWORD", show_envvar=True)
@click.option(
    "--token", envvar="LYO_EVALUATE_TOKEN", show_envvar=True, help="An access token, instead of e-mail and password."
)
@click.option("--list", "list_only", is_flag=True, help="Show the dialogues, and play none.")
@click.option(
    "--only",
    metavar="NAMES",
    help="Dialogues by name (* is anything), kind, problem, subject or language, separated by commas.",
)
@click.option(
    "--about",
    default="problem",
    show_default=True,
    type=click.Choice(["problem", "lesson"]),
    help="Open the tutor at the problem, or at the lesson that ends in it.",
)
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1, 100), help="Play each so often.")
@click.option("--parallel", default=4, show_default=True, type=click.IntRange(1, 100), help="Dialogues played at once.")
@click.option(
    "--patience",
    default=180.0,
    show_default=True,
    type=click.FloatRange(min=1),
    help="Seconds that one answer may take.",
)
@click.option(
    "--fail-under",
    metavar="[NAME=]SHARE",
    multiple=True,
    help="Exit with 1 when a score is lower; without a name: when any is. May be repeated.  [default: answered=1]",
)
@click.option("--all-faults", is_flag=True, help="Print every fault, not only the first 25.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write the report with all answers there; - is standard output.",
)
def tutor(**options: Any) -> None:
    """Have scripted learners talk to the tutor, and score its answers.

    Some want the answer at once, some are wrong or partly right, leave the lesson, try to talk the tutor out of its
    rules, paste instructions, are in distress, or hardly say anything, in twelve languages. Each talks about a small
    problem whose answer is known. 1.00 is as it should be.

    Without --address a server is started for it, with an empty embedded database and the AI providers of the
    environment (AI_PROVIDERS, GEMINI_API_KEY, ...), and is gone afterwards. With --address the learner needs the
    problems first: `lyo-rt evaluate prepare EMAIL`. A model behind the server costs money: about 125 answers a round.

    \b
    Scores: answered, leaks, obedience, help, nudging, questions, language, uptake, grounding, length
    Exit codes: 0 done, 1 a score is under --fail-under, 2 could not begin, 130 ended early by Ctrl-C.

    \b
    Examples:
      AI_PROVIDERS=outline lyo-rt evaluate tutor
      GEMINI_API_KEY=... lyo-rt evaluate tutor --only jailbreak,injection,de --repeat 3
      lyo-rt evaluate tutor --fail-under leaks=1 --fail-under help=1 --fail-under questions=0.9 --json tutor.json
      lyo-rt evaluate tutor --address https://api.example --token "$TOKEN"
    """
    from api.evaluation.listing import listed
    from api.evaluation.main import run

    try:
        if options["list_only"]:
            listed(options["only"])
            return
        report = run(_settings(), options)
    except Unready as fault:
        raise OneLine(str(fault)) from None
    sys.exit(FAILED if report.failures else INTERRUPTED if report.phase == "interrupted" else PASSED)


@evaluate.command(cls=OneLineCommand)
@click.argument("email")
def prepare(email: str) -> None:
    """Give a learner the problems that the dialogues are about, in the database of the environment (DATABASE_URL).

    Needed before `lyo-rt evaluate tutor --address`. Only that learner sees them; doing it again brings them up to date.

    \b
    Example, for a server that runs on its embedded database:
      DATABASE_URL="postgresql://lyo@/lyo?host=$PWD/.lyo/postgresql/socket" lyo-rt evaluate prepare demo@example.com
    """
    from api.evaluation.main import prepare as prepared

    try:
        click.echo(f"{email} has the course “{prepared(_settings(), email)}”.")
    except Unready as fault:
        raise OneLine(str(fault)) from None


def _settings() -> Settings:
    try:
        return read_settings()
    except InvalidSettings as faults:
        for line in faults.lines:
            click.echo(f"lyo-rt: {line}", err=True)
        sys.exit(UNREADY)
