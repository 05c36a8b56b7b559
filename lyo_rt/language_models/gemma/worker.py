"""The program that runs the model: llama.cpp with its OpenAI-compatible server, on loopback, for who knows the key.

A process of its own, so that a crash of native code, or the kernel when memory runs out, takes nothing else along; and
a nicer one, so that the server's loop gets the processor first. It ends with the server (lyo_rt/embedded/guardian.py).
"""

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from lyo_rt.language_models.gemma.header import NotGguf
from lyo_rt.language_models.gemma.memory import BATCH, weigh
from lyo_rt.language_models.gemma.messages import Loaded, Message, Refused, Weighed
from lyo_rt.models.records import size

NICENESS = 10


def main(arguments: Sequence[str]) -> int:
    """Load the model and serve until SIGTERM; exit code 1 when it is refused."""
    options = _parse(arguments)
    os.nice(NICENESS)
    refused = _weighed(options)
    if refused is None:
        import xllamacpp  # type: ignore[import-untyped]

        try:
            server = xllamacpp.Server(_parameters(options, key := secrets.token_urlsafe(32)))
        except RuntimeError as fault:
            refused = Refused("unloadable", f"llama.cpp cannot load {options.model}: {fault}")
    if refused is not None:
        _tell(options.report, refused)
        return 1
    _tell(options.report, Loaded(server.listening_address, key))
    signal.pause()
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--name", required=True, help="what its answers are signed with")
    parser.add_argument("--context", type=int, required=True, help="tokens of a request and its answer")
    parser.add_argument("--parallel", type=int, required=True, help="answers at once")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--report", type=int, required=True, help="descriptor of the pipe that messages go to")
    return parser.parse_args(arguments)


def _weighed(options: argparse.Namespace) -> Refused | None:
    """Tells what the model needs; why it is not loaded if that is more than there is."""
    try:
        memory = weigh(options.model, context=options.context, parallel=options.parallel)
    except (NotGguf, OSError) as fault:
        return Refused("unloadable", f"{options.model} is no model: {fault}")
    except KeyError as fault:
        return Refused("unloadable", f"{options.model} does not say its {fault.args[0]}")
    _tell(options.report, Weighed(memory))
    if memory.needed <= memory.free:
        return None
    return Refused("memory", f"the model needs {size(memory.needed)}, {size(memory.free)} are free")


def _parameters(options: argparse.Namespace, key: str) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(options.model)
    parameters.model_alias = {options.name}
    parameters.n_ctx = options.context * options.parallel
    parameters.n_parallel = options.parallel
    parameters.n_batch = parameters.n_ubatch = BATCH
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = options.threads
    parameters.api_keys = [key]
    parameters.endpoint_metrics = True
    # What learners wrote is not to be had from outside, and old prompts may not take 8 GiB that nobody has weighed.
    parameters.endpoint_slots = parameters.ui = False
    parameters.cache_ram_mib = 0
    # The context is as configured or the model is refused, never quietly a shorter one.
    parameters.fit_params = False
    parameters.verbosity = 1
    return parameters


def _tell(report: int, message: Message) -> None:
    os.write(report, msgspec.json.encode(message) + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
