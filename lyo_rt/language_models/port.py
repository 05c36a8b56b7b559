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
    `usage` is what was billed all the same, where that is known.
    """

    def __init__(
        self,
        provider: str,
        kind: FaultKind,
        detail: str,
        *,
        retry_after: float | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(f"{provider}: {kind}: {detail}")
        self.provider = provider
        self.kind: FaultKind = kind
        self.retry_after = retry_after
        self.usage = usage


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


class Asker(msgspec.Struct, frozen=True):
    """On whose account something is asked of a model: what budgets, the record of calls and the cache go by.

    `user` is None for the deployment's own work; `work` is the task or the answer it is part of. A `private` request
    holds personal text: its answer is never given to another user.
    """

    purpose: Literal["course", "tutor", "quiz", "grading", "summary", "explanation", "translation", "recommendation"]
    user: UUID | None = None
    work: UUID | None = None
    private: bool = False


class Provider(Protocol):
    """One provider: a single attempt at each request."""

    name: str

    async def write(self, task: StructuredTask[Draft]) -> tuple[Draft, Written]:
        """The draft the task asks for, valid by its schema. Raises ModelFault."""
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
