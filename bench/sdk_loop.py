"""`python -m bench.sdk_loop URL LEARNERS TOKENS`: the `openai` SDK's own loop over streamed answers, and nothing else.

What a server adds to a token is counted from here: who asks a model through the SDK waits as long for each token.
"""

import asyncio
import sys
import time

import msgspec
import uvloop
from openai import AsyncOpenAI

from bench.figures import quantile
from bench.machine import pin
from bench.processes import program
from bench.stamps import token_age

TOLD = "ages "


class Ages(msgspec.Struct, frozen=True):
    """How old tokens were when the loop had them, in seconds."""

    p50: float
    p99: float


def measured(provider: str, *, learners: int, tokens: int, core: int) -> Ages:
    """The loop alone on a core, with so many answers at once, after a first round that is not counted."""
    arguments = [sys.executable, "-m", "bench.sdk_loop", provider, str(learners), str(tokens)]
    with program(arguments, {}, "ready") as loop:
        pin(loop.pids, core)
        loop.tell("go")
        return msgspec.json.decode(loop.wait_for(TOLD).removeprefix(TOLD), type=Ages)


async def listen(client: AsyncOpenAI, ages: list[float]) -> None:
    """One answer, token by token."""
    asked = [{"role": "user", "content": "Where should I begin?"}]
    stream = await client.chat.completions.create(model="gpt-4o-mini", messages=asked, stream=True)  # type: ignore[arg-type]
    async for chunk in stream:
        if text := chunk.choices[0].delta.content if chunk.choices else None:
            ages.append(token_age(text, 0, time.monotonic()))


async def answers(provider: str, learners: int, tokens: int) -> Ages:
    """All at once, spread over the time of a token by the provider. Raises RuntimeError when tokens are missing."""
    async with AsyncOpenAI(base_url=provider, api_key="bench", max_retries=0) as client:
        for _ in range(2):
            ages = list[float]()
            async with asyncio.TaskGroup() as all_:
                for _ in range(learners):
                    all_.create_task(listen(client, ages))
    if len(ages) != learners * tokens:
        raise RuntimeError(f"{len(ages)} tokens of {learners * tokens}")
    return Ages(quantile(ages, 0.5), quantile(ages, 0.99))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Say "ready", wait for a line, measure, tell."""
    provider, learners, tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _say("ready")
    sys.stdin.readline()
    _say(TOLD + msgspec.json.encode(uvloop.run(answers(provider, learners, tokens))).decode())


if __name__ == "__main__":
    main()
