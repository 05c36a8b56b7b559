"""What can be said of the model's file, and of a pull of it."""

from typing import Literal

import msgspec

State = Literal["absent", "pulling", "verifying", "ready", "failed"]
Reason = Literal[
    "not_found",
    "refused",
    "unreachable",
    "checksum",
    "disk_full",
    "storage",
    "memory",
    "unloadable",
    "crashed",
]


class ArtifactFault(Exception):
    """The model's file cannot be had, or cannot be used.

    `reason` is for everybody. `detail` is one line for operators: it may name paths and hosts, but no secret.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


class PullRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pull that has begun, as it stands beside its part: what another process must know to go on with it.

    `etag` names the version at the source that the part is of, `total` its bytes where the source told. `trouble` is
    why the source is tried again; `reason` and `detail` are why it is not.
    """

    source: str
    etag: str | None = None
    total: int | None = None
    trouble: str | None = None
    reason: Reason | None = None
    detail: str | None = None


class Memory(msgspec.Struct, frozen=True):
    """Bytes: what a model needs once it is loaded, and what was free before."""

    weights: int
    cache: int
    computing: int
    free: int

    @property
    def needed(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.computing


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    """How it is with the model on this instance; `verifying`: its SHA-256, and then that it loads."""

    state: State
    received: int = 0
    total: int | None = None
    reason: Reason | None = None
    detail: str | None = None
    memory: Memory | None = None

    @property
    def percent(self) -> int | None:
        """Of the file that has come, while it is being pulled and its size is known."""
        if self.state != "pulling" or not self.total:
            return None
        return min(100, self.received * 100 // self.total)


def size(count: int) -> str:
    """Bytes for people: `384.0 KiB`, `2.5 GiB`."""
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
