"""`lyo-rt keys`: new keys for tokens and for sealed columns, and what is stored carried over to them."""

import secrets
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import anyio
import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.embedded.postgresql import embedded_database
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KEY_BYTES
from lyo_rt.security.reencryption import SealedTable, count_due, reencrypt, sealed_tables
from lyo_rt.security.rotation import rotate
from lyo_rt.security.secrets import ENCRYPTION, SECRETS, SIGNING, Secret, forget, given, read_ring, recognise
from lyo_rt.settings import Settings
from migrations.tables import all_tables

PLAIN_SECONDS = 5.0
AFTER = {
    SIGNING: "the former ones verify until the last token they signed has ended",
    ENCRYPTION: "`lyo-rt keys reencrypt` then carries over what is stored",
}


class Unfinished(Exception):
    """Rows are left that do not open; the text is one line."""


def rotate_keys(settings: Settings, only: str | None) -> list[str]:
    """A new key for each secret, or for the one recorded as `only`; lines that say what was done and what is to do.

    Raises InvalidSettings when a key file cannot be used.
    """
    now = SystemClock().now().timestamp()
    chosen = [secret for secret in SECRETS if only in (None, secret.recorded)]
    return [line for secret in chosen for line in _rotated(settings, secret, now)]


def _rotated(settings: Settings, secret: Secret, now: float) -> list[str]:
    if given(settings, secret) is None:
        since = rotate(settings, secret, now).since or now
        at = datetime.fromtimestamp(since, UTC).strftime("%H:%M:%S UTC")
        return [f"{secret.file}: the new key is used from {at} on; {AFTER[secret]}"]
    new, name = secrets.token_urlsafe(KEY_BYTES), secret.variable
    return [
        f"{name} is set in the environment and has to be changed there, in two steps, each on every instance:",
        f"  1. {name}=<present value>,{new}",
        f"  2. {name}={new},<present value>; {AFTER[secret]}",
    ]


async def reencrypt_all(settings: Settings) -> str:
    """Every sealed value under the present key; the line that says so. May be broken off, and begun again.

    Raises Unfinished when rows do not open, InvalidSettings when the keys are not those of the database.
    """
    ring, clock = await read_ring(settings, ENCRYPTION), SystemClock()
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if url is None:
            url = await stack.enter_async_context(embedded_database(settings.lyo_data_dir))
        database = await stack.enter_async_context(
            Database.open(url, InProcessBroadcast(clock), cipher=Cipher(ring, clock), pool_max=2)
        )
        await recognise(database, ENCRYPTION, ring, settings)
        await _used(next(iter(ring)).since, clock)
        tables = sealed_tables(all_tables().tables.values())
        count = await _carried(database, tables)
        present = ring.current(clock.now().timestamp())
        former = [key.fingerprint for key in ring if key.id != present.id]
        await forget(database, ENCRYPTION, former)
    kept = "; keep the former keys as long as backups that need them" if former else ""
    return f"{count} rows carried over; everything is sealed with the key {present.id}{kept}"


async def _used(since: float | None, clock: SystemClock) -> None:
    """Waits until the newest key is used everywhere."""
    wait = (since or 0) - clock.now().timestamp()
    if wait > 0:
        click.echo(f"waiting {wait:.0f} s until every server knows the new key", err=True)
        await anyio.sleep(wait)


async def _carried(database: Database, tables: list[SealedTable]) -> int:
    count = 0

    def done(more: int) -> None:
        nonlocal count
        count += more

    async with _watched(await count_due(database, tables), lambda: count):
        left = await reencrypt(database, tables, done)
    if left:
        raise Unfinished(f"{left} rows do not open and stay as they are; the log names them. {count} were carried over")
    return count


@asynccontextmanager
async def _watched(total: int, done: Callable[[], int]) -> AsyncIterator[None]:
    """Shows how far it is while the block runs: a bar on a terminal, else a line at times; on standard error."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_bar if sys.stderr.isatty() else _lines, total, done)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _bar(total: int, done: Callable[[], int]) -> None:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(TextColumn("sealing"), *columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        while True:
            bar.update(task, completed=done())
            await anyio.sleep(0.2)


async def _lines(total: int, done: Callable[[], int]) -> None:
    while True:
        await anyio.sleep(PLAIN_SECONDS)
        click.echo(f"sealing: {done()} of {total}", err=True)
