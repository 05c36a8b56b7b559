"""The way in of the programs that play learners: the servers answer, and the learner is signed in, once."""

from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec

from api.outcome import Unready
from lyo_rt.client.tokens import Tokens

SECONDS = 10.0


class Learner(msgspec.Struct, frozen=True):
    """Who is signed in."""

    user: UUID
    tokens: Tokens


def address_of(text: str) -> str:
    """A server's address as the client wants it: http(s)://host[:port]. Raises Unready."""
    parts = urlsplit(text)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    with suppress(ValueError):  # by a port that is none
        if scheme in {"http", "https"} and parts.hostname and parts.path in {"", "/"} and (parts.port or 1) > 0:
            return f"{scheme}://{parts.netloc}"
    raise Unready(f"URL: {text} is not an address such as http://localhost:8000")


async def reached(addresses: Iterable[str]) -> None:
    """Every address has been asked, and is a lyo-rt. Raises Unready."""
    for address in addresses:
        async with httpx.AsyncClient(base_url=address, timeout=SECONDS) as http:
            answer = await _answered(address, http.get("/v1/health/live"))
        if not answer.is_success:
            raise Unready(f"{address} is no lyo-rt: GET /v1/health/live is answered with {answer.status_code}")


async def signed_in(address: str, email: str, password: str) -> Learner:
    """By e-mail and password. Raises Unready."""
    async with httpx.AsyncClient(base_url=address, timeout=SECONDS) as http:
        credentials = {"email": email, "password": password}
        answer = await _answered(address, http.post("/v1/auth/login", json=credentials))
    members = _members(answer, f"signing in as {email}")
    tokens = Tokens(members["access_token"], members["refresh_token"], expires_in=members["expires_in"])
    return Learner(UUID(members["user"]["id"]), tokens)


async def by_token(address: str, token: str) -> Learner:
    """By an access token, which is not renewed. Raises Unready."""
    async with httpx.AsyncClient(base_url=address, timeout=SECONDS) as http:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await _answered(address, http.get("/v1/users/me", headers=headers))
    return Learner(UUID(_members(answer, "--token")["id"]), Tokens(token))


async def _answered(address: str, request: Awaitable[httpx.Response]) -> httpx.Response:
    try:
        return await request
    except httpx.HTTPError as fault:
        raise Unready(f"{address} cannot be reached: {fault or type(fault).__name__}") from None


def _members(answer: httpx.Response, what: str) -> dict[str, Any]:
    try:
        members = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Unready(f"{what}: the answer is not JSON ({answer.status_code})") from None
    if not answer.is_success:
        raise Unready(f"{what} was refused: {members.get('detail', answer.status_code)}")
    return members
