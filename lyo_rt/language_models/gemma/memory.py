"""What a model will need of this machine's memory, and what is free. Only the model's own process imports this."""

from pathlib import Path
from typing import Any

import psutil

from lyo_rt.language_models.gemma.header import read_header
from lyo_rt.models.records import Memory

BATCH = 512
"""Tokens of a prompt that are computed at once."""
CGROUP = Path("/sys/fs/cgroup")
_LIMITS = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))
"""Of control groups, version 2 and 1: what a container may use, and what it does."""


def weigh(model: Path, *, context: int, parallel: int) -> Memory:
    """What the model needs with `parallel` answers of `context` tokens each, and what is free. Blocks.

    The weights are mapped from the file, but have to be in memory all the same: read again for every token they would
    make it hundreds of times slower. Raises NotGguf, OSError, and KeyError for a model without the usual metadata.
    """
    from xllamacpp.memory import graph_size  # type: ignore[import-untyped]

    metadata = {name: {"value": value} for name, value in read_header(model).items()}
    cache, _, computing = _sizes(graph_size, metadata, context * parallel, parallel)
    return Memory(model.stat().st_size, cache, computing, free())


def free(cgroup: Path = CGROUP) -> int:
    """Bytes that can be had without swapping, here or in this container, whichever is less."""
    available = int(psutil.virtual_memory().available)
    for limit, usage in _LIMITS:
        try:
            allowed, used = (cgroup / limit).read_text().strip(), int((cgroup / usage).read_text())
        except OSError:
            continue
        if allowed != "max":
            available = min(available, max(0, int(allowed) - used))
    return available


def _sizes(graph_size: Any, metadata: dict[str, Any], context: int, parallel: int) -> tuple[int, int, int]:
    cache, partial, full = graph_size(
        metadata, context_length=context, batch_size=BATCH, num_parallel=parallel, kv_cache_type="f16"
    )
    return int(sum(cache)), int(partial), int(full)
