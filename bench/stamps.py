"""A time written into a text: who receives it, on this machine, knows how long it was under way.

The standard library only: both sides' virtual environments import it.
"""

import time

SIZE = 6
BASE = 36
WRAP: int = BASE**SIZE
"""Microseconds modulo this: good for 36 minutes, and about as long as a token of a language model is."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def stamp() -> str:
    """The machine's monotonic time now, in six characters."""
    left, text = time.monotonic_ns() // 1000 % WRAP, ""
    for _ in range(SIZE):
        left, digit = divmod(left, BASE)
        text = DIGITS[digit] + text
    return text


def age(text: str | bytes, now: float) -> float:
    """Seconds from a stamp to `now` (time.monotonic)."""
    return ((int(now * 1e6) - int(text, BASE)) % WRAP) / 1e6
