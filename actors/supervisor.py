"""Starts actors, at most one alive of each (kind, key), restarts those that crash, and ends them all in time."""

import contextvars
import random
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import chain
from types import TracebackType
from typing import Any

import anyio
import structlog

from actors.actor import Actor
from actors.crashes import ON_CRASH, OnlyScopesCancel, Restart, described
from actors.life import live
from actors.mailbox import Address, Gone, Mailbox, Message, Statistics

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Supervisor:
    """Owns the tasks of all its actors: `async with Supervisor() as supervisor`.

    Leaving the block waits for the root tasks, then stops all actors. A crash of a root task, or in the block itself,
    cancels all actors (their stopped() still runs) and leaves the block as an ExceptionGroup.
    `stop_seconds` is the deadline when the block is left; `jitter(low, high)` draws the pause before a restart.
    """

    def __init__(self, *, stop_seconds: float = 10, jitter: Callable[[float, float], float] = random.uniform) -> None:
        self._stop_seconds, self._jitter = stop_seconds, jitter
        self._tasks = anyio.create_task_group()
        self._stack = AsyncExitStack()
        self._newest: dict[tuple[str, Hashable], Address[Any]] = {}
        self._alive: set[Address[Any]] = set()
        self._statistics: dict[str, Statistics] = {}
        self._roots: list[anyio.TaskHandle[None]] = []
        self._stopping = False

    async def __aenter__(self) -> "Supervisor":
        # Actors run in this context: in that of whoever starts them they would keep its request alive and log its id.
        self._context = contextvars.copy_context()
        await self._stack.enter_async_context(self._tasks)
        self._stack.push_async_exit(self._leave)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._stack.__aexit__(kind, fault, trace)

    def start(
        self, kind: str, key: Hashable, factory: Callable[[], Actor[Message]], *, policy: Restart = ON_CRASH
    ) -> Address[Message]:
        """The actor of this kind and key: the one that is alive, or else a new one made by `factory`.

        Does not wait. A new actor begins when a former one of the same kind and key has ended altogether, and gets
        the messages told until then. `factory` runs now (what it raises is raised here) and at each restart.
        Raises Gone when the supervisor is stopping.
        """
        former = self._newest.get((kind, key))
        if former is not None and not former.gone:
            return former
        if self._stopping:
            raise Gone(kind, key)
        actor = factory()
        statistics = self._statistics.setdefault(kind, Statistics())
        mailbox: Mailbox[Message] = Mailbox(kind, key, actor.mailbox_size, statistics)
        address = Address(mailbox)
        lives = chain((actor,), iter(factory, None))
        run = self._run(address, lives, policy, former)
        mailbox.task = self._tasks.create_task(run, name=kind, context=self._context)
        self._newest[kind, key] = address
        self._alive.add(address)
        statistics.alive += 1
        return address

    def find(self, kind: str, key: Hashable) -> Address[Any] | None:
        """The actor of this kind and key, or None when there is none that accepts messages."""
        address = self._newest.get((kind, key))
        return None if address is None or address.gone else address

    def root(self, function: Callable[..., Awaitable[Any]], *args: Any) -> anyio.TaskHandle[None]:
        """Run `function(*args)`, without which nothing else makes sense: its crash ends the supervisor.

        It may return. The handle can cancel it and wait for its end.
        """
        self._roots.append(self._tasks.create_task(self._root(function, args), name="root", context=self._context))
        return self._roots[-1]

    async def stop(self, deadline: float) -> list[Address[Any]]:
        """Stop all actors and start no more; wait `deadline` seconds for them to end, then cancel their stopped().

        Returns those that have not ended: they swallow or shield themselves from cancellation, the block cannot be
        left before them, and only ending the process helps. Root tasks go on.
        """
        self._stopping = True
        for address in self._alive:
            address.stop()
        with anyio.move_on_after(deadline):
            for address in list(self._alive):
                await address.ended()
        late = list(self._alive)
        for address in late:
            log.warning("actor did not end in time", kind=address.kind, key=str(address.key))
            if address.mailbox.hook is not None:
                address.mailbox.hook.cancel()
        return late

    def statistics(self) -> dict[str, Statistics]:
        """Counts by kind, as they are now."""
        return {kind: replace(statistics) for kind, statistics in self._statistics.items()}

    async def _leave(self, _: object, fault: BaseException | None, __: object) -> None:
        if fault is None:
            for root in self._roots:
                await root.wait()
            await self.stop(self._stop_seconds)
        self._stopping = True

    async def _run(
        self,
        address: Address[Message],
        lives: Iterator[Actor[Message]],
        policy: Restart,
        former: Address[Message] | None,
    ) -> None:
        mailbox, crashes = address.mailbox, list[float]()
        try:
            if former is not None:
                await former.ended()
                former = None
            while not mailbox.stopping and not await live(lives, address) and not mailbox.closed:
                pause = policy.pause(crashes, anyio.current_time(), self._jitter)
                if pause is None:
                    if policy.attempts:
                        mailbox.statistics.given_up += 1
                        log.error("actor given up", kind=mailbox.kind, key=str(mailbox.key), crashes=len(crashes))
                    break
                with anyio.CancelScope() as mailbox.scope:
                    await anyio.sleep(pause)
                    mailbox.statistics.restarts += 1
        finally:
            mailbox.drop()
            mailbox.statistics.alive -= 1
            self._alive.discard(address)
            if self._newest.get((mailbox.kind, mailbox.key)) is address:
                del self._newest[mailbox.kind, mailbox.key]

    async def _root(self, function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
        try:
            with OnlyScopesCancel():
                await function(*args)
        except Exception as crash:
            log.critical("root task crashed", **described(crash))
            raise
