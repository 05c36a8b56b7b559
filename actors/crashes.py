"""What counts as a crash, how it is seen, and when the crashed live again."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import anyio

from lyo_rt.problems import Problem


class StrayCancellation(Exception):
    """Something that was awaited had been cancelled by somebody else."""


class OnlyScopesCancel:
    """Raises StrayCancellation in place of a cancellation that no cancel scope asked for.

    An asyncio future cancelled by its owner gives one; AnyIO would silently cancel the whole task group for it.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(fault, anyio.get_cancelled_exc_class()) and anyio.current_effective_deadline() > -math.inf:
            raise StrayCancellation from fault


@dataclass(frozen=True, slots=True)
class Restart:
    """When a crashed actor lives again: at most `attempts` times within `within` seconds, each time after a random
    pause from `shortest` to `shortest`·2ⁿ seconds at the n-th crash of that period, never above `longest`."""

    attempts: int = 5
    within: float = 60
    shortest: float = 0.1
    longest: float = 30

    def pause(self, crashes: list[float], now: float, jitter: Callable[[float, float], float]) -> float | None:
        """Seconds to wait after a crash at `now`, or None for never; notes it in `crashes`, the times of those before.

        `jitter(low, high)` draws a number between the two.
        """
        crashes[:] = [*(crash for crash in crashes if crash > now - self.within), now]
        if len(crashes) > self.attempts:
            return None
        return jitter(self.shortest, min(self.longest, self.shortest * 2 ** len(crashes)))


ON_CRASH = Restart()
NEVER = Restart(attempts=0)


def faults(crash: BaseException) -> list[BaseException]:
    """The single exceptions inside a group, however deep; or the exception itself."""
    if isinstance(crash, BaseExceptionGroup):
        return [fault for part in crash.exceptions for fault in faults(part)]
    return [crash]


def problem_of(refusals: BaseExceptionGroup[Problem]) -> Problem:
    """The first of the problems that an `except*` has caught."""
    return next(fault for fault in faults(refusals) if isinstance(fault, Problem))


def described(crash: BaseException) -> dict[str, Any]:
    """What a log may say of a crash: types and places. An exception's text may quote a learner, so it is left out."""
    found = faults(crash)
    return {"errors": [type(fault).__qualname__ for fault in found], "where": [_place(fault) for fault in found]}


def _place(fault: BaseException) -> str:
    """The last four calls, the innermost first: `module:line function < …`."""
    calls = []
    trace = fault.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        calls.append(f"{frame.f_globals.get('__name__')}:{trace.tb_lineno} {frame.f_code.co_qualname}")
        trace = trace.tb_next
    return " < ".join(reversed(calls[-4:]))
