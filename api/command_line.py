"""The program `lyo-rt`: what an operator types. Faults of the configuration are one line each, exit code 2."""

import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar, cast, get_args

import anyio
import click

from api.evaluation.command import evaluate
from api.load.command import load
from lyo_rt.settings import InvalidSettings, Settings, read_settings

if TYPE_CHECKING:
    from lyo_rt.security.tokens import UserType

Result = TypeVar("Result")

BAD_SETTINGS = 2
FAILED = 1


class Failed(click.ClickException):
    """What was asked for could not be done; the text is one line."""

    exit_code = FAILED

    def show(self, file: object = None) -> None:  # noqa: ARG002  always on standard error
        click.echo(f"lyo-rt: {self.message}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """The server behind the Lyo learning app: courses written by AI, a Socratic tutor over a live WebSocket.

    Everything is configured by environment variables; the README lists them. Without any, `lyo-rt serve` runs on
    http://127.0.0.1:8000 with a PostgreSQL of its own.
    """


@main.command()
def serve() -> None:
    """Run the server until Ctrl-C or SIGTERM.

    Starts an embedded PostgreSQL when DATABASE_URL is not set (its data is kept under LYO_DATA_DIR), migrates the
    database, loads the demo data in development, and prints where it listens.

    \b
    Examples:
      lyo-rt serve
      PORT=8100 LOG_LEVEL=DEBUG lyo-rt serve
      DATABASE_URL=postgresql://lyo:secret@db:5432/lyo lyo-rt serve
    """
    settings = _settings()
    from api.server import run

    sys.exit(run(settings))


@main.command()
@click.option(
    "--down",
    metavar="REVISION",
    help="Go back to REVISION (`base`: before the first one). What newer versions stored is lost.",
)
def migrate(down: str | None) -> None:
    """Bring the database to the version this program knows.

    `lyo-rt serve` does it by itself at every start; this is for doing it beforehand, or for going back. Several
    instances may do it at once: one migrates, the others wait.

    \b
    Examples:
      lyo-rt migrate
      lyo-rt migrate --down 2026_11_21_0200
    """
    settings = _settings()
    click.echo(_run(lambda: _migrate(settings, down)))


@main.command()
def seed() -> None:
    """Load the demo data: two learners, two finished courses.

    Loading it again changes nothing. In production it is refused.
    """
    settings = _settings()
    from api.server import StartFault
    from api.server import seed as load

    _run(lambda: load(settings), StartFault)


@main.command()
def openapi() -> None:
    """Print the OpenAPI document of the REST API, as JSON.

    \b
    Example:
      lyo-rt openapi > openapi.json
    """
    from api.app import openapi_json

    click.echo(openapi_json())


@main.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of the WebSockets, as JSON.

    \b
    Example:
      lyo-rt asyncapi > asyncapi.json
    """
    from api.asyncapi_document import asyncapi_json

    click.echo(asyncapi_json())


@main.group()
def model() -> None:
    """The Gemma model that this server runs itself: fetch it, check it.

    MODEL_SOURCE says where it comes from, MODEL_CHECKSUM its SHA-256, MODEL_PATH where it is kept (unset: under
    LYO_DATA_DIR/models). A server pulls by itself at its start; this is for doing it beforehand.
    """


@model.command("pull")
def model_pull() -> None:
    """Fetch the model into its place, and check its SHA-256 before it is put there.

    What has come stays after Ctrl-C or a lost connection, and the next pull goes on with it. While another process
    pulls the same model, its progress is shown.

    \b
    Examples:
      lyo-rt model pull
      MODEL_SOURCE=s3://models/gemma-3-4b.gguf MODEL_CHECKSUM=… lyo-rt model pull
    """
    _model("pull")


@model.command("verify")
def model_verify() -> None:
    """Compare the model in its place with MODEL_CHECKSUM; exit code 1 when it is absent or another.

    \b
    Example:
      lyo-rt model verify
    """
    _model("verify")


@main.group()
def users() -> None:
    """Accounts, as only an operator may change them.

    Everything else about accounts is done over the API, by those whose role allows it.
    """


@users.command("promote")
@click.argument("email")
@click.argument("role")
def promote(email: str, role: str) -> None:
    """Give the account of EMAIL a ROLE: student, teacher, admin or super_admin.

    This is how the first super admin is made; super admins give all other roles over the API. It works while the
    server runs, and counts within a second. The last super admin cannot lose the role.

    \b
    Example:
      lyo-rt users promote ada@example.com super_admin
    """
    settings = _settings()
    from api.promotion import promote as give
    from lyo_rt.problems import Conflict, NotFound
    from lyo_rt.security.tokens import UserType

    roles = get_args(UserType)
    if role not in roles:
        raise click.BadParameter(f"must be one of {', '.join(roles)}", param_hint="ROLE")
    click.echo(_run(lambda: give(settings, email, cast("UserType", role)), NotFound, Conflict))


@main.group()
def keys() -> None:
    """The keys that sign access tokens (JWT_SECRET_KEY) and seal what learners write (DATA_ENCRYPTION_KEYS)."""


@keys.command("rotate")
@click.option("--only", type=click.Choice(["jwt", "data"]), help="The keys of tokens, or of data; both without it.")
def keys_rotate(only: str | None) -> None:
    """Put a new key on top of each ring in LYO_DATA_DIR.

    Running servers take it up by themselves and use it a minute later; nobody is signed out. A ring that the
    environment gives is changed there: what to set is printed.

    \b
    Examples:
      lyo-rt keys rotate
      lyo-rt keys rotate --only jwt
    """
    settings = _settings()
    from api.keys_command import rotate_keys

    for line in _mended(lambda: rotate_keys(settings, only)):
        click.echo(line)


@keys.command("reencrypt")
def keys_reencrypt() -> None:
    """Seal everything with the present data key: what was sealed with a former one, and what is not sealed yet.

    Servers may run meanwhile. After Ctrl-C what is done stays done, and the next run goes on with the rest.

    \b
    Example:
      lyo-rt keys rotate --only data && lyo-rt keys reencrypt
    """
    settings = _settings()
    from api.keys_command import Unfinished, reencrypt_all
    from api.logs import configure_logs

    configure_logs(settings)
    try:
        click.echo(_mended(lambda: _run(lambda: reencrypt_all(settings), Unfinished)))
    except KeyboardInterrupt:
        raise Failed("broken off; what is done stays done, and the next run goes on with the rest") from None


main.add_command(load)
main.add_command(evaluate)


def _model(what: str) -> None:
    settings = _settings()
    from api.logs import configure_logs
    from api.model_files import pull_model, verify_model
    from lyo_rt.models.records import ArtifactFault

    configure_logs(settings)
    work = pull_model if what == "pull" else verify_model
    click.echo(_run(lambda: work(settings), ArtifactFault))


def _settings() -> Settings:
    return _mended(read_settings)


def _mended(work: Callable[[], Result]) -> Result:
    """The result of `work`; faults of the settings are told, one a line."""
    try:
        return work()
    except InvalidSettings as faults:
        for line in faults.lines:
            click.echo(f"lyo-rt: {line}", err=True)
        sys.exit(BAD_SETTINGS)


def _run(work: Callable[[], Awaitable[Result]], *mendable: type[Exception]) -> Result:
    """Runs `work` on an event loop of its own; what an operator can mend becomes one line, exit code 1."""
    from actors.crashes import faults
    from lyo_rt.database.migrate import MigrationFault
    from lyo_rt.embedded.guarded import EmbeddedFault
    from lyo_rt.problems import Unavailable

    known: tuple[type[Exception], ...] = (MigrationFault, EmbeddedFault, *mendable)
    known_in_group: tuple[type[Exception], ...] = (*known, ExceptionGroup)
    try:
        return anyio.run(work, backend_options={"use_uvloop": True})
    except Unavailable as fault:
        raise Failed(f"DATABASE_URL: {fault.detail}") from None
    except known_in_group as raised:
        met = faults(raised)
        if not all(isinstance(fault, known) for fault in met):
            raise
        raise Failed("; ".join(str(fault) for fault in met)) from None


async def _migrate(settings: Settings, down: str | None) -> str:
    from lyo_rt.database.migrate import downgrade, upgrade, version
    from lyo_rt.embedded.postgresql import embedded_postgresql

    async with AsyncExitStack() as stack:
        url = settings.database_url
        if url is None:
            url = (await stack.enter_async_context(embedded_postgresql(settings.lyo_data_dir))).url()
        if down is not None:
            await downgrade(url, down)
            return f"The database is back at {await version(url) or 'base'}."
        changed = await upgrade(url)
        return f"The database is {'now' if changed else 'already'} at {await version(url)}."


if __name__ == "__main__":
    main()
