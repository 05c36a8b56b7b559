"""Learners of a test's own, signed in."""

import base64
import json
import ssl
from collections.abc import AsyncIterator, Iterable
from functools import cache
from typing import Any, cast
from uuid import UUID, uuid4

import httpx

from api.services import Services
from lyo_rt.accounts import repository
from lyo_rt.accounts.rules import email_key
from lyo_rt.audit.records import COMMAND_LINE
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.tokens import UserType

PASSWORD = "Correct-horse-9-battery"


@cache
def no_certificates() -> ssl.SSLContext:
    """For clients of plain HTTP: reading the machine's certificates takes 20 ms each time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Client(httpx.AsyncClient):
    """A client of one learner."""

    refresh_token: str
    email: str


async def signed_in(services: Services, address: tuple[str, int], name: str = "Learner") -> Client:
    """A client of a new learner; close it."""
    email = f"{name.lower()}-{uuid4().hex[:8]}@example.com"
    await repository.insert_user(
        services.database,
        email=email,
        email_key=email_key(email),
        password_hash=await cheaply_hashed(),
        full_name=name,
        now=services.clock.now(),
    )
    signed = await services.accounts.login(email=email, password=PASSWORD)
    host, port = address
    client = Client(
        base_url=f"http://{host}:{port}",
        timeout=30,
        headers={"Authorization": f"Bearer {signed.access_token}"},
        verify=no_certificates(),
    )
    client.refresh_token, client.email = signed.refresh_token, email
    return client


async def cheaply_hashed() -> str:
    """A hash of PASSWORD that takes 1 ms to check: registering takes 250."""
    return await Passwords(cost=4).hash(PASSWORD)


async def become(services: Services, client: httpx.AsyncClient, role: UserType) -> None:
    """The learner has this role now, and a token that tells it."""
    await give(services, client, role)
    await refresh(services, client)


async def give(services: Services, client: httpx.AsyncClient, role: UserType) -> None:
    """The learner has this role now; their token still tells the old one."""
    await services.administration.change_role(COMMAND_LINE, user_of(client), role, reason=None)


async def refresh(services: Services, client: httpx.AsyncClient) -> None:
    """The client sends a new token."""
    learner = cast("Client", client)
    pair = await services.accounts.refresh(learner.refresh_token)
    learner.refresh_token = pair.refresh_token
    learner.headers["Authorization"] = f"Bearer {pair.access_token}"


def token_of(client: httpx.AsyncClient) -> str:
    """The access token a client sends."""
    return client.headers["Authorization"].removeprefix("Bearer ")


def user_of(client: httpx.AsyncClient) -> UUID:
    """Whose token a client sends."""
    payload = token_of(client).split(".")[1]
    return UUID(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])


async def audited(services: Services, subject: UUID) -> list[str]:
    """What the audit log says was done to somebody, in order, but for coming in."""
    rows = await services.database.fetch(
        """
        SELECT act FROM audit_log WHERE subject_id = $1 AND act NOT IN ('user.registered', 'user.signed_in')
        ORDER BY created_at, id
        """,
        subject,
    )
    return [row["act"] for row in rows]


async def events_of(response: httpx.Response) -> AsyncIterator[tuple[str, str, Any]]:
    """The (id, name, data) of a response's Server-Sent Events."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
            fields = {}


def text_of(frames: Iterable[tuple[str, Any]], message: str) -> str:
    """An answer as the protocol's merge rule puts it together of (name, data); a gap fails.

    What was said before the stream began comes as a snapshot.
    """
    revision, whole = 0, ""
    for name, data in frames:
        if name not in {"delta", "snapshot"} or data["message"] != message:
            continue
        if name == "snapshot" or data["revision"] > revision:
            revision, whole = data["revision"], data["text"]
        elif data["revision"] == revision:
            assert data["at"] == len(whole)
            whole += data["text"]
    return whole
