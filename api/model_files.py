"""What `lyo-rt model pull` and `lyo-rt model verify` do, and what is seen of it meanwhile."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TextIO

import anyio
import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from lyo_rt.models.address import shown
from lyo_rt.models.artifact import Artifact, sha256
from lyo_rt.models.pull import pull
from lyo_rt.models.records import ArtifactFault, Condition, size
from lyo_rt.models.sources import artifact_of, open_source
from lyo_rt.settings import Settings

TRIES = 8
"""Without a byte, until somebody who waits at a terminal is told that it does not work: about a minute."""
LOOK_SECONDS = 0.2
PLAIN_SECONDS = 5.0


async def pull_model(settings: Settings) -> str:
    """Have the model of the settings in its place; the line that says so. Raises ArtifactFault."""
    artifact = artifact_of(settings)
    if artifact is None or settings.model_source is None:
        raise ArtifactFault("not_found", "MODEL_SOURCE and MODEL_CHECKSUM say what to pull; they are not set")
    name = shown(settings.model_source)
    async with _watched(artifact.pulled):
        new = await pull(artifact, open_source(settings), name, tries=TRIES)
    return f"{artifact.path} {'is ready' if new else 'was there already'} ({_length(artifact)}, SHA-256 is right)"


async def verify_model(settings: Settings) -> str:
    """Compare the model in its place with its checksum; the line that says it is right. Raises ArtifactFault."""
    artifact = artifact_of(settings)
    if artifact is None:
        raise ArtifactFault("not_found", "MODEL_CHECKSUM and MODEL_PATH or MODEL_SOURCE name the model; set them")
    done, total = 0, artifact.stamp()

    def told(count: int) -> None:
        nonlocal done
        done = count

    async with _watched(lambda: Condition("verifying", done, total[1] if total else None)):
        try:
            found = await sha256(artifact.path, told)
        except FileNotFoundError:
            raise ArtifactFault("not_found", f"there is no model at {artifact.path}") from None
        except OSError as fault:
            raise ArtifactFault("storage", f"{artifact.path} cannot be read: {fault.strerror}") from None
    if found != artifact.checksum:
        raise ArtifactFault("checksum", f"{artifact.path} is not the model: its SHA-256 is {found}")
    return f"{artifact.path} is right ({_length(artifact)}, SHA-256 {found})"


@asynccontextmanager
async def _watched(condition: Callable[[], Condition]) -> AsyncIterator[None]:
    """Shows the condition while the block runs: a bar on a terminal, else a line at times; on standard error."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_bar if sys.stderr.isatty() else _lines, condition, sys.stderr)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _bar(condition: Callable[[], Condition], out: TextIO) -> None:
    columns = (BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description:9}"), *columns, console=Console(file=out), transient=True) as bar:
        task = bar.add_task("", total=None)
        while True:
            now = await anyio.to_thread.run_sync(condition)
            bar.update(task, description=now.state, completed=now.received, total=now.total)
            await anyio.sleep(LOOK_SECONDS)


async def _lines(condition: Callable[[], Condition], out: TextIO) -> None:
    while True:
        await anyio.sleep(PLAIN_SECONDS)
        now = await anyio.to_thread.run_sync(condition)
        of = f" of {size(now.total)}" if now.total else ""
        trouble = f"; {now.detail}" if now.detail else ""
        click.echo(f"{now.state}: {size(now.received)}{of}{trouble}", file=out)


def _length(artifact: Artifact) -> str:
    stamp = artifact.stamp()
    return size(stamp[1] if stamp else 0)
