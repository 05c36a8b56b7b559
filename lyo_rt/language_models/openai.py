"""OpenAI's chat completions, or any server that speaks them: one attempt per request, every failure a ModelFault."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

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
    import aiohttp

BASE_URL = "https://api.openai.com/v1"
CONNECTIONS = 1000
IDLE_SECONDS = 5.0
"""A connection serves again for so long."""
ANSWER_TOKENS = 4096
"""The most one answer has (SPEC §5)."""

Answer = TypeVar("Answer", Chunk, Completion)


class OpenAI:
    """The `openai` provider: `model_complex` writes courses, `model` tutors.

    Over aiohttp and not the `openai` SDK (decision 20). Building it imports the HTTP client and reads certificates: do
    it in a thread (`open_openai`), then `connect` on the loop. Runs on asyncio only.
    """

    name = "openai"
    omits = OPENAI_OMITS
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self, *, api_key: str | None, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
    ) -> None:
        import aiohttp

        self._http = aiohttp
        self._failures = (EventTooLong, aiohttp.ClientError, OSError)
        self._chunk = msgspec.json.Decoder(Chunk)
        self._completion = msgspec.json.Decoder(Completion)
        self._shapes: dict[type[msgspec.Struct], msgspec.Raw] = {}
        self._model = model
        self._model_complex = model_complex
        self._timeouts = timeouts
        self._prompts = Prompts()
        self._url = f"{(base_url or BASE_URL).rstrip('/')}/chat/completions"
        self._proxy = _proxy(self._url)
        self._tls = ssl.create_default_context()
        self._sent_headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "lyo-rt",
            **({"Authorization": f"Bearer {api_key}"} if api_key else {}),
            **self.headers,
        }

    def connect(self) -> None:
        """Ready to ask; on the loop that will."""
        http = self._http
        self._session = http.ClientSession(
            headers=self._sent_headers,
            connector=http.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS, ssl=self._tls),
            # silence is write_draft's and relay's to end
            timeout=http.ClientTimeout(total=None, sock_connect=None),
            cookie_jar=http.DummyCookieJar(),
            proxy=self._proxy,
        )

    async def write(self, task: StructuredTask[Draft], meter: Meter = UNMETERED) -> tuple[Draft, Written]:
        prompt = self._prompts.structured(task)
        return await write_draft(self.name, task, prompt, self._ask, meter, timeout=self._timeouts.total)

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        pieces = self._pieces(
            self._request(self._prompts.tutor(task), self._model, stream=True, stream_options=StreamOptions())
        )
        return await relay(self.name, self._model, pieces, sink, self._timeouts)

    async def aclose(self) -> None:
        await self._session.close()

    async def _ask(self, prompt: Prompt, received: Callable[[str], None]) -> Reply:  # noqa: ARG002  (comes whole)
        try:
            async with self._post(self._structured(prompt)) as response:
                body = await response.read()
        except self._failures as error:
            raise self._fault(error) from None
        if not response.ok:
            raise self._refusal(response, body)
        answer = self._decoded(self._completion, body)
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
            async with self._post(request) as response:
                if not response.ok:
                    raise self._refusal(response, await response.read())
                async with aclosing(_events(response.content)) as events:
                    async for event in events:
                        chunk = self._decoded(self._chunk, event)
                        text = ""
                        if chunk.choices:
                            choice = chunk.choices[0]
                            said = choice.delta or Said()
                            self._check(choice.finish_reason, said.refusal)
                            finished = finished or choice.finish_reason is not None
                            text = said.content or ""
                        usage = chunk.usage.usage() if chunk.usage else None
                        yield Piece(text=text, model=chunk.model or None, usage=usage)
        except self._failures as error:
            raise self._fault(error) from None
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

    @asynccontextmanager
    async def _post(self, request: Request) -> "AsyncIterator[aiohttp.ClientResponse]":
        async with self._session.post(self._url, data=msgspec.json.encode(request)) as response:
            with self._ending_with_its_connection(response):
                yield response

    @contextmanager
    def _ending_with_its_connection(self, response: "aiohttp.ClientResponse") -> Iterator[None]:
        """Who reads is told of a connection that ends; aiohttp 3.14 forgets them after a chunk that it cannot parse."""

        def lost(_: object) -> None:
            if not response.content.is_eof() and response.content.exception() is None:
                response.content.set_exception(self._http.ClientPayloadError("the connection ended"))

        connection = response.connection
        closed = None if connection is None or connection.protocol is None else connection.protocol.closed
        if closed is None:  # all has come
            yield
            return
        closed.add_done_callback(lost)
        try:
            yield
        finally:
            closed.remove_done_callback(lost)

    def _refusal(self, response: "aiohttp.ClientResponse", body: bytes) -> ModelFault:
        """What an answer says that is an error by its status."""
        try:
            said = self._completion.decode(body).error
        except ValueError:
            said = None
        status, text = response.status, error_text(said)
        return ModelFault(
            self.name, kind_of_status(status), f"{status}: {text}", retry_after=retry_after(response.headers)
        )

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
        """Of what its text says, and no more: aiohttp's own exceptions have the request's headers, with the key."""
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, self._http.ClientConnectorError):
            return ModelFault(self.name, "refused", text)
        if isinstance(error, EventTooLong):
            return ModelFault(self.name, "malformed", "an event without end")
        return ModelFault(self.name, "cut", text)


async def open_openai(
    *, api_key: str | None, base_url: str | None, model: str, model_complex: str, timeouts: Timeouts
) -> OpenAI:
    """The provider, built in a thread so that the loop runs on meanwhile."""
    build = partial(
        OpenAI, api_key=api_key, base_url=base_url, model=model, model_complex=model_complex, timeouts=timeouts
    )
    provider = await anyio.to_thread.run_sync(build)
    provider.connect()
    return provider


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address (HTTPS_PROXY, NO_PROXY); read once, not for every request."""
    asked = urlsplit(url)
    return None if proxy_bypass(asked.hostname or "") else getproxies().get(asked.scheme)


async def _events(body: "aiohttp.StreamReader") -> AsyncGenerator[bytes, None]:
    """The data of each event until `[DONE]`."""
    decoder = EventDecoder()
    while received := await body.readany():
        for event in decoder.feed(received):
            if event.startswith(b"[DONE]"):
                await _drained(body)
                return
            yield event


async def _drained(body: "aiohttp.StreamReader") -> None:
    """Reads on to the end, so that the connection serves again, unless there is no end at once."""
    with anyio.move_on_after(0.1):
        while await body.readany():
            pass
