"""`python -m bench.seeds_stack.sdk_loop URL LEARNERS TOKENS`: the SDK's loop over streamed answers, nothing else."""

import asyncio
import json
import sys
import time

import uvloop
from openai import AsyncOpenAI, DefaultAioHttpClient

from bench.stamps import token_age


async def listen(client: AsyncOpenAI, ages: list[float]) -> None:
    """One answer, token by token."""
    asked = [{"role": "user", "content": "Where should I begin?"}]
    stream = await client.chat.completions.create(model="gpt-4o-mini", messages=asked, stream=True)  # type: ignore[arg-type]
    async for chunk in stream:
        if text := chunk.choices[0].delta.content if chunk.choices else None:
            ages.append(token_age(text, 0, time.monotonic()))


async def answers(provider: str, learners: int, tokens: int) -> list[float]:
    """How old each token was when it came, in seconds; all answers at once, spread over a token's time by the provider.

    A round before is not counted. Raises RuntimeError when tokens are missing.
    """
    async with AsyncOpenAI(
        base_url=provider, api_key="bench", max_retries=0, http_client=DefaultAioHttpClient()
    ) as client:
        for _ in range(2):
            ages = list[float]()
            async with asyncio.TaskGroup() as all_:
                for _ in range(learners):
                    all_.create_task(listen(client, ages))
    if len(ages) != learners * tokens:
        raise RuntimeError(f"{len(ages)} tokens of {learners * tokens}")
    return ages


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Say "ready", wait for a line, measure, tell."""
    provider, learners, tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _say("ready")
    sys.stdin.readline()
    _say("ages " + json.dumps(uvloop.run(answers(provider, learners, tokens))))


if __name__ == "__main__":
    main()
