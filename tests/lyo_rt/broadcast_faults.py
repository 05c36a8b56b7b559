"""What is asked of a broadcast while its servers fail: every message is heard, or told as lost after it was sent."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.problems import Unavailable
from tests.contracts.listening import Ear

BETWEEN_SECONDS = 0.01


class Witness(Ear):
    """An Ear that knows when it was told what."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_at: list[float] = []
        self.lost_at = 0.0

    def heard(self, payload: bytes) -> None:
        self.heard_at.append(time.monotonic())
        super().heard(payload)

    def lost(self) -> None:
        self.lost_at = time.monotonic()
        super().lost()

    async def until_well(self, within: float) -> None:
        """Wait until messages come again behind a loss."""
        well = self.losses
        await self.until(lambda: self.losses > well or self.lost_at > 0, within=within)
        await self.until(lambda: len([at for at in self.heard_at[-20:] if at > self.lost_at]) == 20, within=within)

    def silence(self) -> float:
        """The longest time, in seconds, between two messages."""
        return max(after - before for before, after in zip(self.heard_at, self.heard_at[1:], strict=False))


class Sent:
    """What was published, and when that began."""

    def __init__(self) -> None:
        self.at: dict[bytes, float] = {}
        self.ending = False
        self.ended = anyio.Event()

    async def all_told(self, witness: Witness) -> None:
        """End the publishing, and wait until `witness` has heard every message, or been told of a loss since.

        Raises TimeoutError when it is not told.
        """
        self.ending = True
        await self.ended.wait()
        await witness.until(lambda: not self._untold(witness))

    def _untold(self, witness: Witness) -> set[bytes]:
        return {payload for payload, at in self.at.items() if at > witness.lost_at} - set(witness.payloads)


@asynccontextmanager
async def publishing(broadcast: Broadcast, topic: str) -> AsyncIterator[Sent]:
    """Publish numbers on `topic`, a hundred a second, until `all_told` is called or the block is left."""
    sent = Sent()

    async def publish() -> None:
        while not sent.ending:
            payload = b"%06d" % len(sent.at)
            sent.at[payload] = time.monotonic()
            await broadcast.publish(topic, payload)
            await anyio.sleep(BETWEEN_SECONDS)
        sent.ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(publish)
        yield sent
        tasks.cancel_scope.cancel()


async def until_checked(broadcast: Broadcast, within: float = 10) -> None:
    """Wait until messages go out and come in."""
    with anyio.fail_after(within):
        while True:
            try:
                await broadcast.check()
            except Unavailable:
                await anyio.sleep(0.02)
            else:
                return
