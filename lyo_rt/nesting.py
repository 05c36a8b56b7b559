"""How deeply what comes in may be nested. Pure."""

from typing import Any

DEEPEST = 64
"""A parser goes as far as the stack has room, and what reads the value again may stand a little deeper: the end is
here, where everybody has room. Nothing that the product understands is nested a tenth as deeply."""


def too_deep(value: Any, most: int = DEEPEST) -> bool:
    """Whether lists and objects lie in one another more than `most` deep. Looks no further than that."""
    match value:
        case list():
            inner = iter(value)
        case dict():
            inner = iter(value.values())
        case _:
            return False
    return most == 0 or any(too_deep(one, most - 1) for one in inner)
