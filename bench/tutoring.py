"""The tutor to two hundred learners: how much later a token arrives than the provider sent it, and what it costs."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.connecting import kept_alive
from bench.side import Cost, Learner, Side, cost_of, server_pids
from bench.stamps import TOKEN_SIZE, token_age
from bench.wire import NotDone, WebSocket, http

QUESTION = "I do not understand how plants make sugar from light; where should I begin?"
PATIENCE = 120.0

Talk = tuple[WebSocket, Callable[[str], None]]
"""A learner's socket, and what asks over it."""


class Incomplete(NotDone):
    """Tokens are missing, or came twice; the text says how many."""


@dataclass
class Streamed:
    """What came of all answers; latencies in seconds, one a token."""

    latencies: list[float] = field(default_factory=list)
    cpu_per_token: float = 0.0
    """Of the server, in seconds."""
    first: list[float] = field(default_factory=list)
    """Seconds from each question to the first token of its answer."""
    whole: float = 0.0
    """Seconds from the first question to the end of the last answer."""
    begun_anew: int = 0
    """Answers that were asked of the provider again, counted each time."""


class Frame(msgspec.Struct):
    """As much as matters of either side's frames."""

    type: str
    text: str = ""
    at: int | None = None
    revision: int = 1
    problem: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(Frame).decode


class Answer:
    """One learner's answer while it arrives, by the rules of REALTIME §1; the opponent's tokens only add up."""

    def __init__(self, latencies: list[float]) -> None:
        self._latencies = latencies
        self._revision = 1
        self._length = 0
        self._longest = 0
        self.begun_anew = 0
        self.asked = 0.0
        self.first: float | None = None
        self.problem: dict[str, Any] | None = None
        self.ended = asyncio.Event()

    @property
    def tokens(self) -> int:
        """As many as the learner holds."""
        return self._length // TOKEN_SIZE

    def heard(self, payload: bytes) -> None:
        """A frame of the answer. Pieces may hold several tokens, never a part of one."""
        now = time.monotonic()
        frame = _decode(payload)
        match frame.type:
            case "delta" | "token":
                self._take(frame, self._length if frame.at is None else frame.at, now)
            case "snapshot":
                self._take(frame, 0, now)
            case "end":
                self.ended.set()
            case "reply" if frame.problem is not None:
                self.problem = frame.problem
                self.ended.set()

    def _take(self, frame: Frame, at: int, now: float) -> None:
        if self.first is None:
            self.first = now - self.asked
        if frame.revision != self._revision:
            self._revision = frame.revision
            self.begun_anew += 1
        elif at > self._length:
            raise Incomplete(f"a piece at {at} came behind {self._length}")
        self._length = at + len(frame.text)
        # A token counts when its place is reached for the first time, not when it is sent again.
        for place in range(max(at, self._longest), self._length, TOKEN_SIZE):
            self._latencies.append(token_age(frame.text, place - at, now))
        self._longest = max(self._longest, self._length)


async def stream(side: Side, learners: list[Learner], *, tokens: int, spread: float) -> Streamed:
    """Every learner asks once, one after the other within `spread` seconds. Raises Incomplete."""
    streamed = Streamed()
    answers = [Answer(streamed.latencies) for _ in learners]
    connection = await http(side.address)
    talks = [
        await side.tutor(learner, connection, answer.heard) for learner, answer in zip(learners, answers, strict=True)
    ]
    connection.close()
    async with kept_alive(side, [socket for socket, _ in talks]):
        began = time.monotonic()
        cost = await _asked(side, talks, answers, spread)
        streamed.whole = time.monotonic() - began
    for socket, _ in talks:
        socket.close()
    if problems := [answer.problem for answer in answers if answer.problem is not None]:
        raise Incomplete(f"{side.name}: {len(problems)} questions were refused: {problems[0]}")
    wrong = [answer.tokens for answer in answers if answer.tokens != tokens]
    if wrong:
        raise Incomplete(f"{side.name}: {len(wrong)} answers have not {tokens} tokens but {sorted(set(wrong))}")
    streamed.cpu_per_token = cost.seconds / (tokens * len(learners))
    streamed.first = [answer.first for answer in answers if answer.first is not None]
    streamed.begun_anew = sum(answer.begun_anew for answer in answers)
    return streamed


async def _asked(side: Side, talks: Sequence[Talk], answers: Sequence[Answer], spread: float) -> Cost:
    began = time.monotonic()
    with cost_of(server_pids(side)) as cost:
        for number, ((_, ask), answer) in enumerate(zip(talks, answers, strict=True)):
            await asyncio.sleep(began + spread * number / len(talks) - time.monotonic())
            answer.asked = time.monotonic()
            ask(QUESTION)
        for answer, (socket, _) in zip(answers, talks, strict=True):
            while not answer.ended.is_set():
                if socket.closed or time.monotonic() - began > PATIENCE:
                    state = f"closed with {socket.code}" if socket.closed else f"silent after {answer.tokens} tokens"
                    raise Incomplete(f"{side.name}: a learner's socket is {state}")
                with suppress(TimeoutError):
                    await asyncio.wait_for(answer.ended.wait(), 1)
    return cost
