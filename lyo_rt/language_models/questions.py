"""The two ways to ask a provider, a draft at once and a text by and by, as the router sees both."""

from typing import Any, Generic, Protocol

import msgspec

from lyo_rt.language_models.port import UNMETERED, Asker, Draft, Meter, Provider, TextSink, Written
from lyo_rt.language_models.requests import Request, request_of
from lyo_rt.language_models.tasks import StructuredTask, TutorTask


class Question(Protocol):
    """One request, whoever of the providers answers it in the end."""

    complex: bool
    """Whether it goes to a provider's large model."""

    def request(self, asker: Asker) -> Request:
        """The request as the ledger knows it."""
        ...

    async def ask(self, provider: Provider, meter: Meter = UNMETERED) -> Written:
        """Have `provider` answer; `meter` keeps account of its calls. Raises ModelFault, and BudgetExhausted."""
        ...

    async def recall(self, answer: bytes) -> None:
        """Take an answer that was bought before."""
        ...

    def answer(self) -> bytes:
        """The answer, as `recall` takes it."""
        ...

    def failed(self) -> bool:
        """The provider asked last has failed; whether some of its answer was shown."""
        ...


class DraftQuestion(Generic[Draft]):
    """A structured task; `draft` is its answer."""

    complex = True

    def __init__(self, task: StructuredTask[Draft]) -> None:
        self.draft: Draft
        self._task = task

    def request(self, asker: Asker) -> Request:
        """See Question."""
        return request_of(self._task, asker, answer=self._task.answer)

    async def ask(self, provider: Provider, meter: Meter = UNMETERED) -> Written:
        """See Question."""
        self.draft, written = await provider.write(self._task, meter)
        return written

    async def recall(self, answer: bytes) -> None:
        """See Question."""
        draft: Any = msgspec.json.decode(answer, type=self._task.answer)
        self.draft = draft

    def answer(self) -> bytes:
        """See Question."""
        return msgspec.json.encode(self.draft)

    def failed(self) -> bool:
        """See Question."""
        return False


class TurnQuestion:
    """The tutor's next turn, into `sink`.

    Text of a provider that failed is taken back before the next one's first. Its answer is not shared: who asks again
    wants another one.
    """

    complex = False

    def __init__(self, task: TutorTask, sink: TextSink) -> None:
        self._task = task
        self._sink = sink
        self._meter: Meter = UNMETERED
        self._shown: list[str] = []
        self._stale = False

    def request(self, asker: Asker) -> Request:
        """See Question."""
        return request_of(self._task, asker, answer=None)

    async def ask(self, provider: Provider, meter: Meter = UNMETERED) -> Written:
        """See Question."""
        self._meter = meter
        await meter.sends()
        written = await provider.stream(self._task, self)
        meter.used(written.usage)
        return written

    async def text(self, piece: str) -> None:
        """See TextSink."""
        self._meter.received(piece)
        if self._stale:
            await self.restart()
        self._shown.append(piece)
        await self._sink.text(piece)

    async def restart(self) -> None:
        """See TextSink."""
        self._shown, self._stale = [], False
        await self._sink.restart()

    async def recall(self, answer: bytes) -> None:
        """See Question."""
        self._meter = UNMETERED
        await self.text(answer.decode())

    def answer(self) -> bytes:
        """See Question."""
        return "".join(self._shown).encode()

    def failed(self) -> bool:
        """See Question."""
        self._stale = bool(self._shown)
        return self._stale
