"""An actor that does what a test's messages say, and what such tests need beside it."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from actors.actor import Actor
from actors.crashes import Restart

AT_ONCE = Restart(attempts=100, shortest=0, longest=0)
LONG = 3600.0


class Scripted(Actor[Any]):
    """Calls the function it is sent with itself and awaits what that gives; notes all else, and its lives, in `diary`.

    A factory that passes one diary to every life lets a test read them all.
    """

    def __init__(self, diary: list[Any] | None = None) -> None:
        self.diary = [] if diary is None else diary
        self.remembered = 0

    async def started(self) -> None:
        self.diary.append("started")

    async def receive(self, message: Any) -> Any:
        if not callable(message):
            self.diary.append(message)
            return message
        answer = message(self)
        return await answer if isinstance(answer, Awaitable) else answer

    async def stopped(self) -> None:
        self.diary.append("stopped")


class Gate:
    """A message, or any work, that goes on until it is opened."""

    def __init__(self) -> None:
        self.entered, self.opened = anyio.Event(), anyio.Event()

    async def __call__(self, _: Any = None) -> str:
        self.entered.set()
        await self.opened.wait()
        return "opened"


def fail(_: Actor[Any]) -> None:
    """A message that crashes its actor."""
    raise ValueError("private words")


async def outcome(function: Callable[[], Awaitable[Any]], into: list[Any]) -> None:
    """Put what the function returns, or the type of what it raises, into the list."""
    try:
        into.append(await function())
    except Exception as fault:
        into.append(type(fault))


def took(seconds: float, *, since: float, until: float | None = None) -> bool:
    """Whether that time passed, and less than a second more. uvloop counts in whole milliseconds, so one may lack."""
    passed = (anyio.current_time() if until is None else until) - since
    return seconds - 0.0015 <= passed < seconds + 1
