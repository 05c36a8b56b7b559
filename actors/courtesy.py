"""Work that can wait gives way to people who wait: a generation's next step to requests and frames being answered.

All of an instance shares one event loop. A hundred courses begun at once are 1,300 steps of some milliseconds of work
each; whoever asks for something meanwhile must not stand behind them in the queue.
"""

import math
from contextlib import AbstractContextManager
from types import TracebackType

import anyio

LONGEST_SECONDS = 5.0
"""No step waits longer: under a steady load it is late, never stopped (a model takes 5 to 20 s for a step)."""
ANSWER_SECONDS = 1.0
"""Who has been waiting longer than this waits for something else than the loop: a long poll, an event stream."""
PAUSE_SECONDS = 0.002
ON_TIME_SECONDS = 0.004
"""A pause that is over in time shows that the loop has room for a step; each needs 3 to 6 ms of it."""
LATE_PAUSES = 5
"""After so many pauses the step goes on all the same: it is the machine that is slow."""


class Courtesy:
    """One instance's."""

    def __init__(
        self, *, longest: float = LONGEST_SECONDS, answer: float = ANSWER_SECONDS, on_time: float = ON_TIME_SECONDS
    ) -> None:
        self._longest = longest
        self._answer = answer
        self._on_time = on_time
        self._began: dict[object, float] = {}
        self._less = anyio.Event()
        self._turnstile = anyio.Lock()

    def serving(self) -> AbstractContextManager[None]:
        """Somebody is being answered while the block runs."""
        return _Serving(self)

    def began(self, place: object) -> None:
        """Somebody begins to be answered, at this place among all."""
        self._began[place] = anyio.current_time()

    def ended(self, place: object) -> None:
        """They are answered no more."""
        del self._began[place]
        self._less.set()

    async def turn(self) -> None:
        """Wait until nobody is being answered and the loop has time, `longest` at most; turns are taken one by one."""
        deadline = anyio.current_time() + self._longest
        async with self._turnstile:
            for _ in range(LATE_PAUSES):
                if await self._is_quiet(deadline) or anyio.current_time() >= deadline:
                    return

    async def _is_quiet(self, deadline: float) -> bool:
        while (until := min(deadline, self._busy_until())) > anyio.current_time():
            self._less = anyio.Event()
            with anyio.move_on_after(until - anyio.current_time()):
                await self._less.wait()
        before = anyio.current_time()
        await anyio.sleep(PAUSE_SECONDS)
        return anyio.current_time() - before < self._on_time

    def _busy_until(self) -> float:
        newest = next(reversed(self._began.values()), None)
        return -math.inf if newest is None else newest + self._answer


class _Serving(AbstractContextManager[None]):
    """One block. By a generator it takes three times as long, three times a request."""

    __slots__ = ("_courtesy",)

    def __init__(self, courtesy: Courtesy) -> None:
        self._courtesy = courtesy

    def __enter__(self) -> None:
        self._courtesy.began(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._courtesy.ended(self)
