"""What the product asks of a language model, whoever answers: one port, several providers behind it.

A request is a *task* with the facts it is about (lyo_rt/language_models/tasks.py), not a finished prompt: the hosted
models are given the text that prompts.py makes of it, `outline` builds from the facts themselves.
"""

from typing import Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from lyo_rt.language_models.quality.counts import Gates
from lyo_rt.language_models.tasks import StructuredTask, TutorTask

Draft_co = TypeVar("Draft_co", bound=msgspec.Struct, covariant=True)
Draft = TypeVar("Draft", bound=msgspec.Struct)

FaultKind = Literal[
    "timeout",
    "refused",
    "rate_limited",
    "server",
    "authentication",
    "invalid_request",
    "blocked",
    "truncated",
    "malformed",
    "cut",
]


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the provider counted them; 0 where it does not count."""

    prompt_tokens: int = 0
    answer_tokens: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(self.prompt_tokens + other.prompt_tokens, self.answer_tokens + other.answer_tokens)


class ModelFault(Exception):
    """A provider did not answer usefully.

    `kind` is one of: timeout, refused (connection), rate_limited, server, authentication, invalid_request, blocked
    (safety), truncated, malformed (not the JSON asked for), cut (the connection broke under the answer).
    `retry_after` is the provider's own hint, in seconds. `detail` may quote the provider: log `provider` and `kind`.
    """

    def __init__(self, provider: str, kind: FaultKind, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{provider}: {kind}: {detail}")
        self.provider = provider
        self.kind: FaultKind = kind
        self.retry_after = retry_after


class Written(msgspec.Struct, frozen=True):
    """Who wrote an answer, at what price, and what the quality gates did to it."""

    provider: str
    model: str
    degraded: bool = False
    usage: Usage = Usage()
    gates: Gates = Gates()


class TextSink(Protocol):
    """Where a streamed answer goes, piece by piece."""

    async def text(self, piece: str) -> None:
        """The next piece, never empty."""
        ...

    async def restart(self) -> None:
        """Forget what came so far: another provider begins the answer anew."""
        ...


class Reuse(msgspec.Struct, frozen=True):
    """Requests that may share an answer: `hits` found one that was kept, `joins` waited for one that was being bought
    for somebody else, `misses` had to buy it."""

    hits: int = 0
    joins: int = 0
    misses: int = 0

    def plus(self, other: "Reuse") -> "Reuse":
        """Both together."""
        return Reuse(self.hits + other.hits, self.joins + other.joins, self.misses + other.misses)


class Asker(msgspec.Struct, frozen=True):
    """On whose account something is asked of a model: what budgets, the record of calls and the cache go by.

    `user` is None for the deployment's own work; `work` is the task or the answer it is part of. A `private` request
    holds personal text: its answer is never given to another user.
    """

    purpose: Literal["course", "tutor", "quiz", "grading", "summary", "explanation", "translation", "recommendation"]
    user: UUID | None = None
    work: UUID | None = None
    private: bool = False


class Meter(Protocol):
    """Keeps account of the calls that one request takes of its provider: each is in the ledger before it is sent."""

    async def sends(self, after: FaultKind | None = None, *, more_prompt: int = 0, longer: bool = False) -> None:
        """A call is about to be sent; it is paid for once this returns. Raises BudgetExhausted.

        `after` is what was wrong with the call before, None for the first. `more_prompt` is by how many tokens its
        prompt is longer than the first one's, estimated from above; a `longer` answer may have twice the usual limit.
        """
        ...

    def received(self, text: str) -> None:
        """A piece of the answer has come; what of it has no count yet is estimated."""
        ...

    def used(self, usage: Usage) -> None:
        """The provider's count of the call sent last; all zero where it does not count."""
        ...

    def failed(self, fault: ModelFault) -> None:
        """The call sent last has failed, and the answer is made of what came before it."""
        ...


class Unmetered:
    """A Meter of nothing."""

    async def sends(self, after: FaultKind | None = None, *, more_prompt: int = 0, longer: bool = False) -> None:
        pass

    def received(self, text: str) -> None:
        pass

    def used(self, usage: Usage) -> None:
        pass

    def failed(self, fault: ModelFault) -> None:
        pass


UNMETERED = Unmetered()


class Provider(Protocol):
    """One provider: a single attempt at each request."""

    name: str

    async def write(self, task: StructuredTask[Draft], meter: Meter = UNMETERED) -> tuple[Draft, Written]:
        """The draft the task asks for, valid by its schema. Raises ModelFault, and what `meter.sends` does."""
        ...

    async def stream(self, task: TutorTask, sink: TextSink) -> Written:
        """The tutor's next turn, token by token into `sink`. Raises ModelFault.

        Cancelling the call ends the provider's connection within a second.
        """
        ...

    async def aclose(self) -> None:
        """Close the provider's connections."""
        ...


class LanguageModel(Protocol):
    """What the product asks: the providers in their order, behind one door (routing.py)."""

    async def write(self, task: StructuredTask[Draft], asker: Asker) -> tuple[Draft, Written]:
        """The first valid draft.

        Raises ModelUnavailable with `retry_after` when every provider fails, BudgetExhausted when the asker's budget
        or the deployment's is used up: asking again before it resets is of no use.
        """
        ...

    async def stream(self, task: TutorTask, sink: TextSink, asker: Asker) -> Written:
        """The tutor's next turn, token by token into `sink`. Raises what `write` does.

        Cancelling the call ends the provider's connection within a second.
        """
        ...

    def reuse(self) -> Reuse:
        """How often this instance had an answer that was there already."""
        ...
