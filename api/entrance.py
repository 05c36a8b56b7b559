"""Requests enter a few at a time, in each turn of the event loop: who came first is answered first.

Without it a hundred that arrive at once are taken through every stage together, and the first is answered hardly
earlier than the last. Nobody is held back while the loop is idle, and nobody waits for another's database.
"""

import asyncio
from collections import deque

AT_ONCE = 4
"""Of 2, 4, 8 and 16, what gave a hundred kick-offs their first frames soonest."""


class Entrance:
    """Of one instance."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = self._left = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._later: deque[asyncio.Future[None]] = deque()
        self._turning = False

    async def enter(self) -> None:
        """Go on now, or in a later turn of the loop when enough have entered in this one."""
        if self._left and not self._waiting:
            self._left -= 1
            self._turn()
        else:
            await self._wait(self._waiting)

    async def stand_back(self) -> None:
        """Go on in a turn of the loop in which nobody waits to enter."""
        await self._wait(self._later)

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        place = asyncio.get_running_loop().create_future()
        queue.append(place)
        self._turn()
        await place

    def _turn(self) -> None:
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._turning = False
        self._left = self._at_once
        queue = self._waiting or self._later
        while self._left and queue:
            place = queue.popleft()
            if not place.done():
                place.set_result(None)
                self._left -= 1
        if self._left < self._at_once or self._later:
            self._turn()
