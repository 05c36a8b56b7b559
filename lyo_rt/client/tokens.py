"""The tokens of one signed-in device: a refresh token is good for one use, so only one refresh is ever on its way."""

import asyncio
from collections.abc import Callable
from math import inf

import httpx

from lyo_rt.clock import Clock, SystemClock


class Dismissed(Exception):
    """Coming back is of no use without a change: `code` is a close code (40xx, or 1000 for done) or an HTTP status."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code


class Tokens:
    """An access and a refresh token; all clients of a device share them."""

    def __init__(
        self,
        access: str,
        refresh: str | None = None,
        *,
        expires_in: float = inf,
        renewed: Callable[["Tokens"], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`expires_in`: seconds that `access` still lives, where known. `renewed` stores a new pair, before its use."""
        self.access, self.refresh = access, refresh
        self._clock, self._renewed = clock or SystemClock(), renewed
        self._ends = self._clock.monotonic() + expires_in
        self._renewal: asyncio.Task[None] | None = None

    async def valid(self, address: str, refused: str | None = None) -> str:
        """A token that has not expired and is not the `refused` one.

        Raises httpx.HTTPError when there is no answer, or one that is not a pair; Dismissed without a refresh token.
        """
        if self.access == refused or self._clock.monotonic() >= self._ends:
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew(address))
            # Whoever waits may be cancelled; the refresh must not be: its answer holds the only pair there is.
            await asyncio.shield(self._renewal)
        return self.access

    async def settle(self) -> None:
        """Wait for the refresh that is on its way, if one is."""
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _renew(self, address: str) -> None:
        if self.refresh is None:
            raise Dismissed(401, "The access token has ended, and there is no refresh token.")
        async with httpx.AsyncClient(timeout=10) as http:
            answer = await http.post(f"{address}/v1/auth/refresh", json={"refresh_token": self.refresh})
        pair = answer.raise_for_status().json()
        self.access, self.refresh = pair["access_token"], pair["refresh_token"]
        self._ends = self._clock.monotonic() + pair["expires_in"]
        if self._renewed is not None:
            self._renewed(self)
