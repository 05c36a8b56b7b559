"""A time written into a text: who receives it, on this machine, knows how long it was under way.

The standard library only: both sides' virtual environments import it.
"""

import time

SIZE = 10
WRAP: int = 10**SIZE
"""Microseconds modulo this: good for 2.7 hours."""
WORDS = ("Plants", "gather", "bright", "energy", "inside", "leaves", "during", "summer", "months")
"""Words of one length, a sentence: of digits alone the language could not be told, which is work as well."""
TOKEN_SIZE = len(WORDS[0]) + 1 + SIZE + 2
"""Of a streamed token: a word, a space, a stamp, a mark, a space."""


def stamp() -> str:
    """The machine's monotonic time now, in ten digits."""
    return f"{time.monotonic_ns() // 1000 % WRAP:0{SIZE}}"


def age(text: str | bytes, now: float) -> float:
    """Seconds from a stamp to `now` (time.monotonic)."""
    return ((int(now * 1e6) - int(text)) % WRAP) / 1e6


def token(number: int) -> str:
    """The token of a streamed answer with that number, as of now."""
    place = number % len(WORDS)
    return f"{WORDS[place]} {stamp()}{'.' if place == len(WORDS) - 1 else ','} "


def token_age(text: str, place: int, now: float) -> float:
    """The age of the token that begins at that place of a text."""
    begin = place + TOKEN_SIZE - SIZE - 2
    return age(text[begin : begin + SIZE], now)
