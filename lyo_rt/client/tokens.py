"""The tokens of one signed-in device: a refresh token is good for one use, so only one refresh is ever on its way."""

import asyncio
from collections.abc import Callable
from math import inf

import httpx
import msgspec

from lyo_rt.accounts.records import RefreshedTokens


class Dismissed(Exception):
    """Coming back is of no use without a change: `code` is a close code (40xx, 1000 for done) or an HTTP status."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class Tokens:
    """An access and a refresh token, for all clients of a device; made within the event loop, whose clock counts."""

    def __init__(self, access: str, refresh: str | None = None, *, expires_in: float = inf) -> None:
        """`expires_in`: seconds that `access` still lives, where known."""
        self.access, self.refresh = access, refresh
        self.renewed: Callable[[Tokens], None] = lambda _: None
        """Called with each new pair, before its first use: to store it."""
        self._now = asyncio.get_running_loop().time
        self._ends = self._now() + expires_in
        self._renewal: asyncio.Task[None] | None = None

    async def valid(self, address: str, refused: str | None = None) -> str:
        """An access token that has not expired and is not the `refused` one. Raises httpx.HTTPError or
        msgspec.DecodeError when the server does not answer with one, Dismissed without a refresh token."""
        if self.access == refused or self._now() >= self._ends:
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
        pair = msgspec.json.decode(answer.raise_for_status().content, type=RefreshedTokens)
        self.access, self.refresh = pair.access_token, pair.refresh_token
        self._ends = self._now() + pair.expires_in
        self.renewed(self)
