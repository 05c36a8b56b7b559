"""The model's process, seen from the server: started, awaited until it has loaded, ended."""

import importlib.util
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec

from lyo_rt.embedded.guarded import Guarded, guard
from lyo_rt.language_models.gemma.messages import Loaded, Message, Refused, Weighed
from lyo_rt.models.records import ArtifactFault, Memory

WORKER = "lyo_rt.language_models.gemma.worker"


class Running(msgspec.Struct, frozen=True):
    """How a model is run: tokens of a request and its answer, answers at once, threads (None: one less than there are
    processors)."""

    context: int
    parallel: int
    threads: int | None = None


class ModelProcess:
    """A process that has loaded its model: an OpenAI-compatible server at `address` for who has `key`."""

    def __init__(self, loaded: Loaded, guarded: Guarded) -> None:
        self.address = loaded.address
        self.key = loaded.key
        self._guarded = guarded

    async def ended(self) -> str:
        """Waits until the process ends though nobody stopped it; one line that says why. One waiter only."""
        return await self._guarded.ended()


def can_run() -> bool:
    """Whether the extra `gemma` is installed."""
    return all(importlib.util.find_spec(name) for name in ("xllamacpp", "psutil"))


@asynccontextmanager
async def model_process(
    model: Path, name: str, how: Running, log: Path, weighed: Callable[[Memory], None]
) -> AsyncIterator[ModelProcess]:
    """The model `name` in a process of its own, while the block runs; it ends with this process too, however that dies.

    `weighed` is told what the model needs before it is loaded. Raises ArtifactFault: memory, unloadable, crashed.
    """
    reading, writing = os.pipe()
    try:
        guarded = await anyio.to_thread.run_sync(_start, model, name, how, log, writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        try:
            loaded = await _loaded(reading, guarded, weighed)
        finally:
            os.close(reading)
        yield ModelProcess(loaded, guarded)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(guarded.stop)


def _start(model: Path, name: str, how: Running, log: Path, report: int) -> Guarded:
    threads = how.threads or max(1, (os.cpu_count() or 2) - 1)
    log.parent.mkdir(parents=True, exist_ok=True)
    options = {"name": name, "context": how.context, "parallel": how.parallel, "threads": threads, "report": report}
    named = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return guard("the model", [sys.executable, "-m", WORKER, model, *named], log, keep=report)


async def _loaded(report: int, guarded: Guarded, weighed: Callable[[Memory], None]) -> Loaded:
    async for message in _messages(report):
        match message:
            case Weighed(memory):
                weighed(memory)
            case Refused(reason, detail):
                raise ArtifactFault(reason, detail)
            case Loaded():
                return message
    raise ArtifactFault("crashed", await guarded.ended())


async def _messages(report: int) -> AsyncGenerator[Message, None]:
    """What comes from the pipe until nobody writes to it any more."""
    decoder = msgspec.json.Decoder(Message)
    waiting = b""
    while True:
        await anyio.wait_readable(report)
        if not (data := os.read(report, 4096)):
            return
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            yield decoder.decode(line)
