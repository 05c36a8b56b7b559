"""Guesses at one account's password, from wherever they come: each that is wrong holds the next one off longer.

The limit `auth` counts what comes from one address; who has a thousand addresses is slowed down here. So that nobody is
locked out of their own account, the longest hold is a quarter of an hour, and who calls may leave out whom it knows.
"""

import msgspec

FREE = 4
"""Guesses in a row after which nobody waits: a learner who has several passwords tries them."""
FIRST_HOLD_SECONDS = 30
LONGEST_HOLD_SECONDS = 900
FORGOTTEN_SECONDS = 86_400
"""After the end of the last hold all guesses are forgotten; as they are when one was right."""


class Guess(msgspec.Struct, frozen=True):
    """The guess is the `number`th in a row; `wait` is 0, or it is not to be looked at for so many seconds.

    `hold`: seconds for which the next one will not be.
    """

    number: int
    wait: float
    hold: float


def hold_seconds() -> tuple[int, ...]:
    """How long the first guess, the second, ... holds off the next; further ones as the last."""
    found, hold = [0] * FREE, FIRST_HOLD_SECONDS
    while hold < LONGEST_HOLD_SECONDS:
        found.append(hold)
        hold *= 2
    return (*found, LONGEST_HOLD_SECONDS)


HOLDS = hold_seconds()


def hold_after(number: int) -> int:
    """Seconds for which the `number`th guess in a row (from 1) holds off the next."""
    return HOLDS[min(number, len(HOLDS)) - 1]
