"""OpenAI's chat completions, or any server that speaks them: one attempt per request, every failure a ModelFault."""

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio.to_thread

from lyo_rt.language_models.drafts import Reply, write_draft
from lyo_rt.language_models.port import Draft, ModelFault, TextSink, Usage, Written
from lyo_rt.language_models.prompts import Prompt, Prompts
from lyo_rt.language_models.responses import kind_of_status, retry_after
from lyo_rt.language_models.schemas import OPENAI_OMITS, provider_schema
from lyo_rt.language_models.streaming import Piece, Timeouts, relay
from lyo_rt.language_models.tasks import StructuredTask, TutorTask


class OpenAI:
    """The `openai` provider: `model_complex` writes courses, `model` tutors.

    Building it imports the SDK and reads certificates, over a second: do it in a thread (`open_openai`). Runs on
    asyncio only.
    """

    name = "openai"

    def __init__(
        self, *, api_key: str, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
    ) -> None:
        import httpx2
        import openai

        self._errors = openai
        self._refused = httpx2.ConnectError
        self._failures = (openai.APIError, httpx2.TransportError, json.JSONDecodeError)
        self._model = model
        self._model_complex = model_complex
        self._timeouts = timeouts
        self._prompts = Prompts()
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=timeouts.total,
            # by default the SDK sends a request three times, also after a read timeout
            max_retries=0,
        )

    async def write(self, task: StructuredTask[Draft]) -> tuple[Draft, Written]:
        prompt = self._prompts.structured(task)
        return await write_draft(self.name, task, prompt, self._ask, timeout=self._timeouts.total)

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        pieces = self._pieces(self._prompts.tutor(task))
        return await relay(self.name, self._model, pieces, sink, self._timeouts)

    async def aclose(self) -> None:
        await self._client.close()

    async def _ask(self, prompt: Prompt) -> Reply:
        if prompt.answer is None:
            raise TypeError("a structured request needs the shape of its answer")
        shape = {
            "name": prompt.answer.__name__,
            "strict": True,
            "schema": provider_schema(prompt.answer, OPENAI_OMITS),
        }
        try:
            create: Any = self._client.chat.completions.create
            response = await create(
                **self._parameters(prompt, self._model_complex),
                response_format={"type": "json_schema", "json_schema": shape},
            )
        except self._failures as error:
            raise self._fault(error) from error
        if not response.choices:
            raise ModelFault(self.name, "malformed", "an answer without choices")
        choice = response.choices[0]
        self._check(choice.finish_reason, choice.message.refusal)
        if choice.finish_reason is None:
            raise ModelFault(self.name, "cut", "an answer without a finish reason")
        return Reply(
            text=choice.message.content or "",
            model=response.model or self._model_complex,
            usage=_usage(response.usage) or Usage(),
        )

    async def _pieces(self, prompt: Prompt) -> AsyncIterator[Piece]:
        finished = False
        try:
            stream = await self._client.chat.completions.create(
                **self._parameters(prompt, self._model), stream=True, stream_options={"include_usage": True}
            )
            async with stream:
                async for chunk in stream:
                    text = ""
                    if chunk.choices:
                        choice = chunk.choices[0]
                        self._check(choice.finish_reason, choice.delta.refusal)
                        finished = finished or choice.finish_reason is not None
                        text = choice.delta.content or ""
                    yield Piece(text=text, model=chunk.model or None, usage=_usage(chunk.usage))
        except self._failures as error:
            raise self._fault(error) from error
        if not finished:
            raise ModelFault(self.name, "cut", "the stream ended without a finish reason")

    def _parameters(self, prompt: Prompt, model: str) -> dict[str, Any]:
        """Parameters of SPEC §5."""
        turns = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
        return {
            "model": model,
            "messages": [{"role": "system", "content": prompt.system}, *turns],
            "max_completion_tokens": 4096,
            "temperature": 0.7,
        }

    def _check(self, finish_reason: str | None, refusal: str | None) -> None:
        """Raises ModelFault when an answer did not end properly. A truncated document is not a malformed one."""
        if refusal or finish_reason == "content_filter":
            raise ModelFault(self.name, "blocked", refusal or "content filter")
        if finish_reason == "length":
            raise ModelFault(self.name, "truncated", "the answer reached its token limit")

    def _fault(self, error: Exception) -> ModelFault:
        sdk = self._errors
        if isinstance(error, sdk.APIStatusError):
            headers = error.response.headers
            kind = kind_of_status(error.status_code)
            return ModelFault(self.name, kind, error.message, retry_after=retry_after(headers))
        if isinstance(error, sdk.APITimeoutError):
            return ModelFault(self.name, "timeout", "the SDK gave up")
        if isinstance(error, sdk.APIConnectionError):
            refused = isinstance(error.__cause__, self._refused)
            return ModelFault(self.name, "refused" if refused else "cut", repr(error.__cause__))
        if isinstance(error, sdk.APIResponseValidationError | json.JSONDecodeError):
            return ModelFault(self.name, "malformed", f"not OpenAI's format: {type(error).__name__}")
        if isinstance(error, sdk.APIError):  # an error told in the middle of a stream
            return ModelFault(self.name, "server", error.message)
        return ModelFault(self.name, "cut", repr(error))


async def open_openai(
    *, api_key: str, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
) -> OpenAI:
    """The provider, built in a thread so that the loop runs on meanwhile."""
    build = partial(
        OpenAI, api_key=api_key, base_url=base_url, model=model, model_complex=model_complex, timeouts=timeouts
    )
    return await anyio.to_thread.run_sync(build)


def _usage(counted: Any) -> Usage | None:
    if counted is None:
        return None
    return Usage(prompt_tokens=counted.prompt_tokens or 0, answer_tokens=counted.completion_tokens or 0)
