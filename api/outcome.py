"""What programs that run for a while share: one line for what cannot begin, Ctrl-C with a report, a report as JSON."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import IO, Any

import anyio
import click
import msgspec

PASSED, FAILED, UNREADY, INTERRUPTED = 0, 1, 2, 130


class Unready(Exception):
    """A run cannot begin; the text is one line that says why."""


class OneLine(click.ClickException):
    """A fault of the command line or of what it names."""

    exit_code = UNREADY

    def show(self, file: object = None) -> None:  # noqa: ARG002  always on standard error
        click.echo(f"lyo-rt: {self.message}", err=True)


class OneLineCommand(click.Command):
    """A command whose usage errors are one line each."""

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Raises OneLine."""
        try:
            return super().make_context(*arguments, **extra)
        except click.UsageError as fault:
            raise OneLine(fault.format_message()) from None


@contextmanager
def opened(target: str | None) -> Iterator[IO[Any] | None]:
    """Where a report is written (`-`: standard output), opened before anything is begun. Raises Unready."""
    try:
        file = None if target is None else click.open_file(target, "w", encoding="utf-8")
    except OSError as fault:
        raise Unready(f"--json: {fault.strerror}: {target}") from None
    with file or nullcontext():
        yield file


def write(out: IO[Any] | None, report: msgspec.Struct) -> None:
    """The report, if it is wanted."""
    if out is not None:
        out.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")


async def interrupting(interrupt: Callable[[], None]) -> None:
    """The first signal ends a run with its report; the second is not waited for, and ends the program."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            interrupt()
            return
