"""Work that can wait gives way to people who wait: a generation's next step to requests and frames being answered.

All of an instance shares one event loop. A hundred courses begun at once are 1,300 steps of some milliseconds of work
each; whoever asks for something meanwhile must not stand behind them in the queue. So a step waits for those who are
being answered, and steps follow one another only as fast as leaves the loop some time: what comes by chance all at once
waits in a queue that grows with 1 / (1 - share) (M/G/1, Pollaczek and Khinchine).
"""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

import anyio

LONGEST_SECONDS = 5.0
"""No step waits longer: under a steady load it is late, never stopped (a model takes 5 to 20 s for a step)."""
ANSWER_SECONDS = 1.0
"""Who has been waiting longer than this waits for something else than the loop: a long poll, an event stream."""
SHARE = 0.625
"""Of the loop's time, so much may go while steps follow one another. With a hundred courses being written at once a
watcher knows of an event after 1.2 ms, p99 4.4, and the courses are ready after 4.6 s; with 0.75 it is 1.8 ms, p99 6.8,
and 3.8 s (2 cores)."""
STEPS = 8
"""What a step takes is the mean over so many."""
SHORTEST_SECONDS = 0.001
LONGEST_PAUSE_SECONDS = 0.015
"""However much else the loop does."""
ON_TIME_SECONDS = 0.002
"""A pause that is over in time shows that the machine has room for a step."""
LATE_PAUSES = 5
"""After so many pauses the step goes on all the same: it is the machine that is slow."""


class Courtesy:
    """One instance's."""

    def __init__(
        self,
        *,
        longest: float = LONGEST_SECONDS,
        answer: float = ANSWER_SECONDS,
        on_time: float = ON_TIME_SECONDS,
        used: Callable[[], float] = time.thread_time,
    ) -> None:
        """`used`: the seconds that the loop has worked so far, as its thread's processor time tells."""
        self._longest = longest
        self._answer = answer
        self._on_time = on_time
        self._began: dict[object, float] = {}
        self._less = anyio.Event()
        self._turnstile = anyio.Lock()
        self._worked = used
        self._used = used()
        self._step = 0.0
        """What the loop works from one step to the next, in seconds."""
        self._due = -math.inf

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
            self._due = self._next()
            for _ in range(LATE_PAUSES):
                if await self._is_quiet(deadline) or anyio.current_time() >= deadline:
                    return

    def _next(self) -> float:
        """When the next step may begin, so that all that the loop does from one to the next is SHARE of the time."""
        before, self._used = self._used, self._worked()
        self._step += (min(self._used - before, LONGEST_PAUSE_SECONDS) - self._step) / STEPS
        return max(anyio.current_time(), self._due + min(self._step / SHARE, LONGEST_PAUSE_SECONDS))

    async def _is_quiet(self, deadline: float) -> bool:
        while (until := min(deadline, self._busy_until())) > anyio.current_time():
            self._less = anyio.Event()
            with anyio.move_on_after(until - anyio.current_time()):
                await self._less.wait()
        before = anyio.current_time()
        pause = max(SHORTEST_SECONDS, self._due - before)
        await anyio.sleep(pause)
        return anyio.current_time() - before - pause < self._on_time

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
