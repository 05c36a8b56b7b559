"""A listener for tests: keeps what it was told, and lets a test wait for it."""

from collections.abc import Callable

import anyio


class Ear:
    """A Listener: `payloads` in the order heard, `losses` counted."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.losses = 0
        self._told = anyio.Event()

    def heard(self, payload: bytes) -> None:
        self.payloads.append(payload)
        self._told.set()

    def lost(self) -> None:
        self.losses += 1
        self._told.set()

    async def until(self, satisfied: Callable[[], bool], *, within: float = 10) -> None:
        """Wait until `satisfied()`, looked at each time something is told. Raises TimeoutError after `within` s."""
        with anyio.fail_after(within):
            while not satisfied():
                self._told = anyio.Event()
                await self._told.wait()

    async def until_heard(self, payload: bytes, *, within: float = 10) -> None:
        """Wait until `payload` is the last that was heard."""
        await self.until(lambda: self.payloads[-1:] == [payload], within=within)


class BrokenEar(Ear):
    """Raises whatever it is told."""

    def heard(self, payload: bytes) -> None:
        super().heard(payload)
        raise RuntimeError("this listener is broken")

    def lost(self) -> None:
        super().lost()
        raise RuntimeError("this listener is broken")
