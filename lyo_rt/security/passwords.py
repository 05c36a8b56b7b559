"""Passwords: the rules for new ones, and bcrypt in a bounded thread pool (SPEC §6)."""

import asyncio
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import anyio
import bcrypt

from lyo_rt.problems import Unavailable
from lyo_rt.security.common_passwords import is_common

Result = TypeVar("Result")

COST = 12
LEAST_CHARACTERS = 12
MOST_BYTES = 72
NICE = 15
"""How far the threads stand back (nice(2); Linux has it by thread): a storm of sign-ins takes what is left over.
As equals two of them took the event loop's processor: reads came seconds late while 200 learners signed in."""
WAITING_PER_THREAD = 50
"""One verification takes about 0.3 s of one core, so the last in a full queue waits some 15 s."""


def broken_rules(password: str) -> list[str]:
    """Every rule of SPEC §6 that a new password breaks, each as a phrase that says how to mend it.

    A password over 72 bytes is refused, not cut and not digested first: bcrypt reads no further than 72 bytes, and a
    digest before it makes hashes that no other bcrypt verifies, and lets digests leaked elsewhere be tried as they are.
    """
    password = normalised(password)
    rules = (
        (len(password) >= LEAST_CHARACTERS, f"needs at least {LEAST_CHARACTERS} characters"),
        (any(map(str.isupper, password)), "needs an upper-case letter"),
        (any(map(str.islower, password)), "needs a lower-case letter"),
        (any(map(str.isdecimal, password)), "needs a digit"),
        (
            any(not character.isalnum() for character in password),
            "needs a special character such as ! or -",
        ),
        (password.isprintable(), "must not contain control characters"),
        (_fits(password), f"must not be longer than {MOST_BYTES} bytes in UTF-8"),
        (not password or not is_common(password[:MOST_BYTES]), "is too common; choose another"),
    )
    return [phrase for kept, phrase in rules if not kept]


def normalised(password: str) -> str:
    """The password in NFC, so that every keyboard gives the same bytes (RFC 8265 §4.2.2)."""
    return unicodedata.normalize("NFC", password)


class Passwords:
    """Hashes and verifies, at most `threads` at a time; the event loop is never held up.

    `cost` is bcrypt's: the work doubles with each step. Only tests lower it.
    """

    def __init__(self, *, cost: int = COST, threads: int | None = None) -> None:
        self._cost = cost
        count = threads or os.cpu_count() or 1
        self._threads = anyio.CapacityLimiter(count)
        self._pool = ThreadPoolExecutor(count, "passwords", initializer=_stand_back)
        self._present = 0
        # What an unknown e-mail is verified against. A fixed salt is enough: the answer is thrown away.
        self._decoy = b"$2b$%02d$" % cost + b"LyoLyoLyoLyoLyoLyoLyO" + b"u" + b"." * 31

    async def hash(self, password: str) -> str:
        """A bcrypt hash of `password`, which must fit 72 bytes (broken_rules says so before).

        Raises Unavailable when too many are waiting already.
        """
        return (await self._run(bcrypt.hashpw, normalised(password).encode(), bcrypt.gensalt(self._cost))).decode()

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether `password` is the one `hashed` was made of; takes as long for None (no such account), and is False.

        Raises Unavailable when too many are waiting already.
        """
        password = normalised(password)
        usable = hashed is not None and _fits(password) and "\0" not in password
        against = hashed.encode() if usable and hashed is not None else self._decoy
        matches = await self._run(bcrypt.checkpw, password.encode(errors="replace")[:MOST_BYTES], against)
        return matches and usable

    def statistics(self) -> dict[str, int]:
        """`running` now, and `waiting` for a thread."""
        running = self._threads.borrowed_tokens
        return {"running": running, "waiting": self._present - running}

    async def _run(self, work: Callable[[bytes, bytes], Result], password: bytes, other: bytes) -> Result:
        # Counted here: a waiter enters the limiter's own count only after the event loop has been round once.
        if self._present >= (WAITING_PER_THREAD + 1) * self._threads.total_tokens:
            raise Unavailable("Too many are signing in at once; try again in a moment.", retry_after=5)
        self._present += 1
        try:
            async with self._threads:
                with anyio.CancelScope(shield=True):  # the thread goes on whatever becomes of who waits
                    loop = asyncio.get_running_loop()
                    result = await loop.run_in_executor(self._pool, work, password, other)
            return result
        finally:
            self._present -= 1


def _stand_back() -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _fits(password: str) -> bool:
    return len(password.encode(errors="replace")) <= MOST_BYTES
