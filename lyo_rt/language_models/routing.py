"""Asks the providers in order: the next one answers when one fails."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import assert_never

import structlog
from pydantic import SecretStr

from lyo_rt.language_models.gemini import open_gemini
from lyo_rt.language_models.gemma.provider import LocalGemma, open_gemma_server
from lyo_rt.language_models.openai import open_openai
from lyo_rt.language_models.outline import Outline
from lyo_rt.language_models.port import Asker, Draft, LanguageModel, ModelFault, Provider, TextSink, Written
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import StructuredTask, TutorTask
from lyo_rt.problems import ModelUnavailable
from lyo_rt.settings import Provider as Name
from lyo_rt.settings import Settings

RETRY_AFTER = 30.0
"""Seconds a client is asked to wait when no provider gave a hint."""


class Router:
    """A LanguageModel over several, in order of preference."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(providers)
        self._log = structlog.get_logger("lyo_rt.language_models")

    async def write(self, task: StructuredTask[Draft], asker: Asker) -> tuple[Draft, Written]:  # noqa: ARG002
        """The first valid draft. Raises ModelUnavailable with `retry_after` when every provider fails."""
        faults = []
        for provider in self._providers:
            try:
                return await provider.write(task)
            except ModelFault as fault:
                self._told(fault)
                faults.append(fault)
        raise _unavailable(faults)

    async def stream(self, task: TutorTask, sink: TextSink, asker: Asker) -> Written:  # noqa: ARG002
        """The first whole answer; `sink.restart()` goes before the text of another provider when some was shown.

        Raises ModelUnavailable with `retry_after` when every provider fails.
        """
        shown = _Shown(sink)
        faults = []
        for provider in self._providers:
            try:
                return await provider.stream(task, shown)
            except ModelFault as fault:
                self._told(fault)
                faults.append(fault)
                shown.failed()
        raise _unavailable(faults)

    def _told(self, fault: ModelFault) -> None:
        # not the fault's text: it may quote a learner
        self._log.warning("language model failed", ai_provider=fault.provider, kind=fault.kind)


class _Shown:
    """A sink that knows whether text of a failed provider has to be taken back, and does so before new text."""

    def __init__(self, sink: TextSink) -> None:
        self._sink = sink
        self._any = False
        self._stale = False

    async def text(self, piece: str) -> None:
        if self._stale:
            await self.restart()
        self._any = True
        await self._sink.text(piece)

    async def restart(self) -> None:
        self._any = self._stale = False
        await self._sink.restart()

    def failed(self) -> None:
        self._stale = self._any


@asynccontextmanager
async def open_model(settings: Settings, local: LocalGemma | None = None) -> AsyncIterator[LanguageModel]:
    """The router over `settings.providers()`, closed with the block. `local` is the model that this instance runs.

    Takes one to two seconds when a hosted provider is among them.
    """
    timeouts = Timeouts(settings.ai_first_token_timeout, settings.ai_token_timeout, settings.ai_total_timeout)
    async with AsyncExitStack() as stack:
        providers = []
        for name in settings.providers():
            provider = await _open(name, settings, timeouts, local)
            stack.push_async_callback(provider.aclose)
            providers.append(provider)
        yield Router(providers)


async def _open(name: Name, settings: Settings, timeouts: Timeouts, local: LocalGemma | None) -> Provider:
    match name:
        case "gemini":
            return await open_gemini(
                api_key=_secret(settings.gemini_api_key),
                base_url=settings.gemini_base_url,
                model=settings.gemini_model,
                model_complex=settings.gemini_model_complex,
                timeouts=timeouts,
            )
        case "openai":
            return await open_openai(
                api_key=_secret(settings.openai_api_key),
                base_url=settings.openai_base_url,
                model=settings.openai_model,
                model_complex=settings.openai_model_complex,
                timeouts=timeouts,
            )
        case "gemma" if settings.gemma_base_url is not None:
            key = settings.gemma_api_key
            return await open_gemma_server(
                api_key=key.get_secret_value() if key else None,
                base_url=settings.gemma_base_url,
                model=settings.gemma_model,
                timeouts=timeouts,
            )
        case "gemma":
            return local or LocalGemma(parallel=settings.gemma_parallel, timeouts=timeouts)
        case "outline":
            return Outline()
        case _:
            assert_never(name)


def _secret(key: SecretStr | None) -> str:
    if key is None:
        raise ValueError("a provider without a key was asked for; Settings does not allow it")
    return key.get_secret_value()


def _unavailable(faults: Sequence[ModelFault]) -> ModelUnavailable:
    """Asks for the longest wait any provider named."""
    hints = [fault.retry_after for fault in faults if fault.retry_after is not None]
    return ModelUnavailable(retry_after=max(hints, default=RETRY_AFTER))
