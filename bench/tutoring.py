"""The tutor to two hundred learners: how much later a token arrives than the provider sent it, and what it costs."""

import asyncio
import time
from dataclasses import dataclass, field

import msgspec

from bench.side import Learner, Side, cost_of, server_pids
from bench.stamps import SIZE, age
from bench.wire import http

QUESTION = "I do not understand how plants make sugar from light; where should I begin?"
STAMPED = SIZE + 1
"""A token: a stamp and a space."""


class Incomplete(Exception):
    """Tokens are missing, or came twice; the text says how many."""


@dataclass
class Streamed:
    """What came of all answers; latencies in seconds, one a token."""

    latencies: list[float] = field(default_factory=list)
    cpu_per_token: float = 0.0
    """Of the server, in seconds."""
    cpu_share: float = 0.0
    """Of one core, while the answers were streaming."""


class Frame(msgspec.Struct):
    """As much as matters of either side's frames."""

    type: str
    text: str = ""


_decode = msgspec.json.Decoder(Frame).decode


class Answer:
    """One learner's answer while it arrives."""

    def __init__(self, latencies: list[float]) -> None:
        self._latencies = latencies
        self.tokens = 0
        self.ended = asyncio.Event()

    def heard(self, payload: bytes) -> None:
        """A frame of the answer. Pieces may hold several tokens, never a part of one."""
        now = time.monotonic()
        frame = _decode(payload)
        if frame.type in ("delta", "token"):
            for at in range(0, len(frame.text), STAMPED):
                self._latencies.append(age(frame.text[at : at + SIZE], now))
                self.tokens += 1
        elif frame.type == "end":
            self.ended.set()


async def stream(side: Side, learners: list[Learner], *, tokens: int, spread: float) -> Streamed:
    """Every learner asks once, one after the other within `spread` seconds. Raises Incomplete."""
    streamed = Streamed()
    answers = [Answer(streamed.latencies) for _ in learners]
    connection = await http(side.address)
    talks = [
        await side.tutor(learner, connection, answer.heard) for learner, answer in zip(learners, answers, strict=True)
    ]
    connection.close()
    began = time.monotonic()
    with cost_of(server_pids(side)) as cost:
        for number, (_, ask) in enumerate(talks):
            await asyncio.sleep(began + spread * number / len(talks) - time.monotonic())
            ask(QUESTION)
        for answer in answers:
            async with asyncio.timeout(120):
                await answer.ended.wait()
        took = time.monotonic() - began
    for socket, _ in talks:
        socket.close()
    wrong = [answer.tokens for answer in answers if answer.tokens != tokens]
    if wrong:
        raise Incomplete(f"{side.name}: {len(wrong)} answers have not {tokens} tokens but {sorted(set(wrong))}")
    streamed.cpu_per_token = cost.seconds / (tokens * len(learners))
    streamed.cpu_share = cost.seconds / took
    return streamed
