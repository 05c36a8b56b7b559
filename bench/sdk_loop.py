"""The `openai` SDK's own loop over streamed answers, nothing else: what a server adds to a token is counted from it.

Who asks a model through the SDK waits as long for each token.
"""

import msgspec

from bench.figures import quantile
from bench.machine import pin
from bench.opponent import PYTHON
from bench.processes import program

TOLD = "ages "


class Ages(msgspec.Struct, frozen=True):
    """How old tokens were when the loop had them, in seconds."""

    p50: float
    p99: float


def measured(provider: str, *, learners: int, tokens: int, core: int) -> Ages:
    """The loop alone on a core, with so many answers at once, after a first round that is not counted."""
    arguments = [str(PYTHON), "-m", "bench.seeds_stack.sdk_loop", provider, str(learners), str(tokens)]
    with program(arguments, {}, "ready") as loop:
        pin(loop.pids, core)
        loop.tell("go")
        ages = msgspec.json.decode(loop.wait_for(TOLD).removeprefix(TOLD), type=list[float])
    return Ages(quantile(ages, 0.5), quantile(ages, 0.99))
