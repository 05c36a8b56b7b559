"""Who runs the model on this instance: waits for its file, verifies it, has it loaded, again when it ends."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NoReturn, Protocol

import anyio
import anyio.to_thread
import structlog

from actors.actor import Actor
from lyo_rt.clock import Clock
from lyo_rt.models.artifact import Artifact, Stamp, sha256
from lyo_rt.models.records import ArtifactFault, Condition, Memory

LOOK_SECONDS = 0.5
"""Between two looks for the file."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a model that has failed is loaded again, doubled at each failure."""
SOUND_SECONDS = 600.0
"""After which what ends has not failed at loading."""

log = structlog.get_logger()


class Standing:
    """How it is with the model: written by the actors, read by whoever asks."""

    def __init__(self) -> None:
        self.condition = Condition("absent")
        self.pull_fault: ArtifactFault | None = None


class Process(Protocol):
    """A loaded model."""

    async def ended(self) -> str:
        """Waits until it ends by itself; why it did."""
        ...


Load = Callable[[Callable[[Memory], None]], AbstractAsyncContextManager[Process]]


class ModelHost(Actor[NoReturn]):
    """`load(weighed)` runs the model while its block does, and raises ArtifactFault; None: it is verified, no more."""

    def __init__(self, artifact: Artifact, standing: Standing, load: Load | None, clock: Clock) -> None:
        self._artifact = artifact
        self._standing = standing
        self._load = load
        self._clock = clock
        self._refusal: tuple[Stamp, Condition] | None = None
        self._memory: Memory | None = None
        self._failures = 0

    async def started(self) -> None:
        self.start_soon(self._run)

    async def receive(self, message: NoReturn) -> None:
        """Nobody tells it anything."""

    async def _run(self) -> None:
        while True:
            stamp = await anyio.to_thread.run_sync(self._artifact.stamp)
            if stamp is None or (self._refusal is not None and self._refusal[0] == stamp):
                self._now(await anyio.to_thread.run_sync(self._waiting))
            elif await self._verified(stamp):
                await self._host(stamp)
            await anyio.sleep(LOOK_SECONDS)

    def _waiting(self) -> Condition:
        """What is known of a model that is not there, or not to be used as it is."""
        pulled = self._artifact.pulled()
        if pulled.state != "absent":
            return pulled
        if (fault := self._standing.pull_fault) is not None:
            return Condition("failed", reason=fault.reason, detail=fault.detail)
        return self._refusal[1] if self._refusal is not None else pulled

    async def _verified(self, stamp: Stamp) -> bool:
        self._now(Condition("verifying", stamp[1], stamp[1]))
        try:
            found = await sha256(self._artifact.path)
        except OSError as fault:
            refused = Condition("failed", reason="storage", detail=f"the model cannot be read: {fault.strerror}")
        else:
            if found == self._artifact.checksum:
                return True
            refused = Condition("failed", reason="checksum", detail=f"the SHA-256 of the file is {found}")
        self._refuse(stamp, refused)
        return False

    async def _host(self, stamp: Stamp) -> None:
        """Run the model until it ends; what is verified here is what is loaded, file and process know nothing else."""
        if self._load is None:
            self._now(Condition("ready"))
            await anyio.sleep_forever()
            return
        began = self._clock.monotonic()
        try:
            async with self._load(self._weighed) as process:
                self._now(Condition("ready", memory=self._memory))
                log.info("the model is ready", seconds=round(self._clock.monotonic() - began, 1))
                raise ArtifactFault("crashed", await process.ended())
        except ArtifactFault as fault:
            log.error("the model has failed", reason=fault.reason)
            failed = Condition("failed", reason=fault.reason, detail=fault.detail, memory=self._memory)
        if failed.reason == "unloadable":
            self._refuse(stamp, failed)
            return
        self._now(failed)
        await anyio.sleep(self._pause(self._clock.monotonic() - began))

    def _pause(self, lived: float) -> float:
        self._failures = 1 if lived > SOUND_SECONDS else self._failures + 1
        return float(min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(self._failures - 1, 10)))

    def _weighed(self, memory: Memory) -> None:
        self._memory = memory
        log.info("the model was weighed", needed=memory.needed, free=memory.free)

    def _refuse(self, stamp: Stamp, why: Condition) -> None:
        """Not to be looked at again before it has changed."""
        log.error("the model cannot be used", reason=why.reason)
        self._refusal = (stamp, why)

    def _now(self, condition: Condition) -> None:
        self._standing.condition = condition
