"""The `gemma` provider, wherever the model runs."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

import anyio
import anyio.to_thread

from lyo_rt.language_models.chat_completions import StreamOptions
from lyo_rt.language_models.drafts import Reply
from lyo_rt.language_models.gemma.process import ModelProcess, Running, model_process
from lyo_rt.language_models.openai import OpenAI
from lyo_rt.language_models.port import UNMETERED, Draft, Meter, ModelFault, TextSink, Usage, Written
from lyo_rt.language_models.prompts import Prompt
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import StructuredTask, TutorTask
from lyo_rt.models.records import Memory

NAME = "gemma"
WAITING = 4
"""Requests that may wait for each that the model is writing."""
BUSY_SECONDS = 5.0
"""After which it makes sense to ask a busy model again."""
NOT_READY_SECONDS = 15.0


class GemmaServer(OpenAI):
    """Gemma behind a server that speaks OpenAI's chat completions.

    Documents are streamed too: llama.cpp ends what it streams when the reader goes, but writes a whole answer on.
    """

    name = NAME
    # of regular expressions llama.cpp knows a part only; lengths it takes
    omits = frozenset({"pattern"})
    # llama.cpp closes after a streamed answer without saying so: the next request would at times meet that
    headers = MappingProxyType({"connection": "close"})

    async def _ask(self, prompt: Prompt, received: Callable[[str], None]) -> Reply:
        text: list[str] = []
        model, usage = self._model_complex, Usage()
        async with aclosing(
            self._pieces(self._structured(prompt, stream=True, stream_options=StreamOptions()))
        ) as pieces:
            async for piece in pieces:
                text.append(piece.text)
                received(piece.text)
                model, usage = piece.model or model, piece.usage or usage
        return Reply("".join(text), model, usage)


async def open_gemma_server(*, api_key: str | None, base_url: str, model: str, timeouts: Timeouts) -> GemmaServer:
    """The provider over a server at `base_url`, built in a thread so that the loop runs on meanwhile."""
    build = partial(
        GemmaServer,
        api_key=api_key,
        base_url=base_url,
        model=model,
        model_complex=model,
        timeouts=timeouts,
    )
    server = await anyio.to_thread.run_sync(build)
    server.connect()
    return server


class LocalGemma:
    """The `gemma` provider over a model of this instance: refuses while there is none, and bounds who may wait.

    `parallel` requests are written at once, `WAITING` times as many wait for their turn, the rest is refused at once.
    """

    name = NAME

    def __init__(self, *, parallel: int, timeouts: Timeouts) -> None:
        self._parallel = parallel
        self._timeouts = timeouts
        self._turns = anyio.Semaphore(parallel)
        self._server: GemmaServer | None = None

    @asynccontextmanager
    async def running(
        self, model: Path, name: str, how: Running, log: Path, weighed: Callable[[Memory], None]
    ) -> AsyncIterator[ModelProcess]:
        """Have the model of a file answer, under `name`, while the block runs. Raises ArtifactFault (model_process)."""
        async with model_process(model, name, how, log, weighed) as process:
            server = await open_gemma_server(
                api_key=process.key, base_url=f"{process.address}/v1", model=name, timeouts=self._timeouts
            )
            self._server = server
            try:
                yield process
            finally:
                self._server = None
                with anyio.CancelScope(shield=True), anyio.move_on_after(1):
                    await server.aclose()

    async def write(self, task: StructuredTask[Draft], meter: Meter = UNMETERED) -> tuple[Draft, Written]:
        async with self._turn() as server:
            return await server.write(task, meter)

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        async with self._turn() as server:
            return await server.stream(task, sink)

    async def aclose(self) -> None:
        """Nothing: what `served_by` opened it closes."""

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[GemmaServer]:
        """Raises ModelFault: refused while no model is loaded, rate_limited when it is too busy."""
        if self._server is None:
            raise ModelFault(self.name, "refused", "the model is not loaded", retry_after=NOT_READY_SECONDS)
        if self._turns.statistics().tasks_waiting >= WAITING * self._parallel:
            raise ModelFault(self.name, "rate_limited", "too many wait for the model", retry_after=BUSY_SECONDS)
        with anyio.move_on_after(self._timeouts.first_token) as patience:
            await self._turns.acquire()
        if patience.cancelled_caught:
            raise ModelFault(self.name, "rate_limited", "others kept the model busy", retry_after=BUSY_SECONDS)
        try:
            if (server := self._server) is None:
                raise ModelFault(self.name, "refused", "the model has just gone", retry_after=NOT_READY_SECONDS)
            yield server
        finally:
            self._turns.release()
