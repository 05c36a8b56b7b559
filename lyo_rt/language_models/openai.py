"""OpenAI's chat completions, or any server that speaks them: one attempt per request, every failure a ModelFault."""

import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
import msgspec

from lyo_rt.language_models.chat_completions import (
    Chunk,
    Completion,
    Message,
    Request,
    Said,
    StreamOptions,
    error_text,
    json_schema_format,
)
from lyo_rt.language_models.drafts import Reply, write_draft
from lyo_rt.language_models.port import UNMETERED, Draft, Meter, ModelFault, TextSink, Usage, Written
from lyo_rt.language_models.prompts import Prompt, Prompts
from lyo_rt.language_models.responses import kind_of_status, retry_after
from lyo_rt.language_models.schemas import OPENAI_OMITS, provider_schema
from lyo_rt.language_models.server_sent_events import EventDecoder, EventTooLong
from lyo_rt.language_models.streaming import Piece, Timeouts, relay
from lyo_rt.language_models.tasks import StructuredTask, TutorTask

if TYPE_CHECKING:
    import httpx2

BASE_URL = "https://api.openai.com/v1"
CONNECTIONS = 1000
IDLE_CONNECTIONS = 100
ANSWER_TOKENS = 4096
"""The most one answer has (SPEC §5)."""

Answer = TypeVar("Answer", Chunk, Completion)


