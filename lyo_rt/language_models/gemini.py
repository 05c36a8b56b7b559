"""Google's Gemini through google-genai: one attempt per request, every failure a ModelFault."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import anyio.to_thread
import msgspec

from lyo_rt.language_models.drafts import Reply, write_draft
from lyo_rt.language_models.port import UNMETERED, Draft, FaultKind, Meter, ModelFault, TextSink, Usage, Written
from lyo_rt.language_models.prompts import Prompt, Prompts
from lyo_rt.language_models.responses import kind_of_status, retry_after
from lyo_rt.language_models.schemas import GEMINI_OMITS, provider_schema
from lyo_rt.language_models.streaming import Piece, Timeouts, pumped, relay
from lyo_rt.language_models.tasks import StructuredTask, TutorTask

ANSWER_TOKENS = 8192
"""The most one answer has (SPEC §5)."""

_CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")


class Gemini:
    """The `gemini` provider: `model_complex` writes courses, `model` tutors.

    Building it imports the SDK and reads certificates, about a second: do it in a thread (`open_gemini`). Runs on
    asyncio only.
    """

    name = "gemini"

    def __init__(
        self, *, api_key: str, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
    ) -> None:
        import httpx
        import httpx2
        from google import genai
        from google.genai import errors, types

        self._types = types
        self._errors = errors
        # google-genai lets its transport's own errors through, of whichever of the two it finds installed
        self._refusals = (httpx.ConnectError, httpx2.ConnectError)
        self._timeouts_of_transport = (httpx.TimeoutException, httpx2.TimeoutException)
        # ValueError: what is not JSON, or not Gemini's format (pydantic's ValidationError)
        self._failures = (errors.APIError, httpx.TransportError, httpx2.TransportError, ValueError)
        self._model = model
        self._model_complex = model_complex
        self._timeouts = timeouts
        self._prompts = Prompts()
        self._schemas: dict[type[msgspec.Struct], dict[str, Any]] = {}
        # its own; where aiohttp is installed the SDK would take that, and its time limit for a whole stream
        self._http = httpx2.AsyncClient(follow_redirects=True)
        self._client = genai.Client(
            api_key=api_key,
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=base_url,
                api_version="v1beta",
                timeout=round(timeouts.total * 1000),
                httpx_async_client=self._http,
                # the SDK's own retries ignore Retry-After
                retry_options=types.HttpRetryOptions(attempts=1),
            ),
        )

    async def write(self, task: StructuredTask[Draft], meter: Meter = UNMETERED) -> tuple[Draft, Written]:
        prompt = self._prompts.structured(task)
        return await write_draft(self.name, task, prompt, self._ask, meter, timeout=self._timeouts.total)

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        pieces = pumped(self._pieces(self._prompts.tutor(task)))
        return await relay(self.name, self._model, pieces, sink, self._timeouts)

    async def aclose(self) -> None:
        await self._client.aio.aclose()
        await self._http.aclose()
        self._client.close()

    async def _ask(self, prompt: Prompt, received: Callable[[str], None]) -> Reply:  # noqa: ARG002  (comes whole)
        try:
            response = await self._client.aio.models.generate_content(
                model=self._model_complex, contents=self._contents(prompt), config=self._config(prompt)
            )
        except self._failures as error:
            raise self._fault(error) from error
        truncated = _reason(response) == "MAX_TOKENS"
        text = _text(response) if truncated else self._checked_text(response)
        if not _finished(response):
            raise ModelFault(self.name, "cut", "an answer without a finish reason")
        model = response.model_version or self._model_complex
        return Reply(text=text, model=model, usage=_usage(response) or Usage(), truncated=truncated)

    async def _pieces(self, prompt: Prompt) -> AsyncIterator[Piece]:
        finished = False
        try:
            stream = await self._client.aio.models.generate_content_stream(
                model=self._model, contents=self._contents(prompt), config=self._config(prompt)
            )
            async for response in stream:
                text = self._checked_text(response)
                finished = finished or _finished(response)
                yield Piece(text=text, model=response.model_version, usage=_usage(response))
        except self._failures as error:
            raise self._fault(error) from error
        if not finished:
            raise ModelFault(self.name, "cut", "the stream ended without a finish reason")

    def _contents(self, prompt: Prompt) -> list[Any]:
        roles = {"user": "user", "assistant": "model"}
        types = self._types
        return [types.Content(role=roles[turn.role], parts=[types.Part(text=turn.text)]) for turn in prompt.turns]

    def _config(self, prompt: Prompt) -> Any:
        """Parameters of SPEC §5."""
        types = self._types
        shape = {}
        if prompt.answer is not None:
            shape = {"response_mime_type": "application/json", "response_json_schema": self._schema(prompt.answer)}
        return types.GenerateContentConfig(
            system_instruction=prompt.system,
            max_output_tokens=ANSWER_TOKENS * 2 if prompt.longer else ANSWER_TOKENS,
            temperature=0.7,
            top_p=0.95,
            top_k=40,
            safety_settings=[
                types.SafetySetting(
                    category=types.HarmCategory(f"HARM_CATEGORY_{category}"),
                    threshold=types.HarmBlockThreshold.BLOCK_MEDIUM_AND_ABOVE,
                )
                for category in _CATEGORIES
            ],
            **shape,
        )

    def _schema(self, answer: type[msgspec.Struct]) -> dict[str, Any]:
        """The schema of `answer`; made once, it takes 0.3 ms."""
        if (schema := self._schemas.get(answer)) is None:
            schema = self._schemas[answer] = provider_schema(answer, GEMINI_OMITS)
        return schema

    def _checked_text(self, response: Any) -> str:
        """The text of one response or chunk. Raises ModelFault when its finish reason is anything but a proper end.

        The reason comes first: a truncated document is not a malformed one.
        """
        feedback = response.prompt_feedback
        if feedback is not None and feedback.block_reason:
            raise ModelFault(self.name, "blocked", f"prompt blocked: {feedback.block_reason.value}")
        reason = _reason(response)
        if reason is not None and (kind := _kind_of_finish(reason)):
            raise ModelFault(self.name, kind, f"finish reason {reason}")
        return _text(response)

    def _fault(self, error: Exception) -> ModelFault:
        if isinstance(error, self._errors.APIError):
            headers = getattr(error.response, "headers", None) or {}
            kind = kind_of_status(error.code or 500)
            if "API_KEY_INVALID" in str(error.details):  # comes as a 400
                kind = "authentication"
            wait = retry_after(headers)
            wait = _retry_delay(error.details) if wait is None else wait
            return ModelFault(self.name, kind, f"{error.code} {error.status}: {error.message}", retry_after=wait)
        if isinstance(error, ValueError):
            return ModelFault(self.name, "malformed", f"not Gemini's format: {type(error).__name__}")
        return ModelFault(self.name, self._kind_of_transport(error), f"{type(error).__name__}: {error}")

    def _kind_of_transport(self, error: Exception) -> FaultKind:
        if isinstance(error, self._refusals):
            return "refused"
        return "timeout" if isinstance(error, self._timeouts_of_transport) else "cut"


async def open_gemini(
    *, api_key: str, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
) -> Gemini:
    """The provider, built in a thread so that the loop runs on meanwhile."""
    build = partial(
        Gemini, api_key=api_key, base_url=base_url, model=model, model_complex=model_complex, timeouts=timeouts
    )
    return await anyio.to_thread.run_sync(build)


def _finished(response: Any) -> bool:
    return _reason(response) is not None


def _reason(response: Any) -> str | None:
    """The finish reason's name; None while there is none."""
    reason = response.candidates[0].finish_reason if response.candidates else None
    return str(reason.value) if reason else None


