"""Wait for something in the database to come true, woken by hints and never relying on them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from lyo_rt.broadcast.contract import Broadcast

Found = TypeVar("Found")

LOOK_SECONDS = 1.0
"""A hint that was lost costs no more than this."""


class _Bell:
    """A broadcast Listener that wakes one waiter."""

    def __init__(self) -> None:
        self.rung = anyio.Event()

    def heard(self, payload: bytes) -> None:  # noqa: ARG002
        self.rung.set()

    def lost(self) -> None:
        self.rung.set()


async def come_true(
    broadcast: Broadcast, topic: str, look: Callable[[], Awaitable[Found | None]], *, seconds: float
) -> Found | None:
    """What `look` finds, tried at once, at each hint on `topic`, and now and then; None after `seconds`."""
    if (found := await look()) is not None:
        return found
    bell = _Bell()
    with anyio.move_on_after(seconds):
        async with broadcast.listen(topic, bell):
            while True:
                bell.rung = anyio.Event()
                if (found := await look()) is not None:
                    return found
                with anyio.move_on_after(LOOK_SECONDS):
                    await bell.rung.wait()
    return None