class OpenAI:
    """The `openai` provider: `model_complex` writes courses, `model` tutors.

    Building it imports the HTTP client and reads certificates: do it in a thread (`open_openai`). Runs on asyncio only.

    Not through the `openai` SDK (decision 20).
    """

    name = "openai"
    omits = OPENAI_OMITS
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self, *, api_key: str | None, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
    ) -> None:
        import httpx2

        self._refused = httpx2.ConnectError
        # the last two are TLS failures that the transport lets through (pydantic/httpx2#854)
        self._failures = (EventTooLong, httpx2.RequestError, ssl.SSLError, anyio.EndOfStream)
        self._chunk = msgspec.json.Decoder(Chunk)
        self._completion = msgspec.json.Decoder(Completion)
        self._shapes: dict[type[msgspec.Struct], msgspec.Raw] = {}
        self._model = model
        self._model_complex = model_complex
        self._timeouts = timeouts
        self._prompts = Prompts()
        self._client = httpx2.AsyncClient(
            headers={
                "accept": "application/json",
                "content-type": "application/json",
                "user-agent": "lyo-rt",
                **({"authorization": f"Bearer {api_key}"} if api_key else {}),
                **self.headers,
            },
            # Silence is write_draft's and relay's to end; a timer for every read would cost 15 µs a token.
            timeout=None,
            limits=httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=IDLE_CONNECTIONS),
            follow_redirects=True,
        )
        self._url = httpx2.URL(f"{(base_url or BASE_URL).rstrip('/')}/chat/completions")
        self._http_request = httpx2.Request

    async def write(self, task: StructuredTask[Draft], meter: Meter = UNMETERED) -> tuple[Draft, Written]:
        prompt = self._prompts.structured(task)
        return await write_draft(self.name, task, prompt, self._ask, meter, timeout=self._timeouts.total)

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        pieces = self._pieces(
            self._request(self._prompts.tutor(task), self._model, stream=True, stream_options=StreamOptions())
        )
        return await relay(self.name, self._model, pieces, sink, self._timeouts)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _ask(self, prompt: Prompt, received: Callable[[str], None]) -> Reply:  # noqa: ARG002  (comes whole)
        try:
            response = await self._post(self._structured(prompt))
        except self._failures as error:
            raise self._fault(error) from error
        answer = self._decoded(self._completion, response.content)
        if not answer.choices:
            raise ModelFault(self.name, "malformed", "an answer without choices")
        choice = answer.choices[0]
        truncated = choice.finish_reason == "length" and not choice.message.refusal
        if not truncated:
            self._check(choice.finish_reason, choice.message.refusal)
        if choice.finish_reason is None:
            raise ModelFault(self.name, "cut", "an answer without a finish reason")
        usage = answer.usage.usage() if answer.usage else Usage()
        model = answer.model or self._model_complex
        return Reply(text=choice.message.content or "", model=model, usage=usage, truncated=truncated)

    async def _pieces(self, request: Request) -> AsyncGenerator[Piece, None]:
        finished = False
        try:
            response = await self._post(request)
            async with aclosing(_events(response.aiter_bytes())) as events:
                async for event in events:
                    chunk = self._decoded(self._chunk, event)
                    text = ""
                    if chunk.choices:
                        choice = chunk.choices[0]
                        said = choice.delta or Said()
                        self._check(choice.finish_reason, said.refusal)
                        finished = finished or choice.finish_reason is not None
                        text = said.content or ""
                    yield Piece(
                        text=text, model=chunk.model or None, usage=chunk.usage.usage() if chunk.usage else None
                    )
        except self._failures as error:
            raise self._fault(error) from error
        if not finished:
            raise ModelFault(self.name, "cut", "the stream ended without a finish reason")

    def _structured(self, prompt: Prompt, **how: Any) -> Request:
        """A request for one document."""
        if prompt.answer is None:
            raise TypeError("a structured request needs the shape of its answer")
        return self._request(prompt, self._model_complex, response_format=self._shape(prompt.answer), **how)

    def _request(self, prompt: Prompt, model: str, **how: Any) -> Request:
        """Parameters of SPEC §5."""
        turns = [Message(turn.role, turn.text) for turn in prompt.turns]
        return Request(
            model=model,
            messages=[Message("system", prompt.system), *turns],
            max_completion_tokens=ANSWER_TOKENS * 2 if prompt.longer else ANSWER_TOKENS,
            temperature=0.7,
            **how,
        )

    def _shape(self, answer: type[msgspec.Struct]) -> msgspec.Raw:
        """The response_format that asks for `answer`; made once, it takes 0.4 ms."""
        if (shape := self._shapes.get(answer)) is None:
            schema = provider_schema(answer, self.omits)
            shape = self._shapes[answer] = json_schema_format(answer.__name__, schema)
        return shape

    async def _post(self, request: Request) -> "httpx2.Response":
        """The answer, of a stream without its body. Raises ModelFault for a status that is not a success."""
        sent = self._http_request("POST", self._url, headers=self._client.headers, content=msgspec.json.encode(request))
        response = await self._client.send(sent, stream=request.stream)
        if not response.is_success:
            raise await self._refusal(response)
        return response

    async def _refusal(self, response: "httpx2.Response") -> ModelFault:
        try:
            said = self._completion.decode(await response.aread()).error
        except ValueError:
            said = None
        status = response.status_code
        kind = kind_of_status(status)
        return ModelFault(self.name, kind, f"{status}: {error_text(said)}", retry_after=retry_after(response.headers))

    def _decoded(self, decoder: msgspec.json.Decoder[Answer], data: bytes) -> Answer:
        try:
            answer = decoder.decode(data)
        except ValueError as error:  # msgspec's DecodeError, or bytes that are not UTF-8
            raise ModelFault(self.name, "malformed", f"not OpenAI's format: {type(error).__name__}") from error
        if answer.error:
            raise ModelFault(self.name, "server", error_text(answer.error))
        return answer

    def _check(self, finish_reason: str | None, refusal: str | None) -> None:
        """Raises ModelFault when an answer did not end properly. A truncated document is not a malformed one."""
        if refusal or finish_reason == "content_filter":
            raise ModelFault(self.name, "blocked", refusal or "content filter")
        if finish_reason == "length":
            raise ModelFault(self.name, "truncated", "the answer reached its token limit")

    def _fault(self, error: Exception) -> ModelFault:
        if isinstance(error, self._refused):
            return ModelFault(self.name, "refused", repr(error))
        if isinstance(error, EventTooLong):
            return ModelFault(self.name, "malformed", "an event without end")
        return ModelFault(self.name, "cut", repr(error))


async def open_openai(
    *, api_key: str | None, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
) -> OpenAI:
    """The provider, built in a thread so that the loop runs on meanwhile."""
    build = partial(
        OpenAI, api_key=api_key, base_url=base_url, model=model, model_complex=model_complex, timeouts=timeouts
    )
    return await anyio.to_thread.run_sync(build)


async def _events(body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The data of each event until `[DONE]`; `body` is closed with the generator."""
    decoder = EventDecoder()
    async with aclosing(body):
        async for received in body:
            for event in decoder.feed(received):
                if event.startswith(b"[DONE]"):
                    await _drained(body)
                    return
                yield event


async def _drained(body: AsyncGenerator[bytes, None]) -> None:
    """Reads on to the end, so that the connection serves again, unless there is no end at once."""
    with anyio.move_on_after(0.1):
        async for _ in body:
            pass