def _text(response: Any) -> str:
    """The text without the model's thoughts."""
    if not response.candidates:
        return ""
    candidate = response.candidates[0]
    parts = (candidate.content and candidate.content.parts) or []
    return "".join(part.text for part in parts if part.text and not part.thought)


def _kind_of_finish(reason: str) -> FaultKind | None:
    if reason == "STOP":
        return None
    if reason == "MAX_TOKENS":
        return "truncated"
    if reason in ("OTHER", "FINISH_REASON_UNSPECIFIED") or reason.startswith("MALFORMED"):
        return "server"
    return "blocked"


def _usage(response: Any) -> Usage | None:
    counted = response.usage_metadata
    if counted is None:
        return None
    answer = (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0)
    return Usage(prompt_tokens=counted.prompt_token_count or 0, answer_tokens=answer)


def _retry_delay(details: Any) -> float | None:
    """The seconds of a google.rpc.RetryInfo ("retryDelay": "34s") among an error's details."""
    error = details.get("error", details) if isinstance(details, dict) else {}
    for detail in error.get("details") or () if isinstance(error, dict) else ():
        delay = detail.get("retryDelay", "") if isinstance(detail, dict) else ""
        if delay.endswith("s") and delay[:-1].replace(".", "", 1).isdigit():
            return float(delay[:-1])
    return None
